"""Ancestral sampling and its two variances."""

from itertools import pairwise
from typing import Any

import pytest
import torch

from genloom.diffusion.grid import CLEAN, grid
from genloom.diffusion.guidance import classifier_gradient
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.samplers.ddpm import ddpm, ddpm_large, posterior
from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.samplers.state import shared
from genloom.diffusion.schedule import SCHEDULES, Level, cosine, exponential, linear
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


def test_the_guide_is_asked_at_x_t_and_at_the_time_of_the_grid(gaussian: Any) -> None:
    """With 7 of 1000 steps the times are those of the grid: not 1, 2, … 7, nor those of the state that is reached."""
    asked: list[tuple[float, torch.Tensor]] = []

    def guide(x: torch.Tensor, t: float) -> torch.Tensor:
        asked.append((t, x.clone()))
        return torch.zeros_like(x)

    x, levels = torch.ones(3, 1, dtype=DOUBLE), grid(cosine(), 7)
    noise = SampleNoise(0, 3, (1,), dtype=DOUBLE)
    states = list(ddpm(gaussian(cosine()), x, levels, noise=noise, guide=guide))
    assert [t for t, _ in asked] == [level.t for level in levels[:-2]], "none for the last step, which has no variance"
    assert torch.equal(asked[0][1], x)
    assert all(torch.equal(at, state.x) for (_, at), state in zip(asked[1:], states, strict=False))


@pytest.mark.parametrize("run", [ddpm, ddpm_large])
def test_a_guide_of_zero_changes_nothing(run: Any, gaussian: Any) -> None:
    x, levels = torch.ones(3, 1, dtype=DOUBLE), grid(cosine(), 7)
    plain, guided = (list(run(gaussian(cosine()), x, levels, noise=SampleNoise(0, 3, (1,), dtype=DOUBLE), **option))
                     for option in ({}, {"guide": lambda x, t: torch.zeros_like(x)}))
    assert torch.equal(plain[-1].x, guided[-1].x)


def _tilted_mean(run: Any, steps: int, scale: float, tilt: float, oracle: Any) -> float:
    """The mean of samples of N(0, 1) guided by p(y | x0) ∝ e^{tilt·x0}, whose ∇ log p(y | x_t) is tilt·α."""
    schedule = linear()
    *_, last = run(oracle, torch.zeros(1, 1, dtype=DOUBLE), grid(schedule, steps),
                   noise=lambda: torch.zeros(1, 1, dtype=DOUBLE),
                   guide=lambda x, t: torch.full_like(x, scale * tilt * schedule.level(t).alpha))
    return last.x.item()


@pytest.mark.parametrize("run", [ddpm, ddpm_large])
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_tilted_gaussian_has_the_tilted_mean_at_every_scale(run: Any, scale: float, gaussian: Any) -> None:
    """p(x) p(y|x)^s = N(s·tilt, 1) for data N(0, 1): the error of Alg. 1 falls with the first power of the step."""
    tilt, oracle = 0.7, gaussian(linear(), 0.0, 1.0)
    errors = [abs(_tilted_mean(run, steps, scale, tilt, oracle) - scale * tilt) for steps in (50, 200, 800)]
    assert errors[-1] < 0.02 * scale * tilt
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.35)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.35)


def _two_classes() -> MixtureOracle:
    """On a line: class 0 around −1, class 1 around 0.6, which overlap."""
    return MixtureOracle(cosine(), torch.tensor([[-1.0], [0.6]]), torch.tensor([[[0.2]], [[0.3]]]),
                         torch.tensor([0.6, 0.4]), torch.arange(2))


def _guided(scale: float, steps: int, count: int = 3000) -> torch.Tensor:
    oracle = _two_classes()
    x = SampleNoise(1, count, (1,), dtype=DOUBLE)()
    guide = classifier_gradient(lambda x, t: oracle.log_posterior(x, t)[:, 1], scale)
    return sample("ddpm", oracle, x, grid(oracle.schedule, steps), noise=SampleNoise(2, count, (1,), dtype=DOUBLE),
                  guide=guide)


def _product(scale: float) -> tuple[float, float]:
    """Mean and standard deviation of p(x) p(y = 1 | x)^s, by summing over a fine grid."""
    oracle = _two_classes()
    x = torch.linspace(-5, 5, 4001, dtype=DOUBLE)[:, None]
    log = oracle.log_density(x, 1e-6) + scale * oracle.log_posterior(x, 1e-6)[:, 1]
    weight = log.softmax(0)
    mean = (weight * x[:, 0]).sum()
    return mean.item(), (weight * (x[:, 0] - mean) ** 2).sum().sqrt().item()


def test_at_scale_one_the_exact_classifier_makes_the_exact_conditional() -> None:
    """p(x) p(y|x) ∝ p(x|y): guided and conditional sampling from one noise come together as the steps grow."""
    oracle, count, gaps = _two_classes(), 3000, []
    x = SampleNoise(1, count, (1,), dtype=DOUBLE)()
    for steps in (40, 160):
        told = sample("ddpm", oracle.with_labels(1), x, grid(oracle.schedule, steps),
                      noise=SampleNoise(2, count, (1,), dtype=DOUBLE))
        gaps.append((_guided(1.0, steps) - told).abs().mean().item())
    assert gaps[1] < 0.3 * gaps[0]
    assert gaps[1] < 0.03
    assert _product(1.0) == pytest.approx((0.6, 0.3**0.5), abs=1e-4)
    assert told.mean().item() == pytest.approx(0.6, abs=0.04)


def test_above_one_samples_lie_beyond_the_sharpened_density_until_langevin_steps_bring_them_back() -> None:
    """∇ log p_t + s ∇ log p_t(y|x_t) is the score of noised p(x) p(y|x)^s for s = 1 alone: at s = 3 samples overshoot,
    however many the steps, while Langevin steps of the same score at t → 0, where it is right, end at the product.
    [Du et al. 2023, §3.1]"""
    oracle, (mean, std), (plain, _) = _two_classes(), _product(3.0), _product(1.0)
    overshoot = [_guided(3.0, steps).mean().item() - mean for steps in (100, 300)]
    assert min(overshoot) > mean - plain > 0.1
    assert overshoot[0] == pytest.approx(overshoot[1], rel=0.2)
    x, t, step = _guided(3.0, 100), 0.001, 0.01
    guide = classifier_gradient(lambda x, t: oracle.log_posterior(x, t)[:, 1], 3.0)
    noise = SampleNoise(3, len(x), (1,), dtype=DOUBLE)
    for _ in range(400):
        x = x + step * (oracle.score(x, t) + guide(x, t)) + (2 * step) ** 0.5 * noise()
    assert x.mean().item() == pytest.approx(mean, abs=0.04)
    assert x.std().item() == pytest.approx(std, rel=0.05)
