"""What a model that comes with genloom knows of its data, so that it draws without them."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from genloom.data.images.imageset import ImageSet
from genloom.data.images.labelsets import multi_hot, named
from genloom.errors import CheckpointError, InputError
from genloom.recipes.images import Data
from genloom.recipes.images_parts import Pictures, floats

LABELS = 512
"""Labels of training pictures that are kept, to draw as often as in the data; their order is random."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """The data of a model, without a picture of it.

    class_names      of the classes or labels
    labels           of the first training pictures, which are in a random order: a class each, or the names of a set
    sets             whether they are sets
    most             the largest set; 0 where there is none
    mean, variance   of the pictures in [−1, 1], where sampling of a diffusion model starts
    description      of the training pictures, in words
    digest           SHA-256 of them with their preparation
    """

    class_names: tuple[str, ...]
    labels: tuple[int, ...] | tuple[tuple[str, ...], ...] | None
    sets: bool
    most: int
    mean: float
    variance: float
    description: str
    digest: str

    @classmethod
    def of(cls, data: ImageSet, size: int) -> "Known":
        """What is known of pictures of training that are seen at a size."""
        x, own = floats(data, size).double(), data.labels
        labels: tuple[Any, ...] | None = None
        if own is not None:
            labels = named(own[:LABELS], data.class_names) if data.sets else tuple(own[:LABELS].tolist())
        most = int(own.sum(1).max()) if own is not None and data.sets else 0
        return cls(class_names=data.class_names, labels=labels, sets=data.sets, most=most, mean=x.mean().item(),
                   variance=x.var().item(), description=data.description, digest=data.digest)

    def pictures(self, data: Data) -> Pictures:
        """Sets of no picture that have these labels and names, in place of those of training and of judging."""
        none = torch.zeros(0, data.channels, data.size, data.size, dtype=torch.uint8)
        empty = ImageSet(pictures=none, labels=self._labels(), class_names=self.class_names,
                         description=f"{self.description} (not read)", digest=self.digest)
        return Pictures(empty, empty)

    def to_json(self) -> dict[str, Any]:
        """All but the names of the classes, as JSON-ready data."""
        return {name: value for name, value in asdict(self).items() if name != "class_names"}

    def _labels(self) -> Tensor | None:
        if self.labels is None:
            return None
        return multi_hot(self.labels, self.class_names) if self.sets else torch.tensor(self.labels)  # type: ignore[arg-type]


def from_json(body: Any, class_names: tuple[str, ...]) -> Known:
    """The inverse of `Known.to_json`.

    Errors: `CheckpointError` for anything else.
    """
    try:
        labels = body["labels"]
        if labels is not None:
            labels = tuple(tuple(map(str, each)) if body["sets"] else int(each) for each in labels)
        found = Known(class_names=class_names, labels=labels, sets=bool(body["sets"]), most=int(body["most"]),
                      mean=float(body["mean"]), variance=float(body["variance"]),
                      description=str(body["description"]), digest=str(body["digest"]))
        found._labels()  # names that are not there are refused here
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise CheckpointError(f"what is known of the data cannot be read: {error}") from error
    return found
