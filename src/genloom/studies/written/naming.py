"""Classes by their sentences and classes by labels, of pictures with one object; and what the loss can come to."""

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.data.images.labelsets import COLOURS, NAMES, SHAPES
from genloom.data.scenes.captions import encode
from genloom.metrics.interval import Interval, wilson_interval
from genloom.nn.contrastive import Contrastive
from genloom.rng import fold, generator
from genloom.studies.written import pictures_and_sentences as model
from genloom.studies.written.pictures_and_sentences import BATCH, SHOWN, Scenes

LABELS = (2, 4, 8, 16)
"""Labelled pictures of each class that a supervised classifier gets."""
TASKS: dict[str, tuple[str, ...]] = {"object": NAMES, "colour": COLOURS, "shape": SHAPES}
_BATCHES = 8


class Trained(NamedTuple):
    """The model, its loss by step, its loss on fresh pictures, and the pictures that it is asked about.

    judged   single objects of all 24 classes, of which the network has seen none
    labelled more of them, for classifiers that are given labels
    """

    network: Contrastive
    losses: list[float]
    fresh: list[float]
    judged: Scenes
    labelled: Scenes


def trained(seed: int, scenes: int, steps: int, each: int) -> Trained:
    """The model of `scenes` scenes, and `each` pictures of every class to ask about."""
    network, losses = model.train(model.pairs(scenes, seed), steps, seed)
    fresh_pictures = model.pairs(_BATCHES * BATCH // 2, fold(seed, 151))
    fresh = model.losses(network, fresh_pictures, fold(seed, 152))
    return Trained(network, losses, fresh, model.singles(NAMES, each, fold(seed, 153)),
                   model.singles(NAMES, max(LABELS), fold(seed, 154)))


def accuracy(network: Contrastive, scenes: Scenes, task: str) -> Interval:
    """Share of pictures whose nearest sentences are those of the right class of a task."""
    names = TASKS[task]
    right = model.guesses(network, scenes.pictures, names) == truth(scenes, task)
    return wilson_interval(int(right.sum()), len(right))


def truth(scenes: Scenes, task: str) -> Tensor:
    """The number of the right class of each picture, (N,)."""
    words = [{"object": name, "colour": name.split()[0], "shape": name.split()[1]}[task] for name, in scenes.names]
    return torch.tensor([TASKS[task].index(word) for word in words])


def only(scenes: Scenes, names: Sequence[str]) -> Scenes:
    """The pictures of these objects."""
    kept = torch.tensor([shown[0] in names for shown in scenes.names])
    return Scenes(scenes.pictures[kept], tuple(shown for shown in scenes.names if shown[0] in names))


def least_loss(*, bound: bool = True) -> float:
    """E log(1 + B) in nats, B ~ Binomial(N − 1, p(S)) other pictures of a batch that show the same objects.

    Half of the pictures show one of the objects of training, half one of the pairs of them.

    bound   whether scores tell which colour goes with which shape; if not, pairs with their colours exchanged count too
    """
    pairs = list(combinations(SHOWN, 2))
    alike = [1 + (not bound and exchanged(*pair) is not None) for pair in pairs]
    together = fmean(_confused(0.5 * count / len(pairs)) for count in alike)
    return (_confused(0.5 / len(SHOWN)) + together) / 2


def _confused(p: float) -> float:
    """E log(1 + B) for B ~ Binomial(N − 1, p)."""
    from scipy.stats import binom

    others = np.arange(BATCH)
    return float(binom.pmf(others, BATCH - 1, p) @ np.log1p(others))


def exchanged(first: str, second: str) -> tuple[str, str] | None:
    """Two objects with their colours exchanged, if that is another pair that training shows; else None.

    >>> exchanged("red sphere", "gray cylinder"), exchanged("red sphere", "gray cube")
    (('gray sphere', 'red cylinder'), None)
    """
    (one, shape), (two, other) = first.split(), second.split()
    found = f"{two} {shape}", f"{one} {other}"
    return found if one != two and shape != other and set(found) <= set(SHOWN) else None


def supervised(found: Trained, seed: int) -> dict[str, list[Interval]]:
    """Accuracy over 24 classes of logistic regressions with 2 … 16 labels of each, on pixels and on the features."""
    from sklearn.linear_model import LogisticRegression

    with torch.no_grad():
        views = {"pixels": (found.labelled.pictures.flatten(1), found.judged.pictures.flatten(1)),
                 "features of the model": tuple(found.network.placed(found.network.left(scenes.pictures))
                                                for scenes in (found.labelled, found.judged))}
    classes, asked = truth(found.labelled, "object"), truth(found.judged, "object").numpy()
    order = torch.rand(len(classes), generator=generator(seed, 155))
    rank = torch.stack([(order[classes == classes[k]] < order[k]).sum() for k in range(len(classes))])
    curves: dict[str, list[Interval]] = {}
    for name, (learn, judge) in views.items():
        scale = learn.std()
        curves[name] = []
        for count in LABELS:
            kept = rank < count
            fitted = LogisticRegression(C=10.0, max_iter=200).fit((learn[kept] / scale).numpy(), classes[kept].numpy())
            right = fitted.predict((judge / scale).numpy()) == asked
            curves[name].append(wilson_interval(int(right.sum()), len(right)))
    return curves


def swapped(network: Contrastive, seed: int, count: int = 200) -> Interval:
    """Share of pictures of two objects that are nearer to their sentence than to the one with the colours swapped."""
    draws = np.random.default_rng(fold(seed, 156))
    right: list[bool] = []
    while len(right) < count:
        first, second = (SHOWN[k] for k in draws.choice(len(SHOWN), 2, replace=False))
        true, other = (first, second), exchanged(first, second)
        if other is None:
            continue
        picture = model.scene(true, fold(seed, 157, len(right)))
        said = encode([f"a {a} and a {b}" for a, b in (true, other)])
        with torch.no_grad():
            scores = network(picture, said)[0]
        right.append(bool(scores[0] > scores[1]))
    return wilson_interval(sum(right), count)
