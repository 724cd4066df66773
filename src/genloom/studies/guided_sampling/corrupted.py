"""Real pictures made worse in ways whose effect is known."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.data.images.augment import centre
from genloom.metrics.inception_score import InceptionScore, inception_score
from genloom.metrics.picture_scores import PictureScores, compare
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.guided_sampling.judges import Judge, clean_judge, kept
from genloom.studies.guided_sampling.work import digits

BLUR, NOISE, FAINT, COPIES = 2.0, 80.0, 40.0, 16
"""Standard deviations of the blur in pixels and of two noises in bytes; how often each duplicate is there."""


class Tried(NamedTuple):
    """A set of pictures as every metric sees it.

    classes   the Inception score's analogue with the digits' classifier
    copied    share of the pictures that equal a training picture, pixel for pixel
    alike     share of the pictures that equal another one of the set
    """

    scores: PictureScores
    classes: InceptionScore
    copied: float
    alike: float


class Source(NamedTuple):
    """Real pictures to make sets of.

    own       test pictures, as many as a set has
    whole     all test pictures, and their classes
    trained   the reference's
    """

    own: Tensor
    whole: Tensor
    labels: Tensor
    trained: Tensor
    random: torch.Generator


def _noised(source: Source, spread: float) -> Tensor:
    noisy = source.own.float() + spread * torch.randn(source.own.shape, generator=source.random)
    return noisy.round().clamp(0, 255).to(torch.uint8)


def _one_class(source: Source) -> Tensor:
    only = source.whole[source.labels == 7]
    return only.repeat(-(-len(source.own) // len(only)), 1, 1, 1)


REAL = "other real digits"
KINDS: dict[str, Callable[[Source], Tensor]] = {
    REAL: lambda source: source.own,
    "blurred": lambda source: blur(source.own, BLUR),
    "faintly noised": lambda source: _noised(source, FAINT),
    "noised": lambda source: _noised(source, NOISE),
    "no ones": lambda source: source.whole[source.labels != 1],
    "only sevens": _one_class,
    f"each {COPIES} times": lambda source: source.own[: -(-len(source.own) // COPIES)].repeat(COPIES, 1, 1, 1),
    "training pictures": lambda source: source.trained,
}
"""Sets by name; the first pictures of each are taken."""


def blur(pictures: Tensor, spread: float) -> Tensor:
    """Pictures, bytes (N, C, S, S), under a Gaussian of that standard deviation in pixels, edges continued."""
    reach = int(3 * spread + 0.5)
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / spread) ** 2)
    kernel = (weights[:, None] * weights) / weights.sum() ** 2
    channels = pictures.shape[1]
    wide = F.pad(pictures.float(), (reach,) * 4, mode="replicate")
    seen = F.conv2d(wide, kernel.expand(channels, 1, -1, -1), groups=channels)
    return seen.round().clamp(0, 255).to(torch.uint8)


def tried(context: Context) -> dict[str, Tried]:
    """Every set through every metric."""
    return context.once("corrupted", lambda: _tried(context))


def _tried(context: Context) -> dict[str, Tried]:
    here, judge, whole = digits(context), clean_judge(context), kept(digits(context))
    trained = centre(here.experiment.data.pictures[: here.sizes.references], here.recipe.data.size)
    count, found = min(here.sizes.real, len(whole.labels), len(trained)), {}
    for k, (name, make) in enumerate(KINDS.items()):
        source = Source(whole.pictures[:count], whole.pictures, whole.labels, trained, generator(context.seed, 41, k))
        found[name] = _look(judge, make(source)[:count], trained)
    return found


def _look(judge: Judge, made: Tensor, trained: Tensor) -> Tried:
    known = {picture.numpy().tobytes() for picture in trained}
    own = [picture.numpy().tobytes() for picture in made]
    apart = len(set(own))
    return Tried(compare(made, judge.known, judge.extractor), inception_score(judge.logits(made), splits=1),
                 sum(each in known for each in own) / len(own), 1 - apart / len(own))
