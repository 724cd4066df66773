"""The ways to guide one model to a class, each drawn at several scales from the same starts."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import autoguidance, classifier_free, clipped
from genloom.diffusion.samplers.registry import states
from genloom.diffusion.samplers.state import State
from genloom.recipes.classifier_guidance import TrainedClassifier, guide, guided_denoiser
from genloom.rng import SampleNoise
from genloom.studies.context import Context
from genloom.studies.guided_sampling.judges import CLEAN, NOISY, classifier
from genloom.studies.guided_sampling.work import Digits, Drawn, Walk, bad_digits, digits, draw, drawn, sampling

INTERVAL = (0.3, 3.0)
"""σ/α between which the guidance of an interval applies: neither where the digit is all noise nor where it is done."""


class Tools(NamedTuple):
    """All that a way may need."""

    here: Digits
    bad: Digits
    noisy: TrainedClassifier
    clean: TrainedClassifier


Guided = Callable[[Tools, Tensor, float], Denoiser]
"""(tools, classes, scale) -> the denoiser that is sampled by DDIM."""


class Way(NamedTuple):
    """A way to guide.

    key        for files and for what is drawn once
    name       for people
    denoiser   what DDIM samples; None for classifier guidance inside DDPM
    zero       what the scale 0 is, and `one` the scale 1, in words
    """

    key: str
    name: str
    denoiser: Guided | None
    zero: str
    one: str


def _by_classifier(tools: Tools, labels: Tensor, scale: float) -> Denoiser:
    return guided_denoiser(tools.here.raw(), tools.noisy, labels, scale, clip=True)


def _by_clean(tools: Tools, labels: Tensor, scale: float) -> Denoiser:
    return guided_denoiser(tools.here.raw(), tools.clean, labels, scale, clip=True)


def _free(tools: Tools, labels: Tensor, scale: float) -> Denoiser:
    return clipped(classifier_free(tools.here.raw(labels), tools.here.raw(), scale))


def _interval(tools: Tools, labels: Tensor, scale: float) -> Denoiser:
    return clipped(classifier_free(tools.here.raw(labels), tools.here.raw(), scale, interval=INTERVAL))


def _auto(tools: Tools, labels: Tensor, scale: float) -> Denoiser:
    return clipped(autoguidance(tools.here.raw(labels), tools.bad.raw(labels), scale))


_NONE, _BAYES, _CONDITIONAL = "the unconditional model", "Bayes' rule", "the conditional model"

WAYS = (
    Way("classifier-ddpm", "classifier, DDPM", None, _NONE, _BAYES),
    Way("classifier-ddim", "classifier, DDIM", _by_classifier, _NONE, _BAYES),
    Way("clean-classifier", "clean classifier, x̂0", _by_clean, _NONE, "Bayes' rule, roughly"),
    Way("classifier-free", "classifier-free", _free, _NONE, _CONDITIONAL),
    Way("interval", "classifier-free, interval", _interval, "unconditional inside the interval", _CONDITIONAL),
    Way("autoguidance", "autoguidance", _auto, "the bad version", _CONDITIONAL),
)


def tools(context: Context) -> Tools:
    """The model, its bad version, and the two classifiers."""
    return Tools(digits(context), bad_digits(context), classifier(context, NOISY), classifier(context, CLEAN))


def guided(context: Context, way: Way, scale: float) -> Drawn:
    """The pictures of a way at a scale, drawn once; where they are the plain model's, those are taken."""
    here = digits(context)
    count, steps = here.sizes.guided, here.sizes.guided_steps
    if scale == 1 and way.one == _CONDITIONAL and count <= here.sizes.samples:
        return drawn(context, "ddim", steps).first(count)
    key = "unconditional" if scale == 0 and way.denoiser and way.zero == _NONE else way.key

    def work() -> Drawn:
        context.screen.say(f"drawing {count} pictures: {key}, scale {scale:g}, {steps} steps")
        have = tools(context)
        return draw(have.here, _walk(have, way, scale), count, context.seed, also=have.bad)

    return context.once(("guided", key, scale), work)


def _walk(have: Tools, way: Way, scale: float) -> Walk:
    here, build = have.here, way.denoiser
    chosen = sampling(here, "ddpm" if build is None else "ddim", here.sizes.guided_steps)

    def walk(labels: Tensor, noise: SampleNoise) -> Iterator[State]:
        if build is not None and not (scale == 0 and way.zero == _NONE):
            return here.experiment.walk(build(have, labels, scale), chosen, noise)
        if build is not None:
            return here.experiment.walk(clipped(here.raw()), chosen, noise)
        push = guide(here.raw(), have.noisy, labels, scale) if scale else None
        start = here.experiment.prior.sample(noise)
        return states("ddpm", clipped(here.raw()), start, here.experiment.levels(chosen), noise=noise, guide=push)

    return walk
