"""S0.10: what attention costs as the length grows."""

import math

from genloom.forecasting.attention.cost import Cost
from genloom.studies.forecasting.cost import chosen, crossed, timed


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(chosen, tiny, formula=True)
    assert {cost.kind for cost in timed(tiny)} == {row[0] for row in answer.tables[0].rows}
    assert len(answer.tables[0].header) == 4


def test_a_crossing_is_where_a_kind_becomes_cheaper() -> None:
    found = [Cost("full", 100, 1.0, 1), Cost("full", 400, 16.0, 1), Cost("performer", 100, 2.0, 1),
             Cost("performer", 400, 8.0, 1), Cost("fixed", 100, 2.0, 1), Cost("fixed", 400, 20.0, 1)]
    assert crossed(found, "performer") == 200
    assert math.isinf(crossed(found, "fixed"))
