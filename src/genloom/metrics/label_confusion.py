"""What is taken for what among things with two names, such as "red cube": the colour, the shape, or both."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.label_accuracy import LabelAccuracy

_COLOUR_FIRST = 1.01  # a shared colour decides between pairings that share equally much


class Attributes(NamedTuple):
    """Colours and shapes in their order, and those of each of K things as places in them, int64 (K,)."""

    colours: tuple[str, ...]
    shapes: tuple[str, ...]
    colour: Tensor
    shape: Tensor


class Shares(NamedTuple):
    """Of all labels: those that are named, and those for which something of the same colour, or shape, or neither is.

    The four add up to 1.
    """

    right: float
    shape_wrong: float
    colour_wrong: float
    both_wrong: float

    @property
    def colour(self) -> float:
        """Share of labels whose colour is named."""
        return self.right + self.shape_wrong

    @property
    def shape(self) -> float:
        """Share of labels whose shape is named."""
        return self.right + self.colour_wrong


def attributes(names: Sequence[str]) -> Attributes | None:
    """The attributes of things that are all called "COLOUR SHAPE"; None where one of them is not.

    >>> attributes(["gray cube", "red cube", "red ball"]).shape.tolist()
    [0, 0, 1]
    """
    words = [name.split() for name in names]
    if not words or any(len(each) != 2 for each in words):
        return None
    colours, shapes = (tuple(dict.fromkeys(each[i] for each in words)) for i in (0, 1))
    return Attributes(colours, shapes, torch.tensor([colours.index(first) for first, _ in words]),
                      torch.tensor([shapes.index(second) for _, second in words]))


def confusion(found: LabelAccuracy, known: Attributes) -> Tensor:
    """How often each thing (row) is answered by each (column), int64 (K, K); rows add up to how often it is there.

    A label that is named stands on the diagonal. Those of a picture that are missed are paired with its wrong answers
    such that as many colours and shapes as possible are shared, colours where that leaves a choice: which of two wrong
    answers stands for which of two missed things is not told, so that nothing is called a worse mistake than it is.

    Errors: `InputError` for attributes of another number of things.
    """
    things = found.sets.shape[1]
    if len(known.colour) != things:
        raise InputError("names", f"{len(known.colour)} names", f"{things}, one for each label")
    counts = torch.diag((found.said & found.sets).sum(0))
    scores = _COLOUR_FIRST * _same(known.colour) + _same(known.shape)
    for picture in (found.hits < found.counts).nonzero()[:, 0].tolist():
        missed = (found.sets[picture] & ~found.said[picture]).nonzero()[:, 0]
        wrong = (found.said[picture] & ~found.sets[picture]).nonzero()[:, 0]
        rows, columns = _paired(scores[missed][:, wrong])
        counts[missed[rows], wrong[columns]] += 1  # no pair occurs twice in one picture
    return counts


def shares(counts: Tensor, known: Attributes) -> Shares:
    """The four shares of a matrix of counts (K, K)."""
    total = counts.sum().double()
    same_colour, same_shape = _same(known.colour).bool(), _same(known.shape).bool()
    return Shares(*(float(counts[which].sum() / total) for which in (
        same_colour & same_shape, same_colour & ~same_shape, ~same_colour & same_shape, ~same_colour & ~same_shape)))


def blind(counts: Tensor, known: Attributes) -> Shares:
    """The same mistakes if every wrong answer were equally likely: what the shares of mistakes stand beside."""
    missed = counts.sum(1) - counts.diagonal()
    evenly = (missed.double() / max(len(counts) - 1, 1))[:, None].expand(counts.shape).clone()
    return shares(evenly.diagonal_scatter(counts.diagonal().double()), known)


def merged(counts: Tensor, of: Tensor, groups: int) -> Tensor:
    """Counts (K, K) of things as counts (groups, groups) of their attribute, of which `of` (K,) says the place."""
    return torch.zeros(groups, groups, dtype=counts.dtype).index_put_((of[:, None], of[None, :]), counts,
                                                                     accumulate=True)


def _same(of: Tensor) -> Tensor:
    return (of[:, None] == of[None, :]).double()


def _paired(scores: Tensor) -> tuple[list[int], list[int]]:
    if scores.numel() == 1:
        return [0], [0]
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(scores.numpy(), maximize=True)
    return rows.tolist(), columns.tolist()
