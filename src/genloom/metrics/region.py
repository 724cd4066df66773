"""Where points fall: the share inside boxes, and how often a point lies in the region of its class."""

from typing import NamedTuple

from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.interval import Interval, wilson_interval


class RegionAccuracy(NamedTuple):
    """How many points lie in the region of their class, each with a 95 % Wilson interval.

    overall   over all points
    classes   class by class; None for a class without points
    """

    overall: Interval
    classes: tuple[Interval | None, ...]


def share_inside(points: Tensor, low: Tensor, high: Tensor) -> Interval:
    """Share of the points (N, D) that lie in at least one of the boxes (K, D) or (D,), borders included.

    Bounds may be infinite.

    Errors: `InputError` for no points or shapes that do not fit together.
    """
    return _share(_inside(points, low, high).any(dim=1))


def region_accuracy(points: Tensor, labels: Tensor, low: Tensor, high: Tensor, box_labels: Tensor) -> RegionAccuracy:
    """How many of the points (N, D) lie in a box of their own class; the boxes of one class are its region.

    labels       class that each point was drawn for, (N,)
    low, high    corners, (K, D)
    box_labels   class of each box, (K,)

    Errors: `InputError` for no points, shapes that do not fit together, or a label that no box has.
    """
    inside = _inside(points, low, high)
    if labels.shape != (len(points),) or box_labels.shape != (inside.shape[1],):
        shapes = (tuple(labels.shape), tuple(box_labels.shape))
        raise InputError("labels, box_labels", shapes, f"of shapes ({len(points)},) and ({inside.shape[1]},)")
    strange = sorted(set(labels.tolist()) - set(box_labels.tolist()))
    if strange:
        raise InputError("labels", strange[0], f"one of the boxes' classes {sorted(set(box_labels.tolist()))}")
    right = (inside & (labels[:, None] == box_labels)).any(dim=1)
    classes = tuple(_share(right[labels == k]) if (labels == k).any() else None
                    for k in range(int(box_labels.max()) + 1))
    return RegionAccuracy(_share(right), classes)


def _inside(points: Tensor, low: Tensor, high: Tensor) -> Tensor:
    low, high = (corner.double().reshape(-1, corner.shape[-1]) for corner in (low, high))
    if points.ndim != 2 or len(points) == 0:
        raise InputError("points", tuple(points.shape), "of shape (N, D) with N ≥ 1")
    if low.shape != high.shape or low.shape[1] != points.shape[1]:
        raise InputError("low, high", (tuple(low.shape), tuple(high.shape)), f"both of shape (K, {points.shape[1]})")
    x = points.double()[:, None, :]
    return ((x >= low) & (x <= high)).all(dim=2)


def _share(mask: Tensor) -> Interval:
    return wilson_interval(int(mask.sum()), len(mask))
