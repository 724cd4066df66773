"""Lists of label sets: drawn by models that are told them, and looked at by an evaluator that did not guide."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from genloom.data.images.course import CONDITIONS, conditions
from genloom.data.images.imageset import ImageSet
from genloom.data.images.labelsets import multi_hot
from genloom.errors import InputError
from genloom.metrics.label_accuracy import Grouped, grouped
from genloom.recipes import pretrained
from genloom.recipes.judge_evaluator import Seen
from genloom.recipes.trained_evaluator import Evaluator, load_evaluator
from genloom.training.method import Networks
from genloom.training.state import network_tensors

_HALF = 2**-10  # twice the largest relative error of rounding to half precision
JUDGE = "evaluator-iclevr-b"
"""Who judges models of i-CLEVR's pictures; its twin evaluator-iclevr-a may guide them."""


class Told(Protocol):
    """Experiments whose models may be told sets of labels; `recipe` has "data" and "evaluation"."""

    @property
    def recipe(self) -> Any:
        """The recipe."""
        ...

    @property
    def data_root(self) -> Path | None:
        """Folder of real data sets."""
        ...

    @property
    def data(self) -> ImageSet:
        """Pictures of training."""
        ...

    @property
    def kept(self) -> ImageSet:
        """Pictures that no training sees."""
        ...

    @property
    def classes(self) -> int:
        """Number of labels that the model is told, 0 for none."""
        ...

    def draw(self, networks: Networks, *, count: int, seed: int, labels: Tensor | None = None) -> Tensor:
        """Pictures of label sets (count, K): uint8 (count, C, S, S)."""
        ...


def has_lists(experiment: Told) -> bool:
    """Whether there are lists of label sets to be judged on, and a model that can be told them."""
    return bool(experiment.classes) and experiment.data.sets and experiment.recipe.data.source in ("iclevr", "scenes")


def judge_of(experiment: Told) -> Evaluator | None:
    """Who judges: the evaluator that the recipe names, or the one that comes with genloom for i-CLEVR at 64 × 64.

    None where there is none: one that learned real pictures names .74 of the labels of drawn scenes, and is no judge of
    them.

    Errors: those of `load_evaluator`; `InputError` for one of other pictures or labels.
    """
    data, named = experiment.recipe.data, experiment.recipe.evaluation.judge
    known = (data.source, data.size, data.channels) == ("iclevr", 64, 3) and JUDGE in pretrained.names()
    if not named and not known:
        return None
    judge = load_evaluator(named or JUDGE)
    own = judge.recipe.data
    if (own.size, own.channels, judge.class_names) == (data.size, data.channels, experiment.data.class_names):
        return judge
    if not named:
        return None
    raise InputError("evaluation.judge", named, f"an evaluator of {data.channels} × {data.size} × {data.size} pictures "
                     f"with the {len(experiment.data.class_names)} labels of these data",
                     f"`genloom train evaluator-iclevr --data.source {data.source} --data.size {data.size}` makes one")


def judge_facts(experiment: Told) -> tuple[tuple[str, str], ...]:
    """Who judges models that are told label sets, as a line for the banner; none for other models.

    Errors: those of `judge_of`.
    """
    if not has_lists(experiment):
        return ()
    judge = judge_of(experiment)
    said = "nobody; --evaluation.judge names one" if judge is None else f"{judge.place}, sha256 {judge.digest[:12]}"
    return (("judge", said),)


def not_the_guide(judge: Evaluator, guide: Any) -> None:
    """Refuse that who guided also judges: its own mistakes are what guidance exploits.

    guide   an evaluator or a classifier, or None

    Errors: `InputError` where both have the same weights, up to half precision, whatever they are called.
    """
    if guide is not None and (guide.digest == judge.digest or _alike(judge.network, getattr(guide, "network", None))):
        raise InputError("evaluation.judge", judge.place, "another evaluator than the one that guides: whom guidance "
                         "pleases must not judge it", f"guide by evaluator-iclevr-a and judge by {JUDGE}")


def _alike(one: nn.Module, other: nn.Module | None) -> bool:
    """Whether two networks have the same weights but for rounding to half precision, as those that are shipped have."""
    if other is None:
        return False
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(
        mine[key].shape == theirs[key].shape and torch.allclose(
            mine[key].double().cpu(), theirs[key].double().cpu(), rtol=_HALF, atol=_HALF * _HALF) for key in mine)


