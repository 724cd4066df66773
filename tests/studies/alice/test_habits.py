"""First and last block over many sentences, with a control that is known."""

from genloom.studies.alice.habits import habits_figure, habits_results, habits_said, habits_table
from genloom.studies.alice.looks import HABITS


def test_each_habit_has_a_row_a_number_and_a_control(tiny) -> None:
    results = habits_results(tiny)
    assert results[0].status == "pass"
    assert "untaught" in results[0].name
    assert len(results) == len(HABITS) + 2
    assert all(result.interval is not None for result in results[:-1])
    assert len(habits_table(tiny).rows) == len(HABITS)
    assert "held-out ones" in habits_said(tiny)[0]
    assert habits_figure(tiny).alt.startswith("First to last block")
