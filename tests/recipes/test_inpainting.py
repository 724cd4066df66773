"""The two recipes differ in the game alone, apart from its optimizer."""

from dataclasses import replace

import pytest

from genloom.recipes.inpainting import inpaint_gan, inpaint_mse


@pytest.mark.parametrize("tier", ["laptop", "gpu"])
def test_the_recipes_differ_in_the_game_and_the_optimizer_alone(tier: str) -> None:
    plain, played = inpaint_mse(tier), inpaint_gan(tier)
    assert plain.loss.weight == 0 < played.loss.weight
    assert played.optimizer.beta1 == 0.5
    same = replace(played, name=plain.name, summary=plain.summary, loss=plain.loss, optimizer=plain.optimizer)
    assert same == plain


def test_the_gpu_tier_is_larger() -> None:
    laptop, gpu = inpaint_mse("laptop"), inpaint_mse("gpu")
    assert gpu.engine.steps > laptop.engine.steps
    assert gpu.network.width > laptop.network.width
    assert gpu.data.size == 64
