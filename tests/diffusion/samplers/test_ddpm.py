"""Ancestral sampling and its two variances."""

from itertools import pairwise
from typing import Any

import pytest
import torch

from genloom.diffusion.grid import CLEAN
from genloom.diffusion.samplers.ddpm import ddpm, ddpm_large, posterior
from genloom.diffusion.samplers.state import shared
from genloom.diffusion.schedule import SCHEDULES, Level, exponential, linear
from genloom.errors import InputError
from genloom.rng import SampleNoise

DOUBLE = torch.float64


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_posterior_is_bayes_rule(name: str) -> None:
    """By conditioning the joint Gaussian of (x_s, x_t) given x0 on every schedule."""
    schedule = SCHEDULES[name]()
    for t, s in ((1.0, 0.9), (0.5, 0.499), (0.8, 0.1)):
        now, then = shared(schedule.levels([t, s]))
        forward = now.alpha / then.alpha
        added = now.sigma**2 - forward**2 * then.sigma**2
        gain = forward * then.sigma**2 / now.sigma**2
        q = posterior(now, then)
        assert q.keep == pytest.approx(gain, rel=1e-12)
        assert q.data == pytest.approx(then.alpha - gain * now.alpha, rel=1e-8)
        assert q.small == pytest.approx(then.sigma**2 - gain * forward * then.sigma**2, rel=1e-8)
        assert q.large == pytest.approx(added, rel=1e-12)


def test_on_a_table_the_large_variance_is_beta() -> None:
    schedule = linear(1000)
    for i in (1000, 500, 2):
        now, then = shared(schedule.levels([i / 1000, (i - 1) / 1000]))
        assert posterior(now, then).large == pytest.approx(schedule.betas[i - 1].item(), rel=1e-9)


def test_where_variance_explodes_it_is_the_increment_of_sigma_squared() -> None:
    """Not σ(t)², which is the common bug."""
    now, then = shared(exponential().levels([0.8, 0.7]))
    assert posterior(now, then).large == pytest.approx(now.sigma**2 - then.sigma**2)


def _entries(count: int) -> list[Level]:
    """`count` of the 1000 entries of the linear table, from the last to the first, evenly; then clean."""
    entries = (999 * (1 - torch.arange(count) / (count - 1))).round() + 1
    return [*linear(1000).levels((entries.double() / 1000).tolist()), CLEAN]


def _spread(levels: list[Level], std: float, large: bool) -> float:
    """The standard deviation that the sampler ends with for Gaussian data, by propagating the variance."""
    variance = 1.0
    for now, then in pairwise(shared(levels)):
        gain = now.alpha * std**2 / (now.alpha**2 * std**2 + now.sigma**2)
        if then.sigma == 0:
            return (gain**2 * variance) ** 0.5
        q = posterior(now, then)
        variance = (q.keep + q.data * gain) ** 2 * variance + (q.large if large else q.small)
    raise AssertionError


@pytest.mark.parametrize(("steps", "small", "large"), [(10, 0.65, 1.20), (50, 0.89, 1.04)])
def test_the_two_variances_miss_the_spread_of_the_data_on_both_sides(steps: int, small: float, large: float,
                                                                     gaussian: Any) -> None:
    """Output over data spread, for data of .5: in closed form, and for 20 000 samples within 2 %."""
    levels = _entries(steps)
    oracle = gaussian(linear(1000), 0.0, 0.5)
    for run, expected, is_large in ((ddpm, small, False), (ddpm_large, large, True)):
        exact = _spread(levels, 0.5, is_large)
        assert exact / 0.5 == pytest.approx(expected, abs=0.006)
        x = SampleNoise(1, 20_000, (1,), dtype=DOUBLE)()
        *_, last = run(oracle, x, levels, noise=SampleNoise(2, 20_000, (1,), dtype=DOUBLE))
        assert last.x.std().item() == pytest.approx(exact, rel=4 * 0.5**0.5 / 20_000**0.5)


def test_the_large_variance_is_exact_for_white_data(gaussian: Any) -> None:
    """Where α² + σ² = 1 and data are N(0, I), one step of any length keeps variance 1."""
    assert _spread([*linear().levels([1.0, 0.6, 0.2, 0.01]), CLEAN], 1.0, large=True) == pytest.approx(
        linear().level(0.01).alpha, rel=1e-12)


def test_the_small_variance_is_exact_for_a_point(gaussian: Any, draws: Any) -> None:
    """All of x_s given a known x0, however long the step: the variance is that of the process."""
    schedule = linear()
    now, then = shared(schedule.levels([1.0, 0.4]))
    q = posterior(now, then)
    assert q.keep**2 * now.sigma**2 + q.small == pytest.approx(then.sigma**2, rel=1e-12)


def test_no_noise_is_drawn_for_the_last_step(gaussian: Any) -> None:
    calls = 0

    def noise() -> torch.Tensor:
        nonlocal calls
        calls += 1
        return torch.zeros(1, 1, dtype=DOUBLE)

    list(ddpm(gaussian(linear()), torch.zeros(1, 1, dtype=DOUBLE), _entries(10), noise=noise))
    assert calls == 9


@pytest.mark.parametrize("run", [ddpm, ddpm_large])
def test_without_noise_it_does_not_start(run: Any, gaussian: Any) -> None:
    with pytest.raises(InputError, match="noise"):
        run(gaussian(linear()), torch.zeros(1, 1), _entries(10))
