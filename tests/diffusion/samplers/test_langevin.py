"""Annealed Langevin dynamics."""

import math
from typing import Any

import pytest
import torch

from genloom.diffusion.grid import CLEAN, grid
from genloom.diffusion.samplers.langevin import langevin
from genloom.diffusion.schedule import cosine, geometric
from genloom.errors import InputError
from genloom.rng import SampleNoise

DOUBLE = torch.float64


def _noise(count: int = 3) -> SampleNoise:
    return SampleNoise(0, count, (1,), dtype=DOUBLE)


def test_it_is_the_algorithm_line_by_line(gaussian: Any) -> None:
    schedule = geometric(0.01, 0.3)
    oracle, epsilon = gaussian(schedule), 2e-5
    levels = grid(schedule, 10, "log-snr")
    x = y = torch.linspace(-1, 1, 3, dtype=DOUBLE)[:, None]
    run, draw = langevin(oracle, x, levels, noise=_noise(), epsilon=epsilon, per_level=5), _noise()
    for level in levels[:-1]:
        alpha = epsilon * level.sigma**2 / 0.01**2
        for _ in range(5):
            score = -oracle(y, level.t).eps / level.sigma
            y = y + alpha * score + math.sqrt(2 * alpha) * draw()
            state = next(run)
            assert state.level == level
            assert torch.allclose(state.x, y, atol=1e-12)
    assert next(run, None) is None


def test_every_step_is_a_state_and_the_end_keeps_the_last_noise(gaussian: Any) -> None:
    schedule = geometric(0.01, 0.3)
    x, levels = torch.zeros(3, 1, dtype=DOUBLE), grid(schedule, 4, "log-snr")
    path = list(langevin(gaussian(schedule), x, levels, noise=_noise(), per_level=7))
    assert len(path) == 28
    assert path[-1].level.sigma == pytest.approx(0.01)


def test_a_last_denoising_is_an_option(gaussian: Any) -> None:
    schedule = geometric(0.01, 0.3)
    oracle = gaussian(schedule)
    path = list(langevin(oracle, torch.zeros(3, 1, dtype=DOUBLE), grid(schedule, 4, "log-snr"), noise=_noise(),
                         per_level=7, denoise=True))
    assert len(path) == 29
    assert path[-1].level == CLEAN
    assert torch.equal(path[-1].x, oracle(path[-2].x, path[-2].level.t).x0)


def test_it_settles_at_the_variance_of_the_discrete_chain(gaussian: Any) -> None:
    """At one level of total variance V and step a it is V/(1 − a/2V); n = 20 000, 4 standard errors."""
    schedule = geometric(0.1, 1.0)
    oracle, level = gaussian(schedule, 0.0, 0.5), schedule.level(0.5)
    total, step = oracle.spread(level) ** 2, 0.5 * level.sigma**2
    x = oracle.start(level, SampleNoise(1, 20_000, (1,), dtype=DOUBLE)())
    *_, last = langevin(oracle, x, [level], noise=_noise(20_000), epsilon=step, per_level=200)
    expected = (total / (1 - step / (2 * total))) ** 0.5
    assert last.x.std().item() == pytest.approx(expected, rel=4 * 0.5**0.5 / 20_000**0.5)


@pytest.mark.parametrize("factor", [2.0, 2.5, 0.0, -1.0, float("nan")])
def test_unstable_steps_are_refused(factor: float, gaussian: Any) -> None:
    schedule = geometric(0.01, 0.3)
    with pytest.raises(InputError, match=r"epsilon.*diverges"):
        next(langevin(gaussian(schedule), torch.zeros(3, 1), grid(schedule, 4, "log-snr"), noise=_noise(),
                      epsilon=factor * 0.01**2))


def test_the_limit_is_where_it_diverges(gaussian: Any) -> None:
    """Data that are a point: just below 2σ² the distance still shrinks, and beyond it would grow: |1 − ε/σ²| < 1."""
    schedule = geometric(0.1, 1.0)
    oracle, x = gaussian(schedule, 0.0, 0.0), torch.ones(1, 1, dtype=DOUBLE)
    silent = lambda: torch.zeros(1, 1, dtype=DOUBLE)  # noqa: E731
    path = list(langevin(oracle, x, [schedule.level(0.0)], noise=silent, epsilon=1.9 * 0.1**2, per_level=20))
    assert [state.x.item() for state in path[:2]] == pytest.approx([-0.9, 0.81])
    assert abs(path[-1].x.item()) < 0.13


def test_where_signal_shrinks_x_over_alpha_takes_the_same_steps(gaussian: Any, draws: Any) -> None:
    """On the cosine schedule x/α moves exactly as x does on a variance-exploding one with the same σ/α."""
    shrinking, exploding = cosine(), geometric(0.1, 1.0)
    levels = exploding.levels([1.0, 0.5, 0.0])
    rho = torch.tensor([level.sigma for level in levels], dtype=DOUBLE)
    twins = shrinking.levels(shrinking.time(rho).tolist())
    x = torch.linspace(-1, 1, 3, dtype=DOUBLE)[:, None]
    runs = (langevin(gaussian(exploding), x, levels, noise=_noise(), per_level=5),
            langevin(gaussian(shrinking), twins[0].alpha * x, twins, noise=_noise(), per_level=5))
    for a, b in zip(*runs, strict=True):
        assert torch.allclose(a.x, b.x / b.level.alpha, atol=1e-9)


def test_impossible_lengths_are_refused(gaussian: Any) -> None:
    schedule = geometric(0.01, 0.3)
    with pytest.raises(InputError, match="per_level"):
        next(langevin(gaussian(schedule), torch.zeros(3, 1), grid(schedule, 4), noise=_noise(), per_level=0))
    with pytest.raises(InputError, match="levels"):
        next(langevin(gaussian(schedule), torch.zeros(3, 1), [CLEAN], noise=_noise()))
