"""A set of pictures of one size with everything that is known about where it came from."""

import hashlib
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.rng import generator

_SPLIT_SEED = 0x73706C6974  # one for all, so that two models of the same data keep the same pictures back


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageSet:
    """Pictures, their classes, and where they come from.

    pictures      (N, C, S, S) uint8, mapped from a file where the set is large; to be read, not written
    labels        class of each picture, (N,) int64, or None where there are no classes
    class_names   one name per class; empty where there are none
    description   one line: what it is, how many, and what was left out
    skipped       "name: reason" of each file that was left out
    digest        SHA-256 of pictures, labels and preparation
    shuffled      the pictures are in a random order already, so that any part is a fair sample
    """

    pictures: Tensor
    labels: Tensor | None
    class_names: tuple[str, ...]
    description: str
    skipped: tuple[str, ...] = ()
    digest: str = ""
    shuffled: bool = False

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def classes(self) -> int:
        """The number of classes, 0 where there are none."""
        return len(self.class_names)

    @property
    def size(self) -> int:
        """Width and height of the stored pictures."""
        return int(self.pictures.shape[-1])

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        return int(self.pictures.shape[1])


def split(imageset: ImageSet, share: float) -> tuple[ImageSet, ImageSet]:
    """(for training, kept back): a `share` of the pictures, at least one, is kept, by a permutation of a fixed seed.

    A shuffled set is cut in two without copying it.

    Errors: `InputError` unless 0 < share < 1 and there are two pictures or more.
    """
    count = len(imageset)
    if not 0 < share < 1:
        raise InputError("data.holdout", share, "above 0 and below 1")
    if count < 2:
        raise InputError("data.holdout", share, f"a share of at least 2 pictures, not of {count}", "give more pictures")
    kept = min(max(1, round(count * share)), count - 1)
    if imageset.shuffled:
        return (_part(imageset, slice(0, count - kept), f"all but {kept:,} of "),
                _part(imageset, slice(count - kept, count), f"{kept:,} kept back of "))
    order = torch.randperm(count, generator=generator(_SPLIT_SEED))
    return (_part(imageset, order[kept:].sort().values, f"all but {kept:,} of "),
            _part(imageset, order[:kept].sort().values, f"{kept:,} kept back of "))


def _part(imageset: ImageSet, which: slice | Tensor, words: str) -> ImageSet:
    chosen = torch.arange(len(imageset))[which]
    digest = hashlib.sha256(imageset.digest.encode() + chosen.numpy().tobytes()).hexdigest()
    return replace(imageset, pictures=imageset.pictures[which], digest=digest, description=words + imageset.description,
                   labels=None if imageset.labels is None else imageset.labels[which])
