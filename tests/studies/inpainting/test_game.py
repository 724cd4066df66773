"""S3.7 as an item of the report."""

import pytest
import torch

from genloom.gan.losses import minimax, non_saturating
from genloom.studies.inpainting import game


def test_the_item_is_whole(tiny, check) -> None:
    check(game.game, tiny)


def test_neither_loss_reaches_the_others_network(tiny) -> None:
    results = {result.name: result for result in game.game.work(tiny).results}
    detached = results["gradient of the discriminator's loss in the generator"]
    assert detached.value == 0
    assert detached.status == "pass"
    assert results["gradient of ℓ_mse in the discriminator"].value == 0


def test_the_slopes_of_the_text_are_those_of_the_losses() -> None:
    at = torch.tensor(-8.0).double().exp()
    assert game._slope(non_saturating) == pytest.approx(float(-1 / (1 + at)), rel=1e-9)
    assert game._slope(minimax) == pytest.approx(float(-at / (1 + at)), rel=1e-9)
