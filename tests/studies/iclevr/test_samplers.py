"""S1.9 as an item of the report."""

from genloom.metrics.interval import Interval
from genloom.studies.iclevr.samplers import _signed, samplers, sampling


def test_the_item_is_whole_and_its_exact_statements_hold(tiny, check) -> None:
    answer = check(sampling, tiny, formula=True)
    assert [result.status for result in answer.results[:2]] == ["pass", "pass"]
    assert [result.status for result in answer.results if result.name.endswith("at scale 0")] == ["pass", "pass"]
    assert len(answer.tables[1].rows) == 3 + 3 * 2


def test_the_recipe_s_own_sampler_comes_first_and_calls_are_counted(tiny) -> None:
    found = samplers(tiny)
    assert [each.steps for each in found] == [4, 4, 2, 4, 2]
    assert [each.calls for each in found] == [8, 8, 4, 8, 4], "guided: two for each step"
    assert all(each.seconds > 0 for each in found)


def test_a_gap_is_in_points() -> None:
    assert _signed(Interval(-0.031, -0.05, 0.01, 9)) == "−3.1 [−5.0, 1.0]"
