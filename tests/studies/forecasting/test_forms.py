"""Candidates and their two folds, of which neither has a row of the test."""

import pytest

from genloom.recipes import rules
from genloom.studies.forecasting.forms import Form, _built, fold, forms, recipe_of, scored, weighed
from genloom.studies.forecasting.work import experiment


def test_candidates_differ_in_kind_constants_and_lookback(tiny) -> None:
    assert len(forms(tiny)) == 8
    assert {form.lookback for form in forms(tiny, 48)} == {48}
    for form in forms(tiny):
        rules.validate(recipe_of(tiny, form))


def test_no_fold_has_a_row_of_the_test(tiny) -> None:
    whole = experiment(tiny).borders
    early = _built(tiny, fold(tiny, recipe_of(tiny, Form("periodic", False, 48)))).borders
    assert early.train.stop == 2 * whole.train.stop // 3
    assert early.valid == slice(early.train.stop, whole.train.stop)
    assert max(early.valid.stop, whole.valid.stop) <= whole.test.start


def test_a_form_is_scored_on_both_folds(tiny) -> None:
    found = scored(tiny, Form("periodic", False, 48))
    assert found.validation == pytest.approx(sum(found.folds) / 2)
    assert found.test.scaled.windows == len(experiment(tiny).parts.test)


def test_the_weight_0_is_the_form_alone(tiny) -> None:
    form = Form("periodic", True, 48)
    alone = weighed(tiny, form)[0.0]
    found = scored(tiny, form)
    assert alone == pytest.approx((*found.folds, found.test.scaled.mse), rel=1e-6)
