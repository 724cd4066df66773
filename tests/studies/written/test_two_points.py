"""The backward step of noise on two points, by quadrature, against draws and limits."""

import math

import pytest
import torch

from genloom.rng import generator
from genloom.studies.written.two_points import chain, cost, information, step


def test_the_step_back_is_the_law_of_drawn_pairs():
    then, now = chain(4)[:2]
    random, count = generator(0, 1), 400_000
    x0 = 2.0 * torch.randint(2, (count,), generator=random).double() - 1
    earlier = then.alpha * x0 + then.sigma * torch.randn(count, generator=random, dtype=torch.float64)
    ratio = now.alpha / then.alpha
    spread = math.sqrt(now.sigma**2 - (ratio * then.sigma) ** 2)
    later = ratio * earlier + spread * torch.randn(count, generator=random, dtype=torch.float64)
    each = step(then, now)
    grid = torch.linspace(-now.alpha - 9 * now.sigma, now.alpha + 9 * now.sigma, len(each.mean), dtype=torch.float64)
    at = int((grid - 0.3).abs().argmin())
    near = earlier[(later - grid[at]).abs() < 0.02]
    error = float(each.spread[at]) ** 0.5 / len(near) ** 0.5
    assert abs(float(near.mean() - each.mean[at])) < 4.5 * error
    assert float(near.var() / each.spread[at]) == pytest.approx(1, abs=4.5 * math.sqrt(2 / len(near)))


def test_what_is_left_of_the_terms_is_a_difference_of_informations():
    levels = chain(8)
    known = information(levels[0]) - information(levels[-1])
    found = cost(8)
    assert found.least - found.shape == pytest.approx(known, abs=1e-10)
    assert found.fixed - found.small == pytest.approx(known, abs=1e-10)


def test_without_noise_a_state_tells_one_bit():
    level = chain(4)[0]._replace(alpha=math.sqrt(1 - 0.01), sigma=0.1)
    assert information(level) == pytest.approx(math.log(2), abs=1e-6)
    assert information(level._replace(alpha=1e-3, sigma=1.0)) == pytest.approx(0.5e-6, rel=1e-2)


def test_small_steps_make_a_normal_enough():
    few, many = cost(16), cost(64)
    assert 3 < math.log2(few.shape / many.shape) < 4.2, "order 2 over a factor of 4, from below"
    assert 1.8 < math.log2(few.small / many.small) < 2.4, "order 1"
