"""The parts of a GAN recipe are what its configuration says."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import pytest
import torch
from gans_small import TOLD, small
from torch import Tensor

from genloom.errors import InputError
from genloom.gan.method import Playing
from genloom.nn.gan.progressive import at_growth, growth_at
from genloom.recipes.gans import Augment, Latent, Loss, Network, Penalty, dcgan_mnist, tiny_gan, vanilla_gan
from genloom.recipes.gans_parts import (
    Growing,
    Scale,
    engine_of,
    make_latent,
    make_method,
    make_networks,
    make_shape,
    one_hot,
    sizes,
)
from genloom.recipes.images import Data
from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update

GROWING = Network(kind="progressive", width=4, norm="none")


def growing_networks() -> dict[str, torch.nn.Module]:
    return make_networks(small(network=GROWING), 0)


def test_weights_are_a_function_of_the_seed() -> None:
    first, again = make_networks(small(), 0), make_networks(small(), 0)
    other = make_networks(small(engine=replace(small().engine, seed=1)), 0)
    for name in ("generator", "discriminator"):
        own, same, changed = (list(networks[name].parameters()) for networks in (first, again, other))
        assert all(torch.equal(a, b) for a, b in zip(own, same, strict=True))
        assert any(not torch.equal(a, b) for a, b in zip(own, changed, strict=True))


def test_the_course_s_networks_have_their_numbers_of_parameters() -> None:
    assert sizes(make_networks(tiny_gan(), 0)) == "generator of 107,777 parameters, discriminator of 593 parameters"
    made = make_networks(vanilla_gan(), 0)
    layers = (96 + 1) * 1024 + 1025 * 1024 + 1025 * 784
    assert sum(p.numel() for p in made["generator"].parameters()) == layers
    assert sum(p.numel() for p in made["discriminator"].parameters()) == 785 * 256 + 257 * 256 + 257
    assert "parameters" in sizes(make_networks(dcgan_mnist(), 0))


def test_codes_widen_what_the_generator_takes_and_what_the_discriminator_reads() -> None:
    chosen = small(latent=Latent(size=8, categories=10, values=2))
    shape = make_shape(chosen, 0)
    assert (shape.latent, shape.read) == (20, 12)
    assert make_latent(chosen).width == 20


def test_no_attention_is_written_as_0() -> None:
    assert make_shape(small(network=Network(kind="residual", attention=(0,))), 0).attention == ()


def test_a_network_that_is_to_be_told_classes_needs_some() -> None:
    with pytest.raises(InputError, match=r"network\.told"):
        make_networks(small(network=TOLD), 0)


def test_the_method_is_the_recipe_s() -> None:
    chosen = small(loss=Loss(adversarial="hinge", critic_steps=3, clip=0.1, labels=0.5, code=2.0, taught="real"),
                   penalty=Penalty(kind="r1", weight=3.0, every=4, drift=0.5), augment=Augment(policy=("shift",)))
    method = make_method(chosen)
    assert isinstance(method, Playing)
    assert (method.critic_steps, method.clip, method.game.tie) == (3, 0.1, 2.0)
    assert vars(method.penalty) == vars(chosen.penalty)
    assert (method.told.labels, method.told.code, method.told.fakes) == (0.5, 2.0, False)
    assert method.augment is not None
    plain, sets = make_method(small()), make_method(small(), sets=True)
    assert isinstance(plain, Playing)
    assert isinstance(sets, Playing)
    assert plain.augment is None
    assert plain.told.exclusive
    assert plain.told.fakes
    assert not sets.told.exclusive


def test_a_batch_holds_the_pictures_of_every_critic_step() -> None:
    chosen = small(loss=Loss(critic_steps=5))
    assert engine_of(chosen, 1000).batch_size == 40
    assert engine_of(small(), 1000) == small().engine
    whole = replace(chosen, engine=replace(chosen.engine, batch_size=0))
    assert engine_of(whole, 1000).batch_size == 0
    for wrong in (whole, replace(chosen, engine=replace(chosen.engine, batch_size=300))):
        with pytest.raises(InputError, match=r"pass --engine\.batch-size 200") as caught:
            engine_of(wrong, 1003)
        remedied = replace(wrong, engine=replace(wrong.engine, batch_size=200))
        assert caught.value.parameter == "engine.batch_size"
        assert engine_of(remedied, 1003).batch_size == 1000


@pytest.mark.parametrize("policy", ["colour", "shift", "cut"])
def test_pictures_are_changed_alike_whatever_a_pair_works_with(policy: Literal["colour", "shift", "cut"]) -> None:
    """Brightness by ½ is a quarter of [−1, 1], and would be half of [0, 1]; what is cut out is grey, not black."""
    unit, other = (make_method(small(network=Network(kind=kind), augment=Augment(policy=(policy,))))
                   for kind in ("tables", "mlp"))
    assert isinstance(unit, Playing)
    assert isinstance(other, Playing)
    x = torch.rand(4, 1, 16, 16)
    assert unit.augment is not None
    assert other.augment is not None
    torch.testing.assert_close(2 * unit.augment(x, StepRng(0, 0)) - 1, other.augment(2 * x - 1, StepRng(0, 0)))


def test_each_update_has_two_pictures_at_least() -> None:
    """Batch norm of one picture is an error of torch's, in the midst of the first step."""
    five, engine = small(loss=Loss(critic_steps=5)), small().engine
    for chosen, count in ((small(), 1), (five, 9), (small(engine=replace(engine, accumulate=4)), 7)):
        with pytest.raises(InputError, match="at least 2 pictures") as caught:
            engine_of(chosen, count)
        assert caught.value.parameter == "data"
        assert ("--loss.critic-steps 1" in caught.value.remedy) == (chosen is five)
    assert engine_of(five, 10).batch_size == 40
    with pytest.raises(InputError, match=r"pass --engine\.batch-size 8$"):
        engine_of(small(engine=replace(engine, accumulate=4, batch_size=12)), 11)


