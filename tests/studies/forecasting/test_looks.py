"""S0.7 and S0.8: attention looked at, and replaced."""

from genloom.studies.forecasting.looks import meaningful, replaced, steps


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
