"""The same network outputs through diffusers' schedulers, an independent implementation.

Both sides get the linear table of 1000 entries and a network of x and t that is no denoiser of anything. Our entry i of
1000 is its timestep i − 1, and "trailing" spacing with a step count that divides 1000 is our uniform grid. Its tables
are float32, so they are replaced by float64 ones; the tolerance of each test is what is left.
"""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.prediction import noise, velocity
from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.schedule import linear

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    diffusers = pytest.importorskip("diffusers")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers and numpy 2

DOUBLE = torch.float64
SCHEDULE = linear(1000)


def _output(x: Tensor, t: float) -> Tensor:
    return torch.tanh(1.3 * x + 0.2) * (0.4 + t) + 0.1 * x.flip(1)


def _ours(name: str, steps: int, x: Tensor, row: Any = noise, **options: Any) -> Tensor:
    denoiser = NetworkDenoiser(lambda x, time, labels: _output(x, time.item()), SCHEDULE, row)
    return sample(name, denoiser, x, grid(SCHEDULE, steps), **options)


def _exact(scheduler: Any, steps: int) -> None:
    """float64 in place of its float32 tables."""
    scheduler.alphas_cumprod = alpha_bar = torch.cumprod(1 - SCHEDULE.betas, 0)
    scheduler.set_timesteps(steps)
    if hasattr(scheduler, "sigmas"):
        visited = alpha_bar[scheduler.timesteps]
        scheduler.sigmas = torch.cat([((1 - visited) / visited).sqrt(), torch.zeros(1, dtype=DOUBLE)])


def _theirs(make: Callable[..., Any], steps: int, x: Tensor, step: dict[str, Any] | None = None,
            **config: Any) -> Tensor:
    scheduler = make(1000, trained_betas=SCHEDULE.betas.numpy(), timestep_spacing="trailing", **config)
    _exact(scheduler, steps)
    for t in scheduler.timesteps:
        x = scheduler.step(_output(x, (t.item() + 1) / 1000), t, x, **(step or {})).prev_sample
    return x


@pytest.fixture
def x() -> Tensor:
    return torch.randn(6, 2, generator=torch.Generator().manual_seed(0), dtype=DOUBLE)


def _same_draws(seed: int = 5) -> Callable[[], Tensor]:
    """The normal numbers that diffusers draws from a generator of that seed."""
    generator = torch.Generator().manual_seed(seed)
    return lambda: torch.randn(6, 2, generator=generator, dtype=DOUBLE)


def _generator(seed: int = 5) -> dict[str, torch.Generator]:
    return {"generator": torch.Generator().manual_seed(seed)}


@pytest.mark.parametrize("steps", [10, 25, 1000])
def test_ddpm_small(x: Tensor, steps: int) -> None:
    """To 1e-8: at the last step it adds noise of standard deviation 1e-10 where ours adds none."""
    theirs = _theirs(diffusers.DDPMScheduler, steps, x, _generator(), variance_type="fixed_small", clip_sample=False)
    assert torch.allclose(_ours("ddpm", steps, x, noise=_same_draws()), theirs, rtol=0, atol=1e-8)


def test_ddpm_large(x: Tensor) -> None:
    """To 1e-10 on the whole table. With fewer steps diffusers adds noise at the last one, too: 1 − ᾱ at t = 40 − 1."""
    config: dict[str, Any] = {"variance_type": "fixed_large", "clip_sample": False}
    theirs = _theirs(diffusers.DDPMScheduler, 1000, x, _generator(), **config)
    assert torch.allclose(_ours("ddpm-large", 1000, x, noise=_same_draws()), theirs, rtol=0, atol=1e-10)
    short = _theirs(diffusers.DDPMScheduler, 25, x, _generator(), **config)
    draw = _same_draws()
    ours = _ours("ddpm-large", 25, x, noise=draw)
    assert torch.allclose(ours + float(SCHEDULE.level(0.04).sigma) * draw(), short, rtol=0, atol=1e-10)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("row", "kind"), [(noise, "epsilon"), (velocity, "v_prediction")])
