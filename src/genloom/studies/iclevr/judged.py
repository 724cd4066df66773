"""How many labels an evaluator sees in pictures: generated ones over several seeds, and real ones of the same sets."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import centre
from genloom.data.images.labelsets import named
from genloom.data.scenes.drawing import render
from genloom.metrics.interval import Interval
from genloom.metrics.label_accuracy import Chance, Grouped, LabelAccuracy, grouped
from genloom.metrics.label_confusion import Shares, attributes, blind, confusion, shares
from genloom.recipes import label_lists
from genloom.recipes.trained_evaluator import Evaluator
from genloom.report.numbers import measured
from genloom.report.results import Result
from genloom.rng import fold
from genloom.studies.context import Context
from genloom.studies.iclevr import work
from genloom.studies.iclevr.work import LISTS, Model, drawn, labels_of, names, sets_of, unread

_RENDERS = 4  # of each label set, where pictures are rendered
_MOST = 3000  # real pictures that an evaluator is tried on
HOW = ("Accuracy is the course's: an evaluator names as many objects as a picture has labels, those of its highest "
       "outputs, and the share of labels among them counts. Precision, recall and F1 are then one number. Micro is "
       "over labels, macro over pictures. Intervals are bootstraps over label sets, each with all its sampling seeds.")
"""What the numbers mean."""


class Judged(NamedTuple):
    """What an evaluator says of pictures.

    found    its answers beside the labels
    groups   (N,), which label set of the list each picture is of
    """

    found: LabelAccuracy
    groups: Tensor

    @property
    def share(self) -> Grouped:
        """Micro, macro and whole, each label set weighing once."""
        return grouped(self.found, self.groups)

    @property
    def micro(self) -> Interval:
        """Accuracy over labels."""
        return self.share.micro

    @property
    def chance(self) -> Chance:
        """The accuracy of pictures that know nothing of their labels."""
        return self.found.chance

    @property
    def sets(self) -> int:
        """Number of label sets that there are pictures of."""
        return len(set(self.groups.tolist()))

    def part(self, which: Tensor) -> "Judged":
        """Of some of the pictures."""
        return Judged(self.found.part(which), self.groups[which])

    def by_count(self) -> Mapping[int, Interval]:
        """Micro of pictures with one label, with two and with three."""
        counts = self.found.counts
        return {k: self.part(counts == k).micro for k in sorted(set(counts.tolist()))}

    def mistakes(self, objects: Sequence[str]) -> tuple[Shares, Shares]:
        """Labels that are right, of which the shape alone is wrong, and so on; and were wrong answers blind."""
        known = attributes(objects)
        assert known is not None
        counts = confusion(self.found, known)
        return shares(counts, known), blind(counts, known)


def judge_sets(evaluator: Evaluator, each: Sequence[Tensor], sets: Tensor) -> Judged:
    """Of pictures of the same label sets (K, 24), once or several times: bytes (K, 3, S, S) each."""
    found = evaluator.accuracy(torch.cat(list(each)), sets.repeat(len(each), 1))
    return Judged(found, torch.arange(len(sets)).repeat(len(each)))


def judged(context: Context, model: Model, listed: str, evaluator: Evaluator) -> Judged:
    """Of a model's pictures for a list, with every seed."""
    def said() -> label_lists.Judged:
        return label_lists.judged(drawn(context, model), evaluator)

    found = context.once(("judged", model.name, evaluator.digest), said).seen(listed).accuracy
    return Judged(found, torch.arange(len(found.sets)) % len(sets_of(context, listed)))


def real(context: Context, listed: str, evaluator: Evaluator) -> Judged:
    """Of real pictures of the same label sets that no evaluator was trained on.

    Of i-CLEVR these are kept-back ones, and some sets have none; scenes are rendered anew.
    """
    return context.once(("real", listed, evaluator.digest), partial(_real, context, listed, evaluator))


def _real(context: Context, listed: str, evaluator: Evaluator) -> Judged:
    there = real_pictures(context, listed)
    return Judged(evaluator.accuracy(there.pictures, there.sets), there.groups)


class Labelled(NamedTuple):
    """Real pictures, bytes (N, 3, S, S), their label sets (N, 24), and the places of these in a list (N,)."""

    pictures: Tensor
    sets: Tensor
    groups: Tensor


def real_pictures(context: Context, listed: str) -> Labelled:
    """Real pictures of the sets of a list that no evaluator was trained on."""
    return real_of(context, sets_of(context, listed))


def real_of(context: Context, sets: Tensor, *, renders: int = _RENDERS) -> Labelled:
    """Real pictures of label sets (K, 24) that no evaluator was trained on: kept-back ones, or scenes rendered anew."""
    there = unread(context)
    if work.ddpm_recipe(context).data.source == "scenes":
        return rendered(sets, names(context), there.size, renders, context.seed)
    same = (labels_of(there)[:, None] == sets[None]).all(2)
    rows = same.any(1).nonzero()[:, 0]
    return Labelled(there.pictures[rows], labels_of(there)[rows], same[rows].int().argmax(1))


def rendered(sets: Tensor, objects: Sequence[str], size: int, count: int, seed: int) -> Labelled:
    """New scenes of label sets (K, 24), `count` of each, of seeds that no training set has."""
    made, groups = [], []
    for group, each in enumerate(named(sets, objects)):
        for k in range(count):
            made.append(torch.from_numpy(render(each, fold(seed, 0x72656E64, group, k), size)).permute(2, 0, 1))
            groups.append(group)
    return Labelled(torch.stack(made), sets[groups], torch.tensor(groups))


def kept(context: Context, evaluator: Evaluator) -> LabelAccuracy:
    """Of real pictures of all label sets, as they come, that no evaluator was trained on."""
    def said() -> LabelAccuracy:
        there = unread(context)
        seen = centre(there.pictures[:_MOST], work.ddpm_recipe(context).data.size)
        return evaluator.accuracy(seen, labels_of(there)[:_MOST])

    return context.once(("kept", evaluator.digest), said)


def both(context: Context, model: Model, evaluator: Evaluator) -> dict[str, Judged]:
    """A model's two accuracies by list."""
    return {listed: judged(context, model, listed, evaluator) for listed in LISTS}


def cell(share: Interval) -> str:
    """A share ± its interval, for a table."""
    return measured(Result(name="", value=share.value, interval=(share.low, share.high)))
