from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from genloom.data.images.imageset import ImageSet, split
from genloom.errors import InputError


def numbered(count: int, *, shuffled: bool = False, classes: bool = True) -> ImageSet:
    """Pictures whose pixels hold their number, and whose class is its parity."""
    number = torch.arange(count)
    return ImageSet(pictures=number.to(torch.uint8).view(-1, 1, 1, 1).repeat(1, 3, 9, 9),
                    labels=number % 2 if classes else None, class_names=("even", "odd") if classes else (),
                    description=f"{count} numbers", digest="abc", shuffled=shuffled)


def numbers(imageset: ImageSet) -> list[int]:
    return [int(level) for level in imageset.pictures[:, 0, 0, 0]]


def test_a_set_tells_what_it_holds() -> None:
    known = numbered(7)
    assert (len(known), known.classes, known.size, known.channels) == (7, 2, 9, 3)
    with pytest.raises(FrozenInstanceError):
        known.digest = ""  # type: ignore[misc]


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(("count", "share", "kept"), [(200, 0.15, 30), (10, 0.01, 1), (10, 0.99, 9), (2, 0.5, 1)])
def test_a_split_loses_and_doubles_nothing(shuffled: bool, count: int, share: float, kept: int) -> None:
    train, held = split(numbered(count, shuffled=shuffled), share)
    assert len(held) == kept
    assert sorted(numbers(train) + numbers(held)) == list(range(count))
    for part in (train, held):
        assert part.labels is not None
        assert [number % 2 for number in numbers(part)] == part.labels.tolist()


def test_a_split_is_the_same_every_time_and_no_run_of_neighbours() -> None:
    first, again = split(numbered(100), 0.2)[1], split(numbered(100), 0.2)[1]
    assert numbers(first) == numbers(again)
    assert numbers(first) == sorted(numbers(first))
    assert max(numbers(first)) - min(numbers(first)) > 60


def test_a_shuffled_set_is_cut_without_a_copy() -> None:
    known = numbered(100, shuffled=True)
    train, held = split(known, 0.25)
    assert train.pictures.data_ptr() == known.pictures.data_ptr()
    assert held.pictures.untyped_storage().data_ptr() == known.pictures.untyped_storage().data_ptr()


def test_the_parts_have_digests_and_descriptions_of_their_own() -> None:
    train, held = split(numbered(20), 0.25)
    assert len({train.digest, held.digest, numbered(20).digest, split(numbered(20), 0.3)[0].digest}) == 4
    assert (train.description, held.description) == ("all but 5 of 20 numbers", "5 kept back of 20 numbers")
    assert split(numbered(20, classes=False), 0.25)[0].labels is None


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InputError, match=r"data.holdout"):
        split(numbered(20), share)


def test_one_picture_cannot_be_split() -> None:
    with pytest.raises(InputError, match=r"of at least 2 pictures, not of 1; give more pictures"):
        split(numbered(1), 0.5)


def scenes(*sizes: int, shuffled: bool) -> ImageSet:
    """Numbered pictures in groups of these sizes; neighbours in a shuffled set, in turns otherwise."""
    groups = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    if not shuffled:
        groups = groups[torch.randperm(len(groups), generator=torch.Generator().manual_seed(0))]
    labels = torch.nn.functional.one_hot(groups, len(sizes)).to(torch.uint8)
    return replace(numbered(sum(sizes), shuffled=shuffled), labels=labels, groups=groups,
                   class_names=tuple(map(str, range(len(sizes)))))


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(("sizes", "share", "kept"), [((3,) * 20, 0.15, 9), ((3,) * 20, 0.01, 3), ((3,) * 20, 0.99, 57),
                                                      ((5, 5), 0.2, 5), ((1, 1), 0.5, 1)])
def test_a_split_keeps_groups_together(shuffled: bool, sizes: tuple[int, ...], share: float, kept: int) -> None:
    train, held = split(scenes(*sizes, shuffled=shuffled), share)
    assert train.groups is not None
    assert held.groups is not None
    assert (len(held), held.sets) == (kept, True)
    assert not set(train.groups.tolist()) & set(held.groups.tolist())
    assert sorted(numbers(train) + numbers(held)) == list(range(sum(sizes)))
    for part in (train, held):
        assert part.labels is not None
        assert part.groups is not None
        assert part.labels.argmax(1).tolist() == part.groups.tolist()


def test_groups_of_unequal_sizes_come_as_near_to_the_share_as_they_can() -> None:
    for shuffled in (False, True):
        held = split(scenes(1, 7, 2, 5, 3, 2, shuffled=shuffled), 0.4)[1]
        assert 5 <= len(held) <= 11
    with pytest.raises(InputError, match="2 scenes"):
        split(scenes(4, shuffled=True), 0.5)
    assert not numbered(3).sets
