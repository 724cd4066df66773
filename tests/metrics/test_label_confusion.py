"""Mistakes are told apart by what they share with the truth."""

import itertools

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.label_accuracy import LabelAccuracy, label_accuracy
from genloom.metrics.label_confusion import attributes, blind, confusion, merged, shares
from genloom.rng import generator

NAMES = [f"{colour} {shape}" for shape in ("cube", "sphere") for colour in ("gray", "red", "blue")]
KNOWN = attributes(NAMES)
assert KNOWN is not None


def found(*pictures: tuple[str, str]) -> LabelAccuracy:
    """Pictures as (labels, answers), separated by commas."""
    rows = [[[name in words.split(", ") for name in NAMES] for words in picture] for picture in pictures]
    sets, said = torch.tensor(rows).unbind(1)
    return LabelAccuracy(said, sets)


def test_attributes_come_from_names() -> None:
    assert KNOWN is not None
    assert KNOWN.colours == ("gray", "red", "blue")
    assert KNOWN.shapes == ("cube", "sphere")
    assert KNOWN.colour.tolist() == [0, 1, 2, 0, 1, 2]
    assert KNOWN.shape.tolist() == [0, 0, 0, 1, 1, 1]
    assert attributes(["disc", "red disc"]) is attributes(()) is None


@pytest.mark.parametrize(("labels", "said", "expected"), [
    ("red cube", "red cube", (1, 0, 0, 0)),
    ("red cube", "red sphere", (0, 1, 0, 0)),
    ("red cube", "blue cube", (0, 0, 1, 0)),
    ("red cube", "blue sphere", (0, 0, 0, 1)),
    ("red cube, blue cube", "blue cube, gray sphere", (0.5, 0, 0, 0.5)),
])
def test_the_four_kinds(labels: str, said: str, expected: tuple[float, ...]) -> None:
    counts = confusion(found((labels, said)), KNOWN)
    assert shares(counts, KNOWN) == pytest.approx(expected)
    assert shares(counts, KNOWN).colour == expected[0] + expected[1]
    assert shares(counts, KNOWN).shape == expected[0] + expected[2]


def test_two_missed_are_paired_with_the_answers_that_share_most_colours_first() -> None:
    """Which answer stands for which thing is not told: {red cube, blue sphere} as {red sphere, blue cube}."""
    counts = confusion(found(("red cube, blue sphere", "blue cube, red sphere")), KNOWN)
    assert counts[NAMES.index("red cube"), NAMES.index("red sphere")] == 1
    assert counts[NAMES.index("blue sphere"), NAMES.index("blue cube")] == 1
    assert counts.sum() == 2


def test_the_pairing_shares_as_much_as_any_other() -> None:
    random = generator(3)
    for _ in range(20):
        order = torch.rand(1, 6, generator=random).argsort(1)
        pair = LabelAccuracy(order >= 3, order < 3)
        counts = confusion(pair, KNOWN)
        missed, wrong = pair.sets[0].nonzero()[:, 0].tolist(), pair.said[0].nonzero()[:, 0].tolist()

        def shared(a: int, b: int) -> int:
            return int(KNOWN.colour[a] == KNOWN.colour[b]) + int(KNOWN.shape[a] == KNOWN.shape[b])

        best = max(sum(itertools.starmap(shared, zip(missed, each, strict=True)))
                   for each in itertools.permutations(wrong))
        assert sum(shared(a, b) for a, b in counts.nonzero().tolist()) == best


def test_rows_count_the_labels_and_the_diagonal_the_hits() -> None:
    random = generator(4)
    sets = torch.rand(100, 6, generator=random).argsort(1) < 2
    judged = label_accuracy(torch.randn(100, 6, generator=random), sets)
    counts = confusion(judged, KNOWN)
    assert torch.equal(counts.sum(1), sets.sum(0))
    assert torch.equal(counts.diagonal(), (judged.said & sets).sum(0))
    assert sum(shares(counts, KNOWN)) == pytest.approx(1)
    colours = merged(counts, KNOWN.colour, 3)
    assert colours.sum() == 200
    assert colours.trace() / 200 == pytest.approx(shares(counts, KNOWN).colour)
    assert merged(counts, KNOWN.shape, 2).trace() / 200 == pytest.approx(shares(counts, KNOWN).shape)


def test_blind_mistakes_fall_evenly_on_all_other_things() -> None:
    """Of 5 other things one has the same colour, two the same shape, and two neither."""
    counts = confusion(found(*[("red cube", "red cube")] * 5, *[("red cube", "red sphere")] * 5), KNOWN)
    assert blind(counts, KNOWN) == pytest.approx((0.5, 0.1, 0.2, 0.2))


def test_names_of_other_things_are_refused() -> None:
    with pytest.raises(InputError, match="6, one for each label"):
        confusion(found(("red cube", "red cube")), attributes(NAMES[:5]) or KNOWN)
