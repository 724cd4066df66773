"""Who judges: a classifier that is not the guide, with its features, real pictures as reference, and their floor."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import centre, to_floats
from genloom.diffusion.prediction import as_tensor
from genloom.metrics.features import Extractor, Reference, distance_name, extract, reference
from genloom.metrics.interval import Interval, mean_interval, wilson_interval
from genloom.metrics.picture_scores import PictureScores, compare
from genloom.recipes.classifier_guidance import TrainedClassifier, load_classifier
from genloom.recipes.extractors import NetworkFeatures
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.guided_sampling.work import Digits, Drawn, digits

CLEAN, NOISY = "digit-classifier", "digit-classifier-noisy"
REAL = "real test digits, same N"
_FLOORS = 8  # sets of real pictures at most


class Scored(NamedTuple):
    """Pictures beside real ones, and how often the judge sees the class that was asked for, with Wilson's interval."""

    scores: PictureScores
    agreement: Interval


class Real(NamedTuple):
    """Sets of other real pictures, scored as generated ones are; the numbers are the means over the sets."""

    sets: tuple[Scored, ...]

    def mean(self, field: str) -> float:
        """The mean of a field of `PictureScores`."""
        return sum(float(getattr(each.scores, field)) for each in self.sets) / len(self.sets)

    @property
    def agreement(self) -> Interval:
        """Over all sets together."""
        n = sum(each.agreement.n for each in self.sets)
        return wilson_interval(round(sum(each.agreement.value * each.agreement.n for each in self.sets)), n)


class Judge(NamedTuple):
    """A classifier, its penultimate layer as an extractor, and the training pictures seen by it."""

    name: str
    classifier: TrainedClassifier
    extractor: Extractor
    known: Reference

    @property
    def distance(self) -> str:
        """What its Fréchet distance is called."""
        return distance_name(self.extractor)

    @property
    def kernel(self) -> str:
        """What its kernel distance is called."""
        return f"KID-{self.extractor.name}"

    @torch.no_grad()
    def logits(self, pictures: Tensor) -> Tensor:
        """Logits (N, K) of pictures, bytes (N, C, S, S)."""
        return torch.cat([self.classifier.logits(to_floats(part)) for part in torch.split(pictures, 256)])

    def agrees(self, pictures: Tensor, labels: Tensor) -> Interval:
        """The share of pictures whose class it takes for the one asked for."""
        right = self.logits(pictures).argmax(1) == labels
        return wilson_interval(int(right.sum()), len(labels))

    def score(self, found: Drawn) -> Scored:
        """Everything that is said of drawn pictures."""
        return Scored(compare(found.pictures, self.known, self.extractor), self.agrees(found.pictures, found.labels))


def classifier(context: Context, name: str) -> TrainedClassifier:
    """A classifier that comes with genloom."""
    return context.once(("classifier", name), lambda: load_classifier(name))


def clean_judge(context: Context) -> Judge:
    """The classifier of clean digits, which guides nothing but the clean-classifier way."""
    return context.once("clean judge", lambda: _judge(context, CLEAN))


def noisy_judge(context: Context) -> Judge:
    """The classifier of noised digits at its first time, where there is next to no noise; it judges its rival alone."""
    return context.once("noisy judge", lambda: _judge(context, NOISY))


def _judge(context: Context, name: str) -> Judge:
    here, found = digits(context), classifier(context, name)
    extractor = here.experiment.extractor if found.process is None else noisy_features(found)
    own = centre(here.experiment.data.pictures[: here.sizes.references], here.recipe.data.size)
    return Judge(name, found, extractor, reference(own, extractor))


def noisy_features(found: TrainedClassifier) -> NetworkFeatures:
    """The penultimate layer of a classifier of noised pictures, shown clean ones as noised at its first time."""
    process = found.process
    assert process is not None
    first = process.schedule.level(max(process.schedule.first, 1e-3))

    def features(pictures: Tensor) -> Tensor:
        x = to_floats(pictures)
        told = as_tensor(process.condition(first), x).float()
        return found.network.to(x.device).features(x, told)

    return NetworkFeatures("digits-noisy", found.digest, found.network.shape.features, features)


def kept(here: Digits) -> Drawn:
    """The real pictures that no training saw, with their classes, in a random order of their own.

    The first half of MNIST's test digits is by other people than the second, and easier to read.
    """
    pictures, labels = here.experiment.kept.pictures, here.experiment.kept.labels
    assert labels is not None
    order = torch.randperm(len(labels), generator=generator(0, 43))
    return Drawn(centre(pictures, here.recipe.data.size)[order], labels[order], math.nan, 0.0)


def real(context: Context, judge: Judge, count: int) -> Real:
    """Disjoint sets of `count` real test pictures each, as many as there are and at most eight."""
    def work() -> Real:
        whole = kept(digits(context))
        size = min(count, len(whole.labels))
        sets = min(_FLOORS, len(whole.labels) // size)
        return Real(tuple(judge.score(_part(whole, k * size, size)) for k in range(sets)))

    return context.once(("real", judge.name, count), work)


def _part(whole: Drawn, first: int, size: int) -> Drawn:
    return whole._replace(pictures=whole.pictures[first : first + size], labels=whole.labels[first : first + size])


def diversity(judge: Judge, pictures: Tensor, labels: Tensor, known: Sequence[float]) -> Interval:
    """The mean distance of two pictures of one class over that of two real ones: mean over classes, ± Student's.

    known   the real ones' mean distances, by class; a class with fewer than two pictures is left out
    """
    each = pair_distances(judge, pictures, labels, len(known))
    return mean_interval([d / k for d, k in zip(each, known, strict=True) if math.isfinite(d) and k > 0])


def pair_distances(judge: Judge, pictures: Tensor, labels: Tensor, classes: int) -> list[float]:
    """The mean distance between the features of two pictures of a class, by class; NaN for fewer than two."""
    seen, found = extract(judge.extractor, pictures), []
    for k in range(classes):
        own = seen[labels == k]
        pairs = torch.pdist(own)
        found.append(float(pairs.mean()) if len(pairs) else math.nan)
    return found


def real_distances(context: Context, judge: Judge) -> list[float]:
    """Those of real test pictures."""
    def work() -> list[float]:
        whole, here = kept(digits(context)), digits(context)
        return pair_distances(judge, whole.pictures[:4096], whole.labels[:4096], here.classes)

    return context.once(("real distances", judge.name), work)


def about(judge: Judge, scored: PictureScores) -> str:
    """What a distance was taken in and against."""
    said = (f"{judge.extractor.dim} features of {judge.extractor.name}, sha256 {judge.extractor.digest[:12]}; "
            f"reference of {scored.references:,} training pictures, sha256 {scored.reference_digest[:12]}")
    return f"{said}; {scored.note}" if scored.note else said
