"""The recipe of the autoencoder says what the literature says, and refuses what cannot be built."""

from dataclasses import replace

import pytest

from genloom.errors import InputError
from genloom.nn.autoencoder import AutoencoderShape
from genloom.recipes import rules
from genloom.recipes.autoencoder import Network, kl_autoencoder


@pytest.mark.parametrize(("tier", "latent"), [("laptop", (4, 8, 8)), ("gpu", (4, 16, 16))])
def test_each_side_becomes_a_quarter(tier: str, latent: tuple[int, ...]) -> None:
    recipe = kl_autoencoder(tier)  # type: ignore[arg-type]
    shape = AutoencoderShape(size=recipe.data.size, width=recipe.network.width, blocks=recipe.network.blocks,
                             multipliers=recipe.network.multipliers, latent_channels=recipe.network.latent_channels)
    assert shape.latent == latent


def test_the_divergence_has_a_tiny_weight() -> None:
    assert kl_autoencoder().objective.beta == 1e-6


@pytest.mark.parametrize(("network", "size", "parameter"), [
    (Network(multipliers=()), 32, "network.multipliers"), (Network(multipliers=(1, 0)), 32, "network.multipliers"),
    (Network(multipliers=(1, 2, 4, 8)), 36, "data.size")])
def test_levels_that_do_not_fit_are_refused_before_data_are_read(network: Network, size: int, parameter: str) -> None:
    recipe = kl_autoencoder()
    with pytest.raises(InputError, match="pass --") as caught:
        rules.validate(replace(recipe, network=network, data=replace(recipe.data, size=size)))
    assert caught.value.parameter == parameter
