"""S0.3: curves, and the checkpoint that is taken."""

import pytest

from genloom.studies.forecasting.curves import Curve, curve, curves, late
from genloom.studies.forecasting.work import standard


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(curves, tiny, formula=True)
    taken, numbers = answer.results[:2]
    assert (taken.status, taken.value) == ("pass", 0)
    assert numbers.status == "pass"


def test_a_curve_is_that_of_its_logs(tiny) -> None:
    found = curve(standard(tiny)[0])
    assert list(found.looked) == [2, 4, 6]
    assert found.best == found.looked[min(range(3), key=lambda k: found.valid[k])]
    assert list(found.steps) == [1, 2, 3, 4, 5, 6]
    assert (found.planned, found.seed) == (6, 3)
    assert found.epoch == len(standard(tiny)[0].experiment.parts.train) // 8


def test_the_end_is_a_mean_of_the_last_steps() -> None:
    each = Curve(0, range(40), [100.0] * 15 + [2.0] * 25, [40], [1.0], 40, 10, 40)
    assert late(each) == pytest.approx(2)
