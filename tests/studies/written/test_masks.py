"""S0.5 and S0.6: a decoder that cheats, and one that cannot."""

from collections.abc import Iterator

import pytest

from genloom.studies.written import masks
from genloom.studies.written.masked_decoder import taught
from genloom.studies.written.masks import HOW, WHY


@pytest.fixture(scope="module")
def short() -> Iterator[None]:
    """Trainings of some hundred steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masks, "taught", lambda masked, seed: taught(masked, seed, steps=250, count=1000))
        patch.setattr(masks, "TESTED", 1000)
        yield


def test_both_questions_are_answered_and_every_number_holds(page, short) -> None:
    why = page(WHY)
    assert "genloom study forecasting" in why.text[-1]
    how = page(HOW)
    assert how.results[-1].value > 1e-3, "without a mask one pass is another function"


@pytest.mark.slow
def test_they_hold_at_the_size_of_the_study(page, context) -> None:
    context._shared.clear()
    page(WHY)
