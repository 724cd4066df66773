"""The ways to guide the DDPM to label sets, each at several scales from the same starts, judged by both evaluators."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import classifier_free, clipped
from genloom.diffusion.samplers.registry import states
from genloom.diffusion.samplers.state import State
from genloom.metrics.interval import Interval, mean_interval
from genloom.recipes.classifier_guidance import guide as pushed
from genloom.recipes.classifier_guidance import guided_denoiser
from genloom.recipes.images import Sampling
from genloom.rng import SampleNoise
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import Judged, judge_sets
from genloom.studies.iclevr.work import Diffusion, both_lists, ddpm, guide, judge, sizes

_BATCH = 32
PLAIN, NOTHING = "plain", "nothing"


class Way(NamedTuple):
    """A way to guide.

    key, said   for files, and for people
    by_guide    whether evaluator a guides: then it does not judge
    zero        what scale 0 is: the model that is told the labels, or one that is told nothing
    sampler     by which it is drawn
    """

    key: str
    said: str
    by_guide: bool
    zero: str
    sampler: str


FREE = Way("free", "classifier-free", False, NOTHING, "ddim")
WAYS = (
    FREE,
    Way("alg1", "evaluator, DDPM (Alg. 1)", True, NOTHING, "ddpm"),
    Way("alg2", "evaluator, DDIM (Alg. 2)", True, NOTHING, "ddim"),
    Way("both", "labels and evaluator, DDIM", True, PLAIN, "ddim"),
)


class Point(NamedTuple):
    """A way at a scale, and what each evaluator says of the same pictures."""

    way: Way
    scale: float
    pictures: Tensor
    by_judge: Judged
    by_guide: Judged

    @property
    def gap(self) -> Interval:
        """How many more labels evaluator a sees than b, as a share; Student's interval over pictures."""
        more = (self.by_guide.found.hits - self.by_judge.found.hits).double() / self.by_judge.found.counts
        return mean_interval(more)


def ways(context: Context) -> tuple[Way, ...]:
    """Those that the model has: the evaluators see pictures, not latents."""
    return WAYS if ddpm(context).experiment.space is None else (FREE,)


def scales(context: Context, way: Way) -> Sequence[float]:
    """At which a way is drawn."""
    return sizes(context).pulls if way.by_guide else sizes(context).scales


def points(context: Context, way: Way) -> list[Point]:
    """A way at every scale."""
    return [context.once(("guided", way.key, scale), partial(_point, context, way, scale))
            for scale in scales(context, way)]


def _point(context: Context, way: Way, scale: float) -> Point:
    made, sets = _drawn(context, way, scale), both_lists(context)
    return Point(way, scale, made, judge_sets(judge(context), [made], sets), judge_sets(guide(context), [made], sets))


def _drawn(context: Context, way: Way, scale: float) -> Tensor:
    """Pictures of both lists; those of scale 0, and of scale 1 without a guide, are drawn once for all ways."""
    key: tuple[object, ...] = (way.key, scale)
    if scale == 0:
        key = (way.zero, way.sampler)
    elif scale == 1 and way is FREE:
        key = (PLAIN, way.sampler)

    def work() -> Tensor:
        context.screen.say(f"drawing {len(both_lists(context))} pictures: {way.said}, scale {scale:g}")
        return draw(context, ddpm(context), partial(_walk, context, way, scale))

    return context.once(("guided pictures", *key), work)


Walk = Callable[[Tensor, SampleNoise], Iterator[State]]
"""(label sets (B, 24), noise of these samples) -> states."""


@torch.no_grad()
def draw(context: Context, model: Diffusion, walk: Walk) -> Tensor:
    """A picture of each set of both lists: that of place i is a function of (seed, i) and the walk."""
    sets, here, found = both_lists(context), model.experiment, []
    device = next(model.trained.networks["denoiser"].parameters()).device
    for first in range(0, len(sets), _BATCH):
        told = sets[first : first + _BATCH]
        noise = here.noise(model.trained.networks, len(told), context.seed, first)
        for state in walk(told.to(device), noise):  # noqa: B007 # the last one is the picture
            pass
        found.append(here.pictures(state.x))
    return torch.cat(found)


def _walk(context: Context, way: Way, scale: float, sets: Tensor, noise: SampleNoise) -> Iterator[State]:
    here = ddpm(context).experiment
    sampling = plainly(context, way.sampler)
    start, levels = here.prior.sample(noise), here.levels(sampling)
    free, told = raw(context), raw(context, sets)
    base = told if way.zero == PLAIN else free
    if way is FREE:
        return states("ddim", _in_range(context, classifier_free(told, free, scale)), start, levels)
    if way.sampler == "ddpm":
        push = pushed(base, guide(context), sets, scale) if scale else None
        return states("ddpm", clipped(base), start, levels, noise=noise, guide=push)
    chosen = guided_denoiser(base, guide(context), sets, scale, clip=True) if scale else clipped(base)
    return states("ddim", chosen, start, levels)


def _in_range(context: Context, denoiser: Denoiser) -> Denoiser:
    """x̂0 clamped to the range of pictures, which latents do not have."""
    return denoiser if ddpm(context).experiment.space is not None else clipped(denoiser)


def plainly(context: Context, sampler: str) -> Sampling:
    """How all ways are drawn: at even steps, guided by nothing of the recipe's own."""
    own = ddpm(context).recipe.sampling
    return replace(own, sampler=sampler, steps=sizes(context).guided_steps, eta=0.0, spacing="uniform", guidance=1.0,
                   clip=False)


def raw(context: Context, sets: Tensor | None = None) -> Denoiser:
    """The model neither clipped nor guided, told label sets or nothing."""
    model = ddpm(context)
    return model.experiment.denoiser(model.trained.networks, sets, plainly(context, "ddim"))
