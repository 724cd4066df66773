"""What every sampler promises, on every schedule."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.grid import CLEAN, grid
from genloom.diffusion.prediction import PREDICTIONS, prediction, target
from genloom.diffusion.samplers.registry import SAMPLERS, Sampler, sample, states, trajectory
from genloom.diffusion.schedule import EDM, SCHEDULES, Level, Rectified, Schedule, cosine, exponential, linear
from genloom.errors import InputError, UnknownName
from genloom.rng import SampleNoise

DOUBLE = torch.float64
QUICK = {"langevin": {"per_level": 2}}  # options that shorten a sampler where only its form is tested


@pytest.fixture(params=SCHEDULES)
def schedule(request: pytest.FixtureRequest) -> Schedule:
    return SCHEDULES[request.param]()


@pytest.fixture(params=SAMPLERS)
def sampler(request: pytest.FixtureRequest) -> Sampler:
    return SAMPLERS[request.param]


def _ends_clean(sampler: Sampler) -> bool:
    return sampler.name != "langevin"  # its algorithm ends with the noise of the last level


def _noise(count: int, first: int = 0, dtype: torch.dtype = DOUBLE) -> SampleNoise:
    return SampleNoise(7, count, (2,), first=first, dtype=dtype)


def _run(sampler: Sampler, denoiser: Any, x: Tensor, levels: list[Level], first: int = 0, **options: Any) -> Tensor:
    options = QUICK.get(sampler.name, {}) | options
    return sample(sampler.name, denoiser, x, levels, noise=_noise(len(x), first, x.dtype), **options)


def test_levels_fall_from_the_first_to_clean_data(sampler: Sampler, schedule: Schedule, mixture: Any, start: Any,
                                                  noisy: Any) -> None:
    levels = grid(schedule, 6, start=start(schedule))
    x = noisy(schedule, levels[0], 5)
    before = x.clone()
    path = trajectory(sampler.name, mixture(schedule), x, levels, noise=_noise(5), **QUICK.get(sampler.name, {}))
    assert torch.equal(x, before), "a sampler must not write into its start"
    assert path[-1].level == (CLEAN if _ends_clean(sampler) else levels[-2])
    if _ends_clean(sampler):
        assert [state.level for state in path] == levels[1:]
        assert torch.equal(path[-1].x, path[-1].x0)
    for state in path:
        assert state.x.shape == state.x0.shape == x.shape
        assert state.x.isfinite().all()


def test_the_dtype_of_x_is_kept(sampler: Sampler, mixture: Any) -> None:
    """No error estimate of an adaptive solver survives the 8 bits of bfloat16: that one is tried in float32 alone."""
    schedule = linear()
    for dtype in (torch.float32,) if sampler.adaptive else (torch.float32, torch.bfloat16):
        x = torch.randn(4, 2, generator=torch.Generator().manual_seed(0)).to(dtype)
        end = _run(sampler, mixture(schedule), x, grid(schedule, 4))
        assert end.dtype == dtype
        assert end.isfinite().all()


def test_the_same_arguments_give_the_same_bits(sampler: Sampler, mixture: Any) -> None:
    schedule = cosine()
    x = torch.randn(4, 2, generator=torch.Generator().manual_seed(0), dtype=DOUBLE)
    first = _run(sampler, mixture(schedule), x, grid(schedule, 5))
    torch.manual_seed(123)
    assert torch.equal(first, _run(sampler, mixture(schedule), x, grid(schedule, 5)))


def test_a_sample_does_not_depend_on_its_batch(sampler: Sampler, mixture: Any) -> None:
    """Samples 0–15 are 0–7 and 8–15, to rounding, or to the tolerance of an adaptive solver."""
    schedule = linear()
    x = torch.randn(16, 2, generator=torch.Generator().manual_seed(0), dtype=DOUBLE)
    oracle, levels = mixture(schedule), grid(schedule, 5)
    whole = _run(sampler, oracle, x, levels)
    parts = [_run(sampler, oracle, x[i : i + 8], levels, first=i) for i in (0, 8)]
    assert torch.allclose(torch.cat(parts), whole, rtol=0, atol=1e-3 if sampler.adaptive else 1e-12)


def test_history_belongs_to_one_call(sampler: Sampler, mixture: Any) -> None:
    """Two runs that take turns end where each would alone."""
    schedule = cosine()
    oracle, levels, options = mixture(schedule), grid(schedule, 6), QUICK.get(sampler.name, {})
    starts = [torch.full((3, 2), value, dtype=DOUBLE) for value in (0.5, -1.0)]
    alone = [sample(sampler.name, oracle, x, levels, noise=_noise(3), **options) for x in starts]
    turns = [states(sampler.name, oracle, x, levels, noise=_noise(3), **options) for x in starts]
    for pair in zip(*turns, strict=True):
        ends = [state.x for state in pair]
    assert torch.equal(ends[0], alone[0])
    assert torch.equal(ends[1], alone[1])


def test_every_prediction_gives_the_same_samples(sampler: Sampler, schedule: Schedule, mixture: Any, start: Any,
                                                 noisy: Any) -> None:
    """A network that outputs the oracle's answer as any row, solved back, samples what the oracle does: to 1e-10 of the
    samples' size (six steps are few: on the cosine schedule some samplers end far outside the data)."""
    oracle, levels = mixture(schedule), grid(schedule, 6, start=start(schedule))
    x = noisy(schedule, levels[0], 4)
    expected = _run(sampler, oracle, x, levels)
    for name in PREDICTIONS:
        if schedule.terminal_snr == 0 and name in ("noise", "score"):
            continue
        row = prediction(name, schedule, sigma_data=0.5)

        def network(x: Tensor, time: Tensor, labels: Tensor | None, row: Any = row) -> Tensor:
            level = schedule.level(time.item())
            return target(*oracle(x, level.t), level, row)

        found = _run(sampler, NetworkDenoiser(network, schedule, row), x, levels)
        assert (found - expected).abs().max() < 1e-10 * max(1.0, expected.abs().max().item()), name


