"""S3.4: a distribution over all sequences of tags, and taggers beside the best there is."""

import pytest

from genloom.studies.written.tagger import TAGGER, enumerated


@pytest.mark.parametrize("seed", [0, 1])
def test_sums_over_all_sequences(seed: int) -> None:
    assert {result.status for result in enumerated(seed)} == {"pass"}


@pytest.mark.slow
def test_every_number_holds(page) -> None:
    found = page(TAGGER)
    assert len(found.tables) == 2
