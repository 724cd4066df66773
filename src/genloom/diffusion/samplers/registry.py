"""The samplers by name; what is listed here is run by every contract test and offered by the command line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from inspect import signature
from itertools import pairwise
from math import inf
from typing import Any

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.ddim import ddim
from genloom.diffusion.samplers.ddpm import ddpm, ddpm_large
from genloom.diffusion.samplers.dpmpp import dpmpp_2m, dpmpp_2m_sde
from genloom.diffusion.samplers.edm_stochastic import edm_stochastic
from genloom.diffusion.samplers.euler import euler, euler_t
from genloom.diffusion.samplers.euler_maruyama import euler_maruyama
from genloom.diffusion.samplers.heun import heun
from genloom.diffusion.samplers.langevin import langevin
from genloom.diffusion.samplers.ode import ode
from genloom.diffusion.samplers.predictor_corrector import predictor_corrector
from genloom.diffusion.samplers.require import noise_for
from genloom.diffusion.samplers.state import State
from genloom.diffusion.samplers.unipc import unipc
from genloom.diffusion.schedule import Level
from genloom.errors import InputError, UnknownName
from genloom.rng import Noise


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """A sampler and what is known of it.

    run          (denoiser, x, levels, *, noise, **options) -> states
    summary      one line
    source       where it comes from
    order        with which power of the step its error falls; None for stochastic and adaptive ones
    stochastic   whether it needs noise with its default options
    needs_alpha  whether it refuses levels where α = 0
    adaptive     whether it chooses its own steps, one size for the whole batch
    """

    name: str
    run: Callable[..., Iterator[State]]
    summary: str
    source: str
    order: int | None = None
    stochastic: bool = False
    needs_alpha: bool = True
    adaptive: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """The names of its keyword arguments, without the noise."""
        return tuple(name for name, parameter in signature(self.run).parameters.items()
                     if parameter.kind is parameter.KEYWORD_ONLY and name != "noise")


_ALL = (
    Sampler(name="ddpm", run=ddpm, stochastic=True, needs_alpha=False,
            summary="ancestral sampling with the small variance", source="Ho et al. 2020, Alg. 2"),
    Sampler(name="ddpm-large", run=ddpm_large, stochastic=True, needs_alpha=False,
            summary="ancestral sampling with the large variance", source="Ho et al. 2020, §3.2"),
    Sampler(name="ddim", run=ddim, order=1, needs_alpha=False,
            summary="deterministic at eta 0, DDPM at eta 1", source="Song, Meng & Ermon 2021, Eq. 12"),
    Sampler(name="euler", run=euler, order=1,
            summary="Euler's method in σ/α: DDIM in other words", source="Karras et al. 2022, Eq. 4"),
    Sampler(name="euler-t", run=euler_t, order=1, needs_alpha=False,
            summary="Euler's method in t", source="Song et al. 2021, Eq. 13"),
    Sampler(name="euler-maruyama", run=euler_maruyama, stochastic=True,
            summary="Euler's method for the reverse stochastic equation", source="Song et al. 2021, Eq. 6"),
    Sampler(name="heun", run=heun, order=2,
            summary="second order, two calls a step", source="Karras et al. 2022, Alg. 1"),
    Sampler(name="edm-stochastic", run=edm_stochastic, stochastic=True,
            summary="heun with noise added and removed", source="Karras et al. 2022, Alg. 2"),
    Sampler(name="dpmpp-2m", run=dpmpp_2m, order=2,
            summary="DPM-Solver++, second order, one call a step", source="Lu et al. 2022b, Alg. 2"),
    Sampler(name="dpmpp-2m-sde", run=dpmpp_2m_sde, stochastic=True,
            summary="DPM-Solver++ for the stochastic equation", source="Lu et al. 2022b, §5"),
    Sampler(name="unipc", run=unipc, order=3,
            summary="UniPC-2, predicted and corrected at one call a step", source="Zhao et al. 2023, Alg. 7"),
    Sampler(name="predictor-corrector", run=predictor_corrector, stochastic=True, needs_alpha=False,
            summary="ancestral steps with Langevin corrections", source="Song et al. 2021, Alg. 2"),
    Sampler(name="langevin", run=langevin, stochastic=True,
            summary="annealed Langevin dynamics", source="Song & Ermon 2019, Alg. 1"),
    Sampler(name="ode", run=ode, adaptive=True,
            summary="the probability-flow equation with adaptive steps", source="Song et al. 2021, §4.3"),
)

SAMPLERS: dict[str, Sampler] = {sampler.name: sampler for sampler in _ALL}
"""Every sampler by its name."""


@torch.no_grad()
def sample(name: str, denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
           **options: Any) -> Tensor:
    """The last x of the named sampler, without a gradient.

    x         samples at the first level, (B, …)
    levels    falling in σ/α, as `grid` makes them
    noise     needed by stochastic samplers
    options   the sampler's own, see `SAMPLERS[name].options`

    Errors: `UnknownName` for another sampler or option; `InputError` without needed noise, for fewer than two levels,
    or levels that do not fall.
    """
    end = x
    for state in states(name, denoiser, x, levels, noise=noise, **options):
        end = state.x
    return end


@torch.no_grad()
def trajectory(name: str, denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
               **options: Any) -> list[State]:
    """Every state of the named sampler after the start; arguments and errors as `sample`."""
    return list(states(name, denoiser, x, levels, noise=noise, **options))


def states(name: str, denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
           **options: Any) -> Iterator[State]:
    """The named sampler's states as they come, with a gradient where the caller wants one; arguments as `sample`."""
    if name not in SAMPLERS:
        raise UnknownName("sampling.sampler", name, tuple(SAMPLERS))
    sampler = SAMPLERS[name]
    for option in options:
        if option not in sampler.options:
            _unknown_option(sampler, option, options[option])
    if sampler.stochastic:
        noise_for(name, noise)
    _check(levels)
    return sampler.run(denoiser, x, levels, noise=noise, **options)


def _unknown_option(sampler: Sampler, option: str, value: Any) -> None:
    if not sampler.options:
        raise InputError(f"sampling.{option}", value, f"left out: {sampler.name} has no options")
    raise UnknownName(f"option of {sampler.name}", option, sampler.options)


def _check(levels: Sequence[Level]) -> None:
    if len(levels) < 2:
        raise InputError("levels", len(levels), "at least 2: where to start and where to end")
    ratios = [float(level.sigma / level.alpha) if level.alpha else inf for level in levels]
    for i, (high, low) in enumerate(pairwise(ratios)):
        if not high > low:
            raise InputError(f"levels[{i + 1}]", low, f"less noisy than the one before, whose σ/α is {high:.6g}")
