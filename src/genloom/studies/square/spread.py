"""How far the outputs of one noise scatter under stochastic samplers, measured and in closed form."""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.registry import sample
from genloom.metrics.energy import energy_test
from genloom.rng import SampleNoise, fold
from genloom.studies.square import draws
from genloom.studies.square.draws import Square

STEPS = 200
SPLITS = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2)
"""Times down to which runs share their noise."""


class Rule(NamedTuple):
    """A sampler with its options."""

    name: str
    sampler: str
    options: dict[str, Any]


RULES = (
    Rule("DDIM, η = 0", "ddim", {"eta": 0.0}),
    Rule("DDIM, η = 0.5", "ddim", {"eta": 0.5}),
    Rule("DDIM, η = 1 (DDPM)", "ddim", {"eta": 1.0}),
    Rule("Euler–Maruyama", "euler-maruyama", {}),
)


class Repeated(NamedTuple):
    """What one rule makes of the same starts: ends (S, R, 2), their spread, and p of a test of other starts."""

    ends: Tensor
    spread: float
    p_value: float


Found = dict[str, list[Repeated]]
"""By the name of a rule: what it gives with the trained and with the exact denoiser."""


def posterior_spread(x: Tensor, sigma: float) -> float:
    """√ mean Var(x_0 | x_t = x) per coordinate for data uniform in the square: a normal cut off at its edges."""
    from scipy import stats

    x64 = x.double().numpy()
    cut = stats.truncnorm((-1 - x64) / sigma, (1 - x64) / sigma, loc=x64, scale=sigma)
    return math.sqrt(float(np.mean(cut.var())))


def repeat(here: Square, denoiser: Denoiser, rule: Rule, starts: Tensor, repeats: int, part: int) -> Tensor:
    """The ends (S, R, 2) of R runs from each start, each with noise of its own."""
    ends = here.run(denoiser, starts.repeat_interleave(repeats, 0), STEPS, rule.sampler, part=part, **rule.options)
    return ends.reshape(len(starts), repeats, 2)


def within_start(ends: Tensor) -> float:
    """√ mean over starts and coordinates of the variance over repeats, of ends (S, R, 2)."""
    return ends.double().var(1).mean().sqrt().item()


def repeated(here: Square, denoiser: Denoiser, rule: Rule, starts: Tensor, part: int) -> Repeated:
    """A rule from a few starts over and over, and once from many."""
    ends = repeat(here, denoiser, rule, starts, draws.EFFORT.repeats, 20 + part)
    once = here.run(
        denoiser, here.start(draws.EFFORT.samples, 40 + part), STEPS, rule.sampler, part=30 + part, **rule.options
    )
    test = energy_test(once, here.fresh(len(once), 11, part), permutations=draws.EFFORT.permutations, seed=here.seed)
    return Repeated(ends, within_start(ends), test.p_value)


class Split(NamedTuple):
    """The spread of runs that share their noise down to a time, trained and exact, and what it must be."""

    trained: float
    exact: float
    known: float


def origin(here: Square) -> dict[float, Split]:
    """For each time of `SPLITS`: the spread of runs that part there."""
    return dict(zip(SPLITS, draws.side_by_side([partial(_split, here, t) for t in SPLITS]), strict=True))


def _split(here: Square, t: float) -> Split:
    """Runs from one x_t, for many x_t that are drawn by the exact forward process."""
    states, repeats, part = max(20, draws.EFFORT.samples // 4), 8, round(1000 * t)
    sigma = float(here.schedule.level(t).sigma)
    x = here.fresh(states, 12, part) + sigma * SampleNoise(fold(here.seed, 1030, part), states, (2,))()
    levels, spreads = grid(here.schedule, max(10, round(100 * t)), start=t), []
    for denoiser in here.denoisers.values():
        again = SampleNoise(fold(here.seed, 1031, part), states * repeats, (2,))
        ends = sample("ddim", denoiser, x.repeat_interleave(repeats, 0), levels, noise=again, eta=1.0)
        spreads.append(within_start(ends.reshape(states, repeats, 2)))
    return Split(trained=spreads[0], exact=spreads[1], known=posterior_spread(x, sigma))


def repeat_all(here: Square, starts: Tensor) -> Found:
    """Every rule with the trained and the exact denoiser."""
    tasks = [
        partial(repeated, here, denoiser, rule, starts, k)
        for k, rule in enumerate(RULES)
        for denoiser in here.denoisers.values()
    ]
    found = draws.side_by_side(tasks)
    return {rule.name: found[2 * k : 2 * k + 2] for k, rule in enumerate(RULES)}