@dataclass(frozen=True, eq=False)
class Lists:
    """The lists of label sets, one after another.

    rows     those of each list, by its name
    sets     uint8 (N, K)
    labels   names of the K
    """

    rows: Mapping[str, slice]
    sets: Tensor
    labels: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the lists."""
        return tuple(self.rows)


def lists_of(experiment: Told) -> Lists:
    """The label sets of test and new_test, as the labels of these data.

    Errors: `DataError` for files that are missing or wrong.
    """
    data, names = experiment.recipe.data, experiment.data.class_names
    each = {name: conditions(name, source=data.source, folder=data.folder, data_root=experiment.data_root)
            for name in CONDITIONS}
    rows, first = {}, 0
    for name, sets in each.items():
        rows[name] = slice(first, first + len(sets))
        first += len(sets)
    return Lists(rows, multi_hot([one for sets in each.values() for one in sets], names), names)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture of each label set for each seed.

    pictures   uint8 (S, N, C, H, W)
    seeds      the S seeds
    """

    lists: Lists
    pictures: Tensor
    seeds: tuple[int, ...]

    def of(self, name: str, seed: int | None = None) -> Tensor:
        """The pictures of a list with a seed, the first one by default: (n, C, H, W)."""
        place = 0 if seed is None else self.seeds.index(seed)
        return self.pictures[place][self.lists.rows[name]]


def drawn_lists(experiment: Told, networks: Networks, seeds: Sequence[int]) -> Drawn:
    """A picture of each label set of the lists for each seed: a function of the weights, the seed and its place.

    The last ones of an experiment are remembered, so that its numbers and its figures cost one drawing.

    Errors: `InputError` for more labels in a set than the network has tokens for.
    """
    key, last = (weights_digest(networks), tuple(seeds)), _LAST.get(experiment)
    if last is not None and last[0] == key:
        return last[1]
    lists = lists_of(experiment)
    pictures = [experiment.draw(networks, count=len(lists.sets), seed=seed, labels=lists.sets) for seed in seeds]
    drawn = Drawn(lists, torch.stack(pictures), tuple(seeds))
    _LAST[experiment] = key, drawn
    return drawn


def weights_digest(networks: Networks) -> str:
    """SHA-256 of all parameters and buffers."""
    total = hashlib.sha256()
    for name, tensor in network_tensors(networks).items():
        total.update(name.encode() + tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


_LAST: "WeakKeyDictionary[Told, tuple[tuple[str, tuple[int, ...]], Drawn]]" = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Judged:
    """What a judge says of drawn lists; `logits` (S, N, K)."""

    drawn: Drawn
    judge: Evaluator
    logits: Tensor

    @property
    def lists(self) -> Lists:
        """The lists."""
        return self.drawn.lists

    @cached_property
    def all(self) -> Seen:
        """Of all pictures of all lists."""
        return self._seen(slice(None), slice(None))

    def seen(self, name: str, seed: int | None = None) -> Seen:
        """Of the pictures of a list, of all seeds or of one, one seed after another."""
        place = slice(None) if seed is None else slice(k := self.drawn.seeds.index(seed), k + 1)
        return self._seen(place, self.lists.rows[name])

    def accuracy(self, name: str) -> Grouped:
        """Of the pictures of a list; the intervals are over its label sets with all their pictures."""
        found = self.seen(name)
        count = len(found.sets) // len(self.drawn.seeds)
        return grouped(found.accuracy, torch.arange(len(found.sets)) % count)

    def of_seeds(self, name: str) -> tuple[float, ...]:
        """The micro accuracy of a list for each seed."""
        return tuple(self.seen(name, seed).accuracy.micro.value for seed in self.drawn.seeds)

    def _seen(self, seeds: slice, rows: slice) -> Seen:
        logits = self.logits[seeds, rows]
        sets = self.lists.sets[rows].expand(len(logits), -1, -1)
        return Seen(logits.flatten(0, 1), sets.flatten(0, 1), self.judge.class_names)


def judged(drawn: Drawn, judge: Evaluator, guide: Any = None) -> Judged:
    """Ask a judge about drawn lists.

    guide   who guided the drawing, if anybody did

    Errors: `InputError` where the judge guided, or for pictures of another size.
    """
    not_the_guide(judge, guide)
    said = judge.judged(drawn.pictures.flatten(0, 1))
    return Judged(drawn, judge, said.reshape(*drawn.pictures.shape[:2], -1))
