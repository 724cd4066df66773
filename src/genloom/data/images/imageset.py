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
    labels        class of each picture, (N,) int64; or its set of labels, (N, K) uint8 of zeros and ones; or None
    class_names   one name per class or label; empty where there are none
    description   one line: what it is, how many, and what was left out
    skipped       "name: reason" of each file that was left out
    digest        SHA-256 of pictures, labels and preparation
    shuffled      the pictures, or their groups, are in a random order already, so that any part is a fair sample
    groups        (N,) int64, equal for pictures of one scene, which no split may part; those of a shuffled set are
                  neighbours
    """

    pictures: Tensor
    labels: Tensor | None
    class_names: tuple[str, ...]
    description: str
    skipped: tuple[str, ...] = ()
    digest: str = ""
    shuffled: bool = False
    groups: Tensor | None = None

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def classes(self) -> int:
        """The number of classes, or of labels, 0 where there are none."""
        return len(self.class_names)

    @property
    def sets(self) -> bool:
        """Whether each picture has a set of labels, not one class."""
        return self.labels is not None and self.labels.ndim == 2

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

    Pictures of one group stay together: of groups as many are kept as come nearest to that. A shuffled set is cut in
    two without copying it.

    Errors: `InputError` unless 0 < share < 1 and there are two pictures, or groups, or more.
    """
    count = len(imageset)
    if not 0 < share < 1:
        raise InputError("data.holdout", share, "above 0 and below 1")
    if count < 2:
        raise InputError("data.holdout", share, f"a share of at least 2 pictures, not of {count}", "give more pictures")
    if imageset.groups is not None:
        return _split_groups(imageset, imageset.groups, share)
    kept = min(max(1, round(count * share)), count - 1)
    if imageset.shuffled:
        return _cut(imageset, count - kept)
    order = torch.randperm(count, generator=generator(_SPLIT_SEED))
    return _divide(imageset, order[kept:].sort().values, order[:kept].sort().values)


def _split_groups(imageset: ImageSet, groups: Tensor, share: float) -> tuple[ImageSet, ImageSet]:
    """As many pictures as come nearest to the share, in whole groups, at least one and not all."""
    sizes = torch.unique_consecutive(groups, return_counts=True)[1] if imageset.shuffled else torch.bincount(groups)
    present = sizes.nonzero().squeeze(1)
    if len(present) < 2:
        raise InputError("data.holdout", share, "a share of at least 2 scenes, not of 1", "give more pictures")
    order = torch.arange(len(sizes)).flip(0) if imageset.shuffled else present[
        torch.randperm(len(present), generator=generator(_SPLIT_SEED))]
    taken = sizes[order].cumsum(0)
    last = int((taken[:-1] - len(imageset) * share).abs().argmin())
    if imageset.shuffled:
        return _cut(imageset, len(imageset) - int(taken[last]))
    inside = torch.isin(groups, order[: last + 1])
    return _divide(imageset, (~inside).nonzero().squeeze(1), inside.nonzero().squeeze(1))


def _cut(imageset: ImageSet, place: int) -> tuple[ImageSet, ImageSet]:
    count = len(imageset)
    return (_part(imageset, slice(0, place), f"all but {count - place:,} of "),
            _part(imageset, slice(place, count), f"{count - place:,} kept back of "))


def _divide(imageset: ImageSet, train: Tensor, kept: Tensor) -> tuple[ImageSet, ImageSet]:
    return (_part(imageset, train, f"all but {len(kept):,} of "), _part(imageset, kept, f"{len(kept):,} kept back of "))


def _part(imageset: ImageSet, which: slice | Tensor, words: str) -> ImageSet:
    chosen = torch.arange(len(imageset))[which]
    digest = hashlib.sha256(imageset.digest.encode() + chosen.numpy().tobytes()).hexdigest()
    return replace(imageset, pictures=imageset.pictures[which], digest=digest, description=words + imageset.description,
                   labels=None if imageset.labels is None else imageset.labels[which],
                   groups=None if imageset.groups is None else imageset.groups[which])