ORDERS = [("VE exponential", exponential, 0.0, 1.0), ("EDM", lambda: EDM(0.02, 10.0), 0.02, 1.0),
          ("VP cosine", lambda: cosine(100_000), 0.1, 0.9), ("VP linear", lambda: linear(100_000), 0.1, 0.9),
          ("rectified", Rectified, 0.1, 0.9)]


@pytest.mark.parametrize(("make", "low", "high"), [case[1:] for case in ORDERS], ids=[case[0] for case in ORDERS])
@pytest.mark.parametrize("name", [name for name, sampler in SAMPLERS.items() if sampler.order])
def test_the_error_falls_with_the_claimed_order(name: str, make: Callable[[], Schedule], low: float, high: float,
                                                gaussian: Any) -> None:
    """Against the closed-form flow of Gaussian data, from σ/α at `high` to σ/α at `low`; slope fitted on 4 step counts.

    Steps are even in t for euler-t and in log σ/α for the others; tables are so fine that their kinks do not show.
    """
    schedule, order = make(), SAMPLERS[name].order
    oracle = gaussian(schedule)
    ends = schedule.levels([high, low])
    counts, errors = [80, 160, 320, 640], []
    for steps in counts:
        even = torch.linspace(0, 1, steps + 1, dtype=DOUBLE)
        rho = [end.sigma / end.alpha for end in ends]
        times = high + (low - high) * even if name == "euler-t" else schedule.time(rho[0] * (rho[1] / rho[0]) ** even)
        levels = schedule.levels(times.tolist())
        spread = [(level.alpha**2 * 0.25 + level.sigma**2) ** 0.5 for level in (levels[0], levels[-1])]
        z = torch.linspace(-2, 2, 10, dtype=DOUBLE).reshape(5, 2)
        x, exact = (level.alpha * 0.7 + s * z for level, s in zip((levels[0], levels[-1]), spread, strict=True))
        errors.append((sample(name, oracle, x, levels) - exact).abs().max().item())
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.15), errors


