"""Predictor–corrector."""

from typing import Any

import pytest
import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.ddpm import ddpm_large
from genloom.diffusion.samplers.predictor_corrector import predictor_corrector
from genloom.diffusion.schedule import cosine, exponential
from genloom.errors import InputError
from genloom.rng import SampleNoise

DOUBLE = torch.float64


def _noise(count: int = 5) -> SampleNoise:
    return SampleNoise(0, count, (1,), dtype=DOUBLE)


def test_without_corrections_it_is_the_predictor(gaussian: Any) -> None:
    schedule = cosine()
    oracle, levels = gaussian(schedule), grid(schedule, 10)
    x = torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None]
    runs = (predictor_corrector(oracle, x, levels, noise=_noise(), correct=0),
            ddpm_large(oracle, x, levels, noise=_noise()))
    for a, b in zip(*runs, strict=True):
        assert torch.equal(a.x, b.x)


def test_a_correction_is_a_langevin_step_at_the_new_level(gaussian: Any, draws: Any) -> None:
    schedule = exponential()
    oracle = gaussian(schedule)
    levels = schedule.levels([0.6, 0.5])
    x, z = torch.ones(1, 1, dtype=DOUBLE), [torch.full((1, 1), v, dtype=DOUBLE) for v in (0.3, -0.7)]
    predicted = next(ddpm_large(oracle, x, levels, noise=draws(z[:1]))).x
    step = 2 * (0.16 * levels[1].sigma) ** 2
    score = -oracle(predicted, 0.5).eps / levels[1].sigma
    expected = predicted + step * score + (2 * step) ** 0.5 * z[1]
    found = next(predictor_corrector(oracle, x, levels, noise=draws(z), correct=1, snr=0.16)).x
    assert torch.allclose(found, expected, atol=1e-13)


def test_corrections_mend_the_spread(gaussian: Any) -> None:
    """With 25 coarse steps the predictor alone is too wide; 20 corrections a level halve that at least. n = 20 000."""
    schedule = exponential()
    oracle, levels = gaussian(schedule, 0.0, 0.5), grid(schedule, 25)
    x = oracle.start(levels[0], SampleNoise(1, 20_000, (1,), dtype=DOUBLE)())
    ends = []
    for correct in (0, 20):
        *_, last = predictor_corrector(oracle, x, levels, noise=_noise(20_000), correct=correct, snr=0.3)
        ends.append(abs(last.x.std().item() / 0.5 - 1))
    assert ends[1] < ends[0] / 2


@pytest.mark.parametrize("snr", [0.0, 1.0, -1.0, float("nan")])
def test_unstable_steps_are_refused(snr: float, gaussian: Any) -> None:
    with pytest.raises(InputError, match="snr"):
        next(predictor_corrector(gaussian(cosine()), torch.zeros(5, 1), grid(cosine(), 4), noise=_noise(), snr=snr))


def test_fewer_than_no_corrections_are_refused(gaussian: Any) -> None:
    with pytest.raises(InputError, match="correct"):
        next(predictor_corrector(gaussian(cosine()), torch.zeros(5, 1), grid(cosine(), 4), noise=_noise(), correct=-1))
