"""The forward and the backward process of chosen pictures: what is noised is what is denoised again."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.registry import states
from genloom.recipes.images_parts import floats, sampler_options
from genloom.rng import SampleNoise
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_images import ImagesExperiment

PERCENT = (0, 25, 50, 75, 99)
"""How far the noising has come in the figures, in percent of T (S3.22 and S3.23)."""


class Way(NamedTuple):
    """States of the same pictures on their way.

    percent  of each state, as in `PERCENT`, rising forward and falling backward
    times    of each state
    states   the same number of tensors (B, C, S, S), as they are, not clamped for display
    """

    percent: list[int]
    times: list[float]
    states: list[Tensor]


def steps_of(experiment: "ImagesExperiment") -> int:
    """Steps of the process: the table's entries, or the sampling steps of a schedule without one."""
    return experiment.schedule.steps or len(experiment.levels()) - 1


def forward(experiment: "ImagesExperiment", count: int, seed: int = 0) -> Way:
    """The first training pictures at ⌊pT⌋ of T steps for each percentage p, all with the same noise.

    x_t = α(t) x0 + σ(t) ε, and x0 itself at 0 %.
    """
    steps, x0 = steps_of(experiment), experiment.states(floats(experiment.data, experiment.recipe.data.size, count))
    eps = SampleNoise(seed, len(x0), experiment.shape)()
    times, made = [], []
    for percent in PERCENT:
        t = percent * steps // 100 / steps
        level = experiment.schedule.level(t)
        times.append(t)
        made.append(x0 if t == 0 else float(level.alpha) * x0 + float(level.sigma) * eps)
    return Way(list(PERCENT), times, made)


@torch.no_grad()
def backward(experiment: "ImagesExperiment", networks: Networks, noised: Way, seed: int = 1) -> Way:
    """The recipe's sampler from the last of the noised states, exactly as it is, seen at the same times on its way.

    Where the sampler takes fewer steps than the table has, a time is the first one at or below the wanted one, and may
    be that of two states; a sampler that ends before t = 0 has its last state there.
    """
    sampling, start, x = experiment.recipe.sampling, noised.times[-1], noised.states[-1]
    table = experiment.schedule.steps
    most = round(start * table) if table else len(experiment.levels()) - 1
    levels = grid(experiment.schedule, min(sampling.steps or most, most), sampling.spacing, start=start)
    wanted, times, made = sorted(noised.times[:-1], reverse=True), [start], [x]
    noise = SampleNoise(seed, len(x), experiment.shape)
    labels = experiment.data.labels
    told = None if labels is None or not experiment.classes else labels[: len(x)]
    walk = states(sampling.sampler, experiment.denoiser(networks, told, sampling), x, levels, noise=noise,
                  **sampler_options(sampling))
    for state in walk:
        while wanted and float(state.level.t) <= wanted[0] + 1e-12:
            times.append(float(state.level.t))
            made.append(state.x)
            wanted.pop(0)
    times += [float(state.level.t)] * len(wanted)
    made += [state.x] * len(wanted)
    return Way(noised.percent[::-1], times, made)
