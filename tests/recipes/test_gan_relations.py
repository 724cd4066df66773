"""Rules between the fields of adversarial recipes: each names the field, and a flag that mends it."""

from dataclasses import replace

import pytest
from gans_small import small

from genloom.errors import InputError
from genloom.nn.gan.pairs import PAIRS
from genloom.recipes import registry, rules
from genloom.recipes.gan_losses import LOSSES, with_loss
from genloom.recipes.gan_points import GanPointsRecipe
from genloom.recipes.gans import Augment, GanRecipe, Latent, Loss, Network, Penalty
from genloom.recipes.gans_parts import make_networks

MNIST: GanRecipe = registry.recipe("dcgan-mnist")
DCGAN = replace(MNIST, data=replace(MNIST.data, size=32))  # which every pair can make
CRITIC = Loss(adversarial="wasserstein")


@pytest.mark.parametrize(("changes", "parameter", "flag"), [
    ({"loss": CRITIC}, "loss.adversarial", "--penalty.kind unit-slope"),
    ({"loss": CRITIC, "penalty": Penalty(kind="r1", weight=0.0)}, "loss.adversarial", "--loss.clip 0.01"),
    ({"network": Network(kind="dcgan"), "penalty": Penalty(kind="r1")}, "network.norm", "--network.norm none"),
    ({"network": Network(told="concatenate")}, "network.judging", "--network.judging projection"),
    ({"network": Network(judging="auxiliary")}, "network.told", "--network.told concatenate"),
    ({"network": Network(kind="mlp", told="norm", judging="planes")}, "network.told", "--network.told concatenate"),
    ({"network": Network(kind="course", attention=(7,))}, "network.attention", "--network.kind residual"),
    ({"network": Network(kind="progressive", spectral="both")}, "network.spectral", "--network.kind"),
    ({"network": Network(kind="mlp", width=32)}, "network.width", "--network.kind"),
    ({"latent": Latent(categories=1)}, "latent.categories", "--latent.categories 0"),
    ({"engine": replace(DCGAN.engine, batch_size=1)}, "engine.batch_size", "--engine.batch-size 32"),
    ({"engine": replace(DCGAN.engine, batch_size=9, accumulate=2)}, "engine.batch_size", "--engine.batch-size 8"),
    ({"engine": replace(DCGAN.engine, accumulate=3)}, "engine.batch_size", "--engine.batch-size 129"),
    ({"data": replace(DCGAN.data, size=30)}, "data.size", "--data.size 32"),
    ({"data": replace(DCGAN.data, size=9)}, "data.size", "--data.size 16"),
    ({"data": replace(DCGAN.data, size=8), "network": Network(kind="tables")}, "data.size", "--data.size 12"),
    ({"data": replace(DCGAN.data, size=28), "network": Network(kind="progressive")}, "data.size", "--data.size 32"),
    ({"data": replace(DCGAN.data, size=16), "network": Network(kind="residual", attention=(16,))}, "network.attention",
     "--network.attention 8"),
    ({"loss": Loss(labels=0.5)}, "loss.labels", "--network.judging auxiliary"),
    ({"loss": Loss(labels=0.5), "network": Network(told="concatenate", judging="projection")}, "loss.labels",
     "--network.judging auxiliary"),
    ({"loss": Loss(code=0.1)}, "loss.code", "--latent.categories 10"),
    ({"penalty": Penalty(weight=1.0)}, "penalty.weight", "--penalty.kind r1"),
    ({"penalty": Penalty(every=16)}, "penalty.every", "--penalty.every 1"),
    ({"penalty": Penalty(kind="r1", drift=-1.0)}, "penalty.drift", "--penalty.drift 0"),
    ({"augment": Augment(policy=("shift", "cut", "shift"))}, "augment.policy", "--augment.policy shift cut"),
])
def test_what_cannot_be_is_named_with_a_flag(changes: dict[str, object], parameter: str, flag: str) -> None:
    with pytest.raises(InputError) as caught:
        rules.validate(replace(DCGAN, **changes))
    assert caught.value.parameter == parameter
    assert flag in caught.value.remedy


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("size", [8, 9, 10, 12, 14, 16, 18, 20, 23, 28, 32])
def test_the_size_that_is_offered_is_one_that_can_be_built(kind: str, size: int) -> None:
    """Before any picture is read: decoding a large set to refuse its size takes a minute."""
    chosen = small(network=Network(kind=kind, width=4 if PAIRS[kind].grows or kind in ("dcgan", "residual") else 64))
    chosen = replace(chosen, data=replace(chosen.data, size=size))
    wrong = list(rules.problems(chosen))
    if not wrong:
        make_networks(chosen, 0)
        return
    with pytest.raises(InputError, match=r"data\.size"):
        make_networks(chosen, 0)
    offered = int(wrong[0].remedy.split()[-1])
    assert [error.parameter for error in wrong] == ["data.size"]
    assert not list(rules.problems(replace(chosen, data=replace(chosen.data, size=offered))))


@pytest.mark.parametrize("changes", [
    {"loss": Loss(adversarial="wasserstein", clip=0.01)}, {"loss": CRITIC, "penalty": Penalty(kind="unit-slope")},
    {"loss": CRITIC, "network": Network(spectral="discriminator")},
    {"network": Network(kind="dcgan", norm="none"), "penalty": Penalty(kind="r1")},
    {"network": Network(told="norm", judging="projection+auxiliary")}, {"network": Network(attention=(0,))},
    {"network": Network(told="norm", judging="projection+auxiliary"), "loss": Loss(labels=0.5)},
    {"latent": Latent(categories=10), "loss": Loss(code=0.1)}, {"latent": Latent(values=1), "loss": Loss(code=0.1)},
    {"penalty": Penalty(drift=0.001)}, {"penalty": Penalty(kind="r1", weight=0.0, every=4)},
    {"network": Network(norm="none")}, {"augment": Augment(policy=("shift", "cut"))}])
def test_what_can_be_is_let_pass(changes: dict[str, object]) -> None:
    rules.validate(replace(DCGAN, **changes))


@pytest.mark.parametrize("name", ["dcgan-mnist", "sngan", "progressive-gan", "info-gan"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_of_the_table_is_valid_with_the_shipped_pairs(name: str, loss: str) -> None:
    rules.validate(with_loss(registry.recipe(name), loss))


def test_a_penalty_that_a_recipe_has_can_be_switched_off_alone() -> None:
    """The weight of gan-grid is not the class's default, and nobody has changed it."""
    grid: GanPointsRecipe = registry.recipe("gan-grid")
    rules.validate(replace(grid, penalty=replace(grid.penalty, kind="none")))
    with pytest.raises(InputError, match=r"penalty\.weight = 3\.0"):
        rules.validate(replace(grid, penalty=replace(grid.penalty, kind="none", weight=3.0)))


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("field", [
    {}, {"width": 8}, {"attention": (8,)}, {"spectral": "both"}, {"norm": "none"},
    {"told": "norm", "judging": "projection"}, {"told": "multiply", "judging": "planes"}])
def test_what_the_rules_allow_can_be_built_and_what_they_refuse_cannot(kind: str, field: dict[str, object]) -> None:
    chosen = small(network=replace(Network(kind=kind), **field))
    refused = [error.parameter for error in rules.problems(chosen)]
    if not refused:
        make_networks(chosen, 3 if "told" in field else 0)
        return
    with pytest.raises(InputError) as caught:
        make_networks(chosen, 3 if "told" in field else 0)
    assert [caught.value.parameter] == refused
