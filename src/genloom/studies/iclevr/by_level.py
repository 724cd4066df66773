"""A model's error at each noise level, whatever its schedule and prediction, beside the best linear denoiser's."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import Level
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images_parts import floats
from genloom.rng import SampleNoise
from genloom.studies.context import Context
from genloom.studies.iclevr.wiener import Wiener, wiener
from genloom.studies.iclevr.work import Diffusion, labels_of

RATIOS = tuple(0.05 * 400 ** (k / 11) for k in range(12))
"""σ/α from 0.05, where hardly anything is hidden, to 20, where hardly anything is left."""
KEPT = 192
"""Kept-back pictures that errors are taken on."""
_FITTED = 2000  # pictures that the linear denoiser knows


class Kept(NamedTuple):
    """Kept-back pictures as a model diffuses them, (N, …), and their label sets."""

    x0: Tensor
    sets: Tensor


def kept(experiment: ImagesExperiment) -> Kept:
    """The first kept-back pictures; nothing is chosen by them."""
    x0 = experiment.states(floats(experiment.kept, experiment.recipe.data.size, KEPT))
    return Kept(x0, labels_of(experiment.kept)[: len(x0)])


@torch.no_grad()
def errors(context: Context, run: Diffusion) -> tuple[float, ...]:
    """Mean square of x̂0 − x0 at each ratio, neither guided nor clipped, with the same noise for every model."""
    experiment, found = run.experiment, list[float]()
    there, noise = kept(experiment), _noise(context, experiment)
    sampling = replace(experiment.recipe.sampling, guidance=1.0, clip=False)
    denoiser = experiment.denoiser(run.trained.networks, there.sets, sampling)
    device = next(run.trained.networks["denoiser"].parameters()).device
    for level in levels(experiment):
        x = float(level.alpha) * there.x0 + float(level.sigma) * noise()
        found.append(float((denoiser(x.to(device), level.t).x0.cpu() - there.x0).double().square().mean()))
    return tuple(found)


def levels(experiment: ImagesExperiment) -> Iterator[Level]:
    """The schedule where σ/α is each of the ratios, whatever its times are."""
    for t in experiment.schedule.time(torch.tensor(RATIOS, dtype=torch.float64)).tolist():
        yield experiment.schedule.level(t)


def linear_errors(context: Context, experiment: ImagesExperiment) -> tuple[float, ...]:
    """The same of the best linear denoiser of the training pictures, which are those of every model."""
    return context.once("linear errors", lambda: _linear_errors(context, experiment))


@torch.no_grad()
def _linear_errors(context: Context, experiment: ImagesExperiment) -> tuple[float, ...]:
    there, noise, found = kept(experiment), _noise(context, experiment), list[float]()
    known: Wiener = wiener(experiment.states(floats(experiment.data, experiment.recipe.data.size, _FITTED)))
    for ratio in RATIOS:
        alpha = 1 / math.sqrt(1 + ratio**2)
        sigma = ratio * alpha
        x = alpha * there.x0 + sigma * noise()
        found.append(float((known(x, alpha, sigma) - there.x0).double().square().mean()))
    return tuple(found)


def _noise(context: Context, experiment: ImagesExperiment) -> SampleNoise:
    return SampleNoise(context.seed, min(KEPT, len(experiment.kept)), experiment.shape)


def relative(found: Sequence[float], known: Sequence[float], which: slice = slice(None)) -> float:
    """Root mean square errors over those of the linear denoiser, their geometric mean over the ratios."""
    logs = [0.5 * math.log(each / other) for each, other in zip(found[which], known[which], strict=True)]
    return math.exp(sum(logs) / len(logs))


FAINT, STRONG = slice(0, 6), slice(6, 12)
"""Ratios below and above 1: where details are decided, and where it is decided what is there."""
