"""Samplers by name; what each of them promises is in tests/contracts."""

from typing import Any

import pytest
import torch

from genloom.diffusion.grid import CLEAN, grid
from genloom.diffusion.samplers.registry import SAMPLERS, sample, states, trajectory
from genloom.diffusion.schedule import Level, linear
from genloom.errors import InputError, UnknownName
from genloom.rng import SampleNoise

DOUBLE = torch.float64


def test_names_are_those_of_the_table() -> None:
    assert set(SAMPLERS) >= {
        "ddpm", "ddpm-large", "ddim", "euler-maruyama", "euler", "heun", "edm-stochastic", "dpmpp-2m", "dpmpp-2m-sde",
        "unipc", "predictor-corrector", "langevin", "ode",
    }
    assert all(name == sampler.name for name, sampler in SAMPLERS.items())


def test_options_are_read_from_the_signature() -> None:
    assert SAMPLERS["ddim"].options == ("eta",)
    assert SAMPLERS["langevin"].options == ("epsilon", "per_level", "denoise")
    assert SAMPLERS["ddpm"].options == ("guide",)
    assert SAMPLERS["heun"].options == ()


def test_a_sampler_or_option_with_a_typo_gets_the_nearest(gaussian: Any) -> None:
    x, levels = torch.zeros(1, 1), grid(linear(), 2)
    with pytest.raises(UnknownName, match="did you mean 'ddim'"):
        sample("dimm", gaussian(linear()), x, levels)
    with pytest.raises(UnknownName, match="did you mean 'eta'"):
        sample("ddim", gaussian(linear()), x, levels, etta=1.0)
    with pytest.raises(InputError, match=r"eta = 1\.0.*heun has no options"):
        sample("heun", gaussian(linear()), x, levels, eta=1.0)


@pytest.mark.parametrize("levels", [[], [CLEAN], [CLEAN, Level(1.0, 0.1, 0.9)],
                                    [Level(0.5, 0.5, 0.8), Level(0.5, 0.5, 0.8), CLEAN]])
def test_levels_that_do_not_fall_are_refused(levels: list[Level], gaussian: Any) -> None:
    with pytest.raises(InputError, match="levels"):
        sample("ddim", gaussian(linear()), torch.zeros(1, 1), levels)


def test_sampling_by_name_builds_no_graph_unless_asked(gaussian: Any) -> None:
    x = torch.ones(1, 1, dtype=DOUBLE, requires_grad=True)
    levels = grid(linear(), 3)
    assert not sample("ddim", gaussian(linear()), x, levels).requires_grad
    assert not trajectory("ddim", gaussian(linear()), x, levels)[-1].x.requires_grad
    *_, last = states("ddim", gaussian(linear()), x, levels)
    (gradient,) = torch.autograd.grad(last.x.sum(), x)
    assert gradient.item() > 0


def test_sample_is_the_end_of_the_trajectory(gaussian: Any) -> None:
    arguments = (gaussian(linear()), torch.ones(1, 1, dtype=DOUBLE), grid(linear(), 5))
    path = trajectory("ddpm", *arguments, noise=SampleNoise(0, 1, (1,), dtype=DOUBLE))
    end = sample("ddpm", *arguments, noise=SampleNoise(0, 1, (1,), dtype=DOUBLE))
    assert torch.equal(path[-1].x, end)
    assert len(path) == 5