@pytest.mark.parametrize("unit", [False, True])
def test_every_byte_comes_back_from_what_the_networks_see(unit: bool) -> None:
    scale, pictures = Scale(unit), torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    floats = scale.floats(pictures)
    assert (float(floats.min()), float(floats.max())) == (0 if unit else -1, 1)
    assert torch.equal(scale.pictures(floats), pictures)
    torch.testing.assert_close(scale.seen(Scale(False).floats(pictures)), floats)
    assert scale.pictures(torch.tensor([[[[9.0, -9.0]]]])).flatten().tolist() == [255, 0]


def test_classes_are_told_as_one_of_k() -> None:
    assert one_hot(torch.tensor([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    sets = torch.tensor([[0, 1, 1], [0, 0, 0]], dtype=torch.uint8)
    assert one_hot(sets, 3).tolist() == sets.tolist()


class Heard:
    """A method that keeps what it is given."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []
        self.growths: list[float] = []

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        self.seen.append(batch["x"])
        self.growths.append(networks["discriminator"].growth.item())
        return iter(())


def test_networks_grow_with_the_steps_and_real_pictures_with_them() -> None:
    heard, networks = Heard(), growing_networks()
    assert isinstance(make_method(small(network=GROWING)), Growing)
    x = torch.rand(2, 1, 16, 16)
    for step in range(12):
        list(Growing(heard, 12).updates(networks, {"x": x}, StepRng(0, step)))
        growth = growth_at(step / 12, 2)
        assert heard.growths[-1] == networks["generator"].growth.item() == pytest.approx(growth)
        torch.testing.assert_close(heard.seen[-1], at_growth(x, growth))
    assert heard.growths[0] == 0
    assert heard.growths[-1] == 2
    assert torch.equal(heard.seen[-1], x)


def test_a_run_that_is_made_longer_does_not_shrink_its_networks() -> None:
    heard, networks = Heard(), growing_networks()
    x = torch.rand(2, 1, 16, 16)
    list(Growing(heard, 12).updates(networks, {"x": x}, StepRng(0, 11)))
    list(Growing(heard, 120).updates(networks, {"x": x}, StepRng(0, 12)))
    assert heard.growths == [2, 2]


def test_an_untrained_progressive_pair_starts_small() -> None:
    networks = growing_networks()
    made = networks["generator"](torch.randn(1, 8), None)
    assert made.shape == (1, 1, 16, 16)
    assert len(made.flatten().unique()) <= 16


def test_pictures_of_a_recipe_decide_the_sizes() -> None:
    shape = make_shape(small(data=Data(source="shapes", size=24, channels=3)), 4)
    assert (shape.size, shape.channels, shape.labels) == (24, 3, 4)