@pytest.mark.parametrize("make", [exponential, cosine, linear], ids=["VE", "cosine", "linear"])
@pytest.mark.parametrize("name", [name for name, sampler in SAMPLERS.items() if name != "langevin"])
def test_mean_and_spread_reach_those_of_the_data(name: str, make: Callable[[], Schedule], gaussian: Any) -> None:
    """For Gaussian data a sampler is affine in its start and its draws, so the moments of its output follow without a
    single random number: row 0 has no noise, row j a unit in draw j alone. At 400 steps: mean to .02, spread to 3 %."""
    schedule = make()
    levels = grid(schedule, 400)
    calls = 0

    def counted() -> Tensor:
        nonlocal calls
        calls += 1
        return torch.zeros(1, 2, dtype=DOUBLE)

    first = levels[0]
    mean = torch.full((1, 2), first.alpha * 0.7, dtype=DOUBLE)
    oracle = gaussian(schedule)
    centre = sample(name, oracle, mean, levels, noise=counted)
    impulses = torch.eye(calls + 2, dtype=DOUBLE)[:, :, None].expand(-1, -1, 2)
    drawn = iter(impulses[:, 2:].unbind(1))
    scale = (first.alpha**2 * 0.25 + first.sigma**2) ** 0.5
    x = mean + scale * impulses[:, 1]
    response = sample(name, oracle, x, levels, noise=lambda: next(drawn)) - centre
    assert centre[0, 0].item() == pytest.approx(0.7, abs=0.02)
    assert response[0].abs().max() < 1e-4
    assert response.square().sum(0).sqrt()[0].item() == pytest.approx(0.5, rel=0.03)


@pytest.mark.parametrize("name", [name for name, sampler in SAMPLERS.items() if sampler.stochastic])
def test_4000_samples_have_the_moments_of_the_data(name: str, gaussian: Any) -> None:
    """n = 4000 in 2 dimensions, 100 steps: mean within 4 standard errors, spread within 5 %; all at fixed seeds."""
    schedule = exponential()
    oracle, levels = gaussian(schedule), grid(schedule, 10 if name == "langevin" else 100, "log-snr")
    start = SampleNoise(1, 4000, (2,), dtype=DOUBLE)()
    x = 0.7 + (0.25 + 1) ** 0.5 * start
    options = {"per_level": 200, "epsilon": 0.2 * math.exp(-10)} if name == "langevin" else {}
    end = sample(name, oracle, x, levels, noise=SampleNoise(2, 4000, (2,), dtype=DOUBLE), **options)
    assert end.mean().item() == pytest.approx(0.7, abs=4 * 0.5 / 8000**0.5)
    assert end.std().item() == pytest.approx(0.5, rel=0.05)
    assert abs(torch.corrcoef(end.T)[0, 1].item()) < 4 / 4000**0.5


def test_noise_is_asked_for_by_name(sampler: Sampler, mixture: Any) -> None:
    if not sampler.stochastic:
        sample(sampler.name, mixture(linear()), torch.zeros(1, 2, dtype=DOUBLE), grid(linear(), 2))
        return
    with pytest.raises(InputError, match=f"noise = None.*{sampler.name}"):
        sample(sampler.name, mixture(linear()), torch.zeros(1, 2, dtype=DOUBLE), grid(linear(), 2))


def test_pure_noise_is_refused_by_those_that_divide_by_alpha(sampler: Sampler, mixture: Any) -> None:
    schedule = Rectified()
    oracle, levels = mixture(schedule), grid(schedule, 4)
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=DOUBLE)
    if sampler.needs_alpha:
        with pytest.raises(InputError, match=r"alpha = 0.*t = 1\.0"):
            _run(sampler, oracle, x, levels)
    else:
        assert _run(sampler, oracle, x, levels).isfinite().all()


def test_options_are_named_and_mistakes_are_typed(sampler: Sampler, mixture: Any) -> None:
    assert "noise" not in sampler.options
    with pytest.raises(InputError) as caught:
        _run(sampler, mixture(linear()), torch.zeros(1, 2, dtype=DOUBLE), grid(linear(), 2), nonsense=1)
    assert "nonsense" in str(caught.value)
    assert isinstance(caught.value, UnknownName) or not sampler.options


def test_it_describes_itself(sampler: Sampler) -> None:
    assert sampler.summary
    assert "\n" not in sampler.summary
    assert any(character.isdigit() for character in sampler.source), "a source has a year"
    assert sampler.run.__doc__ is not None
    assert sampler.order is None or not sampler.stochastic
