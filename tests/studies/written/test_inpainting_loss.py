"""S3.6 to S3.8: every number holds."""

import pytest

from genloom.studies.written.inpainting_loss import GAME, LACKS, MASKED


@pytest.mark.parametrize("question", [MASKED, GAME, LACKS], ids=lambda question: question.number)
def test_every_number_holds(page, question) -> None:
    found = page(question)
    assert "genloom study inpainting" in found.text[-1]
