"""Weights sum to 1 whatever is added to all keys; raw scores do not."""

import pytest

from genloom.studies.alice.sums import move_keys, sum_of_scores


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(sum_of_scores, tiny, formula=True)
    status = {result.name: result.status for result in answer.results}
    assert [value for value in status.values() if value == "fail"] == []
    assert sum(value == "pass" for value in status.values()) == 6
    raw = next(result for result in answer.results if result.name.startswith("sum of the raw scores of the tokens"))
    assert abs(raw.value - 1) > 1e-3
    assert [row[1] for row in answer.tables[0].rows] == ["1.000000", "1.000000"]
    assert [row[4] for row in answer.tables[0].rows] == ["−∞", "−∞"]


def test_the_sum_moves_and_nothing_else(tiny) -> None:
    moved = move_keys(tiny)
    assert abs(moved.after - moved.before) > 0.01
    assert moved.after == pytest.approx(moved.expected, abs=1e-9)
    assert moved.change < 1e-10
