"""S4.21: the step's convention, its stability, and that the algorithm reaches the distribution with the exact score."""

import pytest
import torch

from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.schedule import Level
from genloom.metrics.energy import energy_test
from genloom.recipes.judge_points import fresh
from genloom.recipes.points_parts import make_levels
from genloom.rng import SampleNoise
from genloom.studies.letters import dynamics
from genloom.studies.letters.dynamics import RULES, plain


def levels(here) -> list[Level]:
    return make_levels(here.recipe.sampling, here.recipe.diffusion, here.experiment.schedule)


def test_the_item_is_whole(tiny, check) -> None:
    check(dynamics.dynamics, tiny)


def test_the_plain_loop_is_the_registered_sampler(here) -> None:
    noise = [SampleNoise(0, 8, (2,), dtype=torch.float64) for _ in range(2)]
    ours = plain(here.exact, noise[0](), levels(here)[:-1], noise[0], step=0.2, per_level=3)
    registered = sample("langevin", here.exact, noise[1](), levels(here), noise=noise[1], epsilon=2e-5, per_level=3)
    torch.testing.assert_close(ours, registered, rtol=0, atol=1e-10)


def test_half_the_step_and_half_the_noise_need_twice_the_epsilon(here) -> None:
    assert dynamics._twice(here) < 1e-12
    noise = [SampleNoise(0, 8, (2,), dtype=torch.float64) for _ in range(2)]
    same = [plain(here.exact, each(), levels(here)[:-1], each, step=0.2, per_level=2, rule=rule)
            for each, rule in zip(noise, RULES[:2], strict=True)]
    assert (same[0] - same[1]).abs().max() > 1e-3


@pytest.mark.parametrize("r", [0.2, 1.0, 1.8])
def test_steps_settle_at_the_closed_form(here, r: float) -> None:
    assert dynamics._spread(here, r) == pytest.approx(1 / (1 - r / 2), rel=0.06)  # 4 % is 2.5 standard errors


def test_steps_beyond_the_border_are_refused_and_would_diverge(here) -> None:
    assert "2 σ_L²" in dynamics._refusal(here, 2.0)
    assert not dynamics._refusal(here, 1.99)
    growth = dynamics._paths(here, 2.1)
    assert growth[-1] / growth[-11] == pytest.approx(1.1**10, rel=0.05)


def test_langevin_with_the_exact_score_cannot_be_told_from_data(here) -> None:
    noise = SampleNoise(11, 800, (2,), dtype=torch.float64)
    x = sample("langevin", here.exact, noise(), levels(here), noise=noise, epsilon=2e-5, per_level=100)
    assert energy_test(x, fresh(here.experiment, 800, 12), permutations=200).p_value > 0.01
