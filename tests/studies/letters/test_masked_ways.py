"""S4.8: λ = 1/(σ² + s²) is exact for a flat density, constants diverge where the closed form says."""

import torch

from genloom.diffusion.guidance import flat_strength, masked
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.oracle.posterior import condition
from genloom.rng import SampleNoise
from genloom.studies.letters.dynamics import plain
from genloom.studies.letters.masked_ways import NOISE, largest_constant, ways


def test_every_constant_and_both_scores_are_compared(here) -> None:
    strengths = [way.strength for way in ways(here)]
    assert strengths[:2] == [2.0, 20.0]
    assert strengths[3] == 1 / NOISE**2
    assert strengths[-1] is None
    assert {way.exact_score for way in ways(here)} == {True, False}


def test_for_a_flat_density_the_strength_that_follows_sigma_is_exact(here) -> None:
    schedule, wide = here.experiment.schedule, 1e4
    prior = MixtureOracle(schedule, torch.zeros(1, 2), wide**2 * torch.eye(2)[None])
    known, mask = torch.tensor([0.3, 0.0]), torch.tensor([1.0, 0.0])
    exact = condition(prior, known, mask, NOISE)
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)).double()
    for t in (0.0, 0.4, 1.0):
        guided = masked(prior, known.double(), mask.double(), noise=NOISE)
        torch.testing.assert_close(guided(x, t).eps, exact(x, t).eps, rtol=1e-6, atol=1e-6)
        level = schedule.level(t)
        assert abs(float(flat_strength(NOISE)(level)) - 1 / (float(level.sigma) ** 2 + NOISE**2)) < 1e-9


def test_a_constant_diverges_from_the_border_on(here) -> None:
    schedule = here.experiment.schedule
    point, level = CloudOracle(schedule, torch.zeros(1, 2)), schedule.level(1.0)
    known, mask = torch.zeros(2, dtype=torch.float64), torch.tensor([1.0, 0.0], dtype=torch.float64)

    def reach(strength: float) -> float:
        noise = SampleNoise(0, 50, (2,), dtype=torch.float64)
        x = plain(masked(point, known, mask, strength=strength), noise(), [level], noise, step=here.step, per_level=400)
        return float(x.abs().max())

    assert reach(0.95 * largest_constant(here)) < 5 < 1e3 < reach(1.05 * largest_constant(here))
