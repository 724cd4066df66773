"""The recipes for GANs of points."""

from dataclasses import replace

import pytest

from genloom.errors import InputError
from genloom.recipes import rules
from genloom.recipes.gan_points import gan_grid, gan_ring
from genloom.recipes.gans import Loss, Penalty
from genloom.recipes.points import Data
from genloom.recipes.registry import TIERS

GRID = gan_grid()


@pytest.mark.parametrize("tier", TIERS)
def test_the_ring_is_the_grid_but_for_its_data_and_its_length(tier: str) -> None:
    ring, grid = gan_ring(tier), gan_grid(tier)
    assert ring.data.pattern == "mixture"
    same = replace(ring, name=grid.name, summary=grid.summary, data=grid.data,
                   engine=replace(ring.engine, steps=grid.engine.steps))
    assert same == grid


@pytest.mark.parametrize(("changes", "parameter"), [
    ({"loss": Loss(adversarial="wasserstein"), "penalty": Penalty()}, "loss.adversarial"),
    ({"network": replace(GRID.network, told="concatenate")}, "network.told"),
    ({"network": replace(GRID.network, judging="projection")}, "network.judging"),
    ({"data": Data(pattern="grid", count=1000), "loss": Loss(critic_steps=3),
      "engine": replace(GRID.engine, batch_size=0)}, "engine.batch_size"),
    ({"data": Data(pattern="file")}, "data.path"),
    ({"data": Data(classes=1)}, "data.classes"),
    ({"network": replace(GRID.network, depth=1)}, "network.depth"),
    ({"evaluation": replace(GRID.evaluation, samples=6000)}, "evaluation.samples"),
])
def test_what_cannot_be_is_refused_with_a_remedy(changes: dict[str, object], parameter: str) -> None:
    with pytest.raises(InputError) as caught:
        rules.validate(replace(GRID, **changes))
    assert caught.value.parameter == parameter
    assert caught.value.remedy


@pytest.mark.parametrize("changes", [
    {"penalty": Penalty(kind="unit-slope")}, {"loss": Loss(adversarial="wasserstein", clip=0.1), "penalty": Penalty()}])
def test_a_critic_whose_slope_is_bounded_is_allowed(changes: dict[str, object]) -> None:
    rules.validate(replace(GRID, **{"loss": Loss(adversarial="wasserstein"), **changes}))