def test_ddim(x: Tensor, eta: float, row: Any, kind: str) -> None:
    """To 1e-10, with trailing spacing, where t − T//n is the next entry of its grid."""
    theirs = _theirs(diffusers.DDIMScheduler, 25, x, {"eta": eta} | _generator(), clip_sample=False,
                     prediction_type=kind)
    assert torch.allclose(_ours("ddim", 25, x, row, noise=_same_draws(), eta=eta), theirs, rtol=0, atol=1e-10)


def test_ddim_of_diffusers_leaves_its_own_grid_with_linspace_spacing(x: Tensor) -> None:
    """Its step from 111 goes to 11, while the next entry of its grid is 0. Ours looks ᾱ up on the grid."""
    scheduler = diffusers.DDIMScheduler(1000, trained_betas=SCHEDULE.betas.numpy(), timestep_spacing="linspace",
                                        clip_sample=False)
    scheduler.alphas_cumprod = alpha_bar = torch.cumprod(1 - SCHEDULE.betas, 0)
    scheduler.set_timesteps(10)
    assert scheduler.timesteps.tolist() == [999, 888, 777, 666, 555, 444, 333, 222, 111, 0]
    output = _output(x, 0.112)
    theirs = scheduler.step(output, 111, x).prev_sample
    x0 = (x - (1 - alpha_bar[111]).sqrt() * output) / alpha_bar[111].sqrt()
    for entry, is_theirs in ((11, True), (0, False)):
        moved = alpha_bar[entry].sqrt() * x0 + (1 - alpha_bar[entry]).sqrt() * output
        assert torch.allclose(moved, theirs, rtol=0, atol=1e-10) == is_theirs
    denoiser = NetworkDenoiser(lambda x, time, labels: _output(x, time.item()), SCHEDULE, noise)
    right = alpha_bar[0].sqrt() * x0 + (1 - alpha_bar[0]).sqrt() * output
    (ours, *_) = (sample("ddim", denoiser, x, SCHEDULE.levels([0.112, 0.001])),)
    assert torch.allclose(ours, right, rtol=0, atol=1e-10)


@pytest.mark.parametrize("steps", [10, 20, 50])
def test_dpmpp_2m(x: Tensor, steps: int) -> None:
    """To 1e-5: it turns x into float32 whatever it is given."""
    theirs = _theirs(diffusers.DPMSolverMultistepScheduler, steps, x, solver_order=2, algorithm_type="dpmsolver++",
                     solver_type="midpoint", final_sigmas_type="zero")
    ours = _ours("dpmpp-2m", steps, x)
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("steps", [10, 50])
def test_dpmpp_2m_sde(x: Tensor, steps: int) -> None:
    """To 1e-5, for the same reason."""
    draw = _same_draws()
    drawn = [draw() for _ in range(steps)]
    scheduler = diffusers.DPMSolverMultistepScheduler(
        1000, trained_betas=SCHEDULE.betas.numpy(), timestep_spacing="trailing", solver_order=2,
        algorithm_type="sde-dpmsolver++", solver_type="midpoint", final_sigmas_type="zero")
    _exact(scheduler, steps)
    theirs = x
    for t, z in zip(scheduler.timesteps, drawn, strict=True):
        theirs = scheduler.step(_output(theirs, (t.item() + 1) / 1000), t, theirs, variance_noise=z).prev_sample
    queue = iter(drawn)
    ours = _ours("dpmpp-2m-sde", steps, x, noise=lambda: next(queue))
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("steps", [10, 50])
def test_unipc(x: Tensor, steps: int, order: int) -> None:
    """To 1e-9."""
    theirs = _theirs(diffusers.UniPCMultistepScheduler, steps, x, solver_order=order, solver_type="bh2",
                     final_sigmas_type="zero")
    assert torch.allclose(_ours("unipc", steps, x, order=order), theirs, rtol=1e-9, atol=1e-9)
