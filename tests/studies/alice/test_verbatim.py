"""Longer sequences are found less often."""

from genloom.studies.alice.verbatim import LENGTHS, overlaps
from genloom.studies.alice.work import experiment


def test_longer_sequences_are_found_less_often(tiny) -> None:
    found = overlaps(experiment(tiny))
    assert tuple(found) == LENGTHS
    shares = [each.share for each in found.values()]
    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[-1] < shares[0] <= 1
