"""Each loss comes with what belongs to it, on the same number of updates."""

import subprocess
import sys
from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from genloom.errors import UnknownName
from genloom.recipes import rules
from genloom.recipes.gan_losses import LOSSES, updates, with_loss
from genloom.recipes.gans import Loss, dcgan_mnist


@pytest.mark.parametrize("name", LOSSES)
def test_a_recipe_with_a_loss_is_valid_and_has_the_same_budget(name: str) -> None:
    base = dcgan_mnist()
    found = with_loss(base, name)
    rules.validate(found)
    assert abs(updates(found) - updates(base)) <= found.loss.critic_steps
    assert (found.network, found.data, found.latent) == (base.network, base.data, base.latent)
    assert found.generator == found.discriminator
    assert LOSSES[name].said
    assert LOSSES[name].source


def test_every_game_is_in_the_table() -> None:
    known = set(get_args(get_type_hints(Loss)["adversarial"]))
    assert {each.loss.adversarial for each in LOSSES.values()} == known


def test_a_wasserstein_critic_is_kept_in_bounds_and_nothing_else_is_clipped() -> None:
    for each in LOSSES.values():
        bounded = each.loss.clip > 0 or each.penalty.kind != "none"
        assert bounded or each.loss.adversarial != "wasserstein"
        assert each.loss.clip == 0 or each.loss.adversarial == "wasserstein"


def test_losses_are_exchanged_without_a_trace_of_the_first() -> None:
    base = dcgan_mnist()
    assert with_loss(with_loss(base, "wgan-gp"), "hinge") == with_loss(base, "hinge")
    told = replace(base, loss=replace(base.loss, code=0.3, taught="real"),
                   generator=replace(base.generator, weight_decay=0.1))
    found = with_loss(told, "wgan")
    assert (found.loss.code, found.loss.taught) == (0.3, "real")
    assert found.generator.weight_decay == 0.1


def test_a_typo_gets_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'hinge'"):
        with_loss(dcgan_mnist(), "hingee")


def test_the_table_needs_no_torch() -> None:
    code = "import sys, genloom.recipes.gan_losses; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
