"""The named recipes are what their sources say."""

from dataclasses import replace

import pytest

from genloom.recipes import registry, rules
from genloom.recipes.gans import (
    Loss,
    Penalty,
    dcgan_mnist,
    info_gan,
    ls_gan,
    progressive_gan,
    r3gan,
    sagan,
    sngan,
    tiny_gan,
    vanilla_gan,
)


@pytest.mark.parametrize("tier", ["laptop", "gpu"])
def test_the_least_squares_recipe_differs_in_the_loss_alone(tier: str) -> None:
    plain, squares = vanilla_gan(tier), ls_gan(tier)
    assert squares.loss == Loss(adversarial="least-squares")
    assert replace(squares, name=plain.name, summary=plain.summary, loss=plain.loss) == plain


def test_the_course_s_settings_are_kept() -> None:
    for recipe in (vanilla_gan(), dcgan_mnist()):
        assert (recipe.latent.size, recipe.latent.law) == (96, "uniform")
        assert recipe.generator == recipe.discriminator
        assert recipe.engine.batch_size == 128
    tiny = tiny_gan()
    assert (tiny.latent.size, tiny.engine.batch_size) == (64, 256)
    assert tiny.engine.steps == 30 * (60_000 // 256)


@pytest.mark.parametrize("tier", ["laptop", "gpu"])
def test_the_others_differ_from_their_bases_in_what_they_are_named_after(tier: str) -> None:
    residual, attending = sngan(tier), sagan(tier)
    assert attending.network == replace(residual.network, attention=(16,), spectral="both")
    assert replace(attending, name=residual.name, summary=residual.summary, network=residual.network) == residual
    plain, codes = dcgan_mnist(tier), info_gan(tier)
    assert (codes.latent.categories, codes.latent.values) == (10, 2)
    assert replace(codes, name=plain.name, summary=plain.summary, latent=plain.latent) == plain


@pytest.mark.parametrize("tier", ["laptop", "gpu"])
def test_the_growing_critic_has_karras_s_penalties_and_no_other_recipe_drifts(tier: str) -> None:
    """[Karras et al. 2018, App. A.1]: λ = 10 and ε_drift = 0.001."""
    assert progressive_gan(tier).penalty == Penalty(kind="unit-slope", weight=10.0, drift=0.001)
    assert {make(tier).penalty.drift for make in (vanilla_gan, dcgan_mnist, tiny_gan, sngan, info_gan)} == {0.0}


@pytest.mark.parametrize("tier", ["laptop", "gpu"])
def test_the_relativistic_game_has_both_penalties_and_no_normalisation(tier: str) -> None:
    """[Huang et al. 2024]: the two penalties make it converge, so nothing else needs to."""
    recipe = r3gan(tier)
    assert (recipe.loss.adversarial, recipe.penalty.kind) == ("relativistic", "r1+r2")
    assert (recipe.network.norm, recipe.network.spectral) == ("none", "none")


def test_the_discriminator_is_the_faster_learner_where_one_is() -> None:
    assert sngan().discriminator.lr == 2 * sngan().generator.lr  # [Heusel et al. 2017]


@pytest.mark.parametrize("name", [name for name in registry.RECIPES if registry.family_of(
    registry.recipe(name)) == "gan"])
@pytest.mark.parametrize("tier", ["laptop", "gpu"])
def test_every_game_is_looked_at_ten_times_on_its_way(name: str, tier: str) -> None:
    recipe = registry.recipe(name, tier)
    rules.validate(recipe)
    assert recipe.engine.steps // recipe.engine.evaluate_every == 10
    assert recipe.engine.sample_every == recipe.engine.evaluate_every
