"""The best recipes: chosen by validation alone, and said so."""

import pytest

from genloom.studies.forecasting import best
from genloom.studies.forecasting.best import chosen, models
from genloom.studies.forecasting.forms import forms, scored


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(best.best, tiny, formula=True)
    assert answer.results[-1].status == "pass"
    assert len(answer.tables[0].rows) == len(forms(tiny))
    assert "had been seen" in " ".join(answer.text)


def test_the_choice_does_not_know_the_test(tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    before = chosen(tiny)

    def other(context, form):
        found = scored(context, form)
        test = found.test._replace(scaled=found.test.scaled._replace(mse=-float(form == forms(context)[-1])))
        return found._replace(test=test)

    monkeypatch.setattr(best, "scored", other)
    assert chosen(tiny) == before


def test_a_lookback_that_is_asked_for_is_kept(tiny) -> None:
    assert chosen(tiny, 48).lookback == 48
    assert chosen(tiny) in (chosen(tiny, 48), chosen(tiny, 72))


def test_seeds_change_nothing_in_a_closed_form(tiny) -> None:
    first, second = models(tiny, chosen(tiny, 48))
    for mine, theirs in zip(first.forecaster.parameters(), second.forecaster.parameters(), strict=True):
        assert mine.detach().sub(theirs.detach()).abs().max() < 1e-9
