"""A set of points in the plane with everything that is known about where it came from."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from genloom.data.density import Boxes, Gaussians
from genloom.errors import InputError


class PointSet(NamedTuple):
    """Points, their classes, and the density they were drawn from.

    points        (N, 2) float32
    labels        class of each point, (N,) int64, or None where no classes were asked for
    class_names   one name per class; empty where there are none
    name          the pattern
    description   one line: what it is, and the exact facts about its density
    density       the density in closed form, or None where there is none (use the cloud of points itself)
    """

    points: Tensor
    labels: Tensor | None
    class_names: tuple[str, ...]
    name: str
    description: str
    density: Boxes | Gaussians | None = None

    @property
    def classes(self) -> int:
        """The number of classes, 0 where there are none."""
        return len(self.class_names)


class Grouping(NamedTuple):
    """How a pattern's natural parts (letters, rings, components) become classes: part i of P is in class ⌊i·K/P⌋."""

    part_labels: Sequence[int]
    names: tuple[str, ...]


def group(parts: Sequence[str], classes: int) -> Grouping | None:
    """Neighbouring parts share a class when there are fewer classes than parts; None for 0 classes.

    >>> group(["C", "S", "4", "4", "6"], 2)
    Grouping(part_labels=[0, 0, 0, 1, 1], names=('C S 4', '4 6'))

    Errors: `InputError` unless classes is 0 or in [2, number of parts].
    """
    if classes == 0:
        return None
    if not 2 <= classes <= len(parts):
        allowed = "0, for a pattern of one part" if len(parts) < 2 else f"0 or from 2 to {len(parts)} for this pattern"
        raise InputError("data.classes", classes, allowed)
    labels = [i * classes // len(parts) for i in range(len(parts))]
    names = [" ".join(part for part, label in zip(parts, labels, strict=True) if label == k) for k in range(classes)]
    return Grouping(labels, tuple(names))
