"""S0.7 and S0.8: attention looked at, and replaced."""

import pytest

from genloom.metrics.interval import Interval
from genloom.recipes.judge_attention import Loss
from genloom.studies.forecasting.looks import meaningful, needed, replaced, steps


def test_typical_steps_are_shown(tiny, check) -> None:
    answer = check(steps, tiny, formula=True)
    assert len(answer.figures) == 4, "steps, and hours of three attentions"
    broad, narrow = answer.results
    assert 0 < narrow.value <= broad.value <= 1 + 1e-6


def test_whether_it_means_anything_is_answered_by_numbers(tiny, check) -> None:
    answer = check(meaningful, tiny, formula=True)
    assert any(result.known_name == "attention is not needed" for result in answer.results)
    assert any(result.known_name == "chance" for result in answer.results)
    assert len(answer.tables[1].rows) == len(replaced(tiny))


@pytest.mark.parametrize(("surely", "said"), [
    (set(), "not shown"), ({("all", "uniform")}, "the same for every window"),
    ({("cross", "uniform")}, "the same for every window"), ({("all", "mean")}, "something of the window"),
    ({("cross", "mean")}, "something of the window")])
def test_one_attention_that_is_needed_alone_is_named(surely, said) -> None:
    cost = [Loss(part, by, 1.0, Interval(0.3, 0.1 if (part, by) in surely else -0.1, 0.5, 9))
            for part in ("encoder", "decoder", "cross", "all") for by in ("uniform", "mean")]
    found = needed(cost)
    assert said in found
    assert ("that of the decoder to the encoder" in found) == any(part == "cross" for part, _ in surely)
    assert found.count("not surely") == 2 - sum(part == "all" for part, _ in surely)
