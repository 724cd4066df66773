"""The named recipes are what their sources say."""

from dataclasses import replace

import pytest

from genloom.recipes import registry, rules
from genloom.recipes.gans import Loss, dcgan_mnist, info_gan, ls_gan, sagan, sngan, tiny_gan, vanilla_gan


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
