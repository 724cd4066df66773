from itertools import pairwise

import pytest

from genloom.training.lr import rate
from genloom.training.options import Optimizer


def test_constant_after_a_linear_warmup():
    option = Optimizer(lr=2.0, warmup=4)
    assert [rate(option, step, 10) for step in range(6)] == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_falls_from_lr_to_its_final_fraction(schedule):
    option = Optimizer(lr=2.0, schedule=schedule, final=0.1, warmup=5)
    rates = [rate(option, step, 105) for step in range(5, 105)]
    assert rates[0] == 2.0
    assert rates[-1] == pytest.approx(0.2)
    assert all(a > b for a, b in pairwise(rates))
    assert rate(option, 5 + 49, 105) + rate(option, 5 + 50, 105) == pytest.approx(2.2)  # symmetric about the middle


def test_a_single_step_has_a_rate():
    assert rate(Optimizer(lr=1.0, schedule="cosine"), 0, 1) == 1.0
