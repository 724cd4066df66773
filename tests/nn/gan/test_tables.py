"""The pair of the two tables has their layers in their order, their numbers of parameters and their first weights."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.tables import TablesDiscriminator, TablesGenerator, Upsample

SHAPE = GanShape(size=28, latent=64)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def noise(*sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1))


def leaves(network: nn.Module) -> list[nn.Module]:
    return [module for module in network.modules() if not list(module.children())]


def same_weights(plain: nn.Module, network: nn.Module) -> None:
    for given, taken in zip(network.parameters(), plain.parameters(), strict=True):
        taken.data.copy_(given.data)


def test_numbers_of_parameters() -> None:
    assert sum(p.numel() for p in TablesDiscriminator(SHAPE).parameters()) == 593
    assert sum(p.numel() for p in TablesGenerator(SHAPE).parameters()) == 107_777


def test_the_layers_stand_in_the_order_of_the_tables_and_there_are_no_others() -> None:
    assert [type(m).__name__ for m in leaves(TablesDiscriminator(SHAPE))] == [
        "Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "Linear"]
    assert [type(m).__name__ for m in leaves(TablesGenerator(SHAPE))] == [
        "Linear", "LeakyReLU", "Upsample", "Conv2d", "LeakyReLU", "Upsample", "Conv2d", "LeakyReLU", "Conv2d",
        "Sigmoid"]


def test_output_channels_are_those_of_the_tables() -> None:
    network, x, seen = TablesDiscriminator(SHAPE), noise(2, 1, 28, 28), []
    for layer in network.layers:
        x = layer(x)
        seen.append((x.shape[1], x.shape[2]))
    assert seen == [(2, 28), (2, 28), (2, 14), (4, 14), (4, 14), (4, 7), (8, 5), (8, 5)]
    assert network.head.logit.weight.shape == (1, 200)
    h, made = noise(2, 64), []
    for i, layer in enumerate(TablesGenerator(SHAPE).layers):
        h = layer(h if i != 2 else h.view(2, 32, 7, 7))
        made.append(h.shape[1:])
    assert [tuple(size) for size in made] == [(1568,), (1568,), (32, 14, 14), (16, 14, 14), (16, 14, 14), (16, 28, 28),
                                              (8, 28, 28), (8, 28, 28), (1, 28, 28), (1, 28, 28)]


def test_both_are_the_layers_written_out() -> None:
    network, other = TablesGenerator(SHAPE).double(), TablesDiscriminator(SHAPE).double()
    generator = nn.Sequential(
        nn.Linear(64, 1568), nn.LeakyReLU(0.2), nn.Unflatten(1, (32, 7, 7)), nn.Upsample(scale_factor=2),
        nn.Conv2d(32, 16, 3, 1, 1), nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2),
        nn.Conv2d(16, 8, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3, 1, 1), nn.Sigmoid()).double()
    discriminator = nn.Sequential(
        nn.Conv2d(1, 2, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 4, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, 1, 0), nn.ReLU(), nn.Flatten(), nn.Linear(200, 1)).double()
    same_weights(generator, network)
    same_weights(discriminator, other)
    z = noise(4, 64).double()
    torch.testing.assert_close(network(z), generator(z))
    torch.testing.assert_close(other(network(z)).logits, discriminator(generator(z))[:, 0])
    other(network(z)).logits.square().sum().backward()
    discriminator(generator(z)).square().sum().backward()
    for mine, theirs in zip((*network.parameters(), *other.parameters()),
                            (*generator.parameters(), *discriminator.parameters()), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad)


def test_first_weights_are_kaiming_uniform_and_biases_zero() -> None:
    """[He et al. 2015, Eq. 10] as a uniform law: its bound is √(6 / fan-in), its spread √(2 / fan-in)."""
    torch.manual_seed(0)
    weights = 0
    for network in (TablesDiscriminator(SHAPE), TablesGenerator(SHAPE)):
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                assert (parameter == 0).all()
                continue
            weights += 1
            bound = math.sqrt(6 / parameter[0].numel())
            assert 0.8 * bound < parameter.abs().max() <= bound
            if parameter.numel() > 1000:
                assert parameter.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
    assert weights == 8


def test_pictures_are_between_0_and_1() -> None:
    x = TablesGenerator(SHAPE)(100 * noise(50, 64))
    assert 0 <= x.min() < 0.01
    assert 0.99 < x.max() <= 1


def test_upsampling_repeats_each_place() -> None:
    x = noise(2, 3, 4, 5).requires_grad_()
    assert torch.equal(Upsample()(x), F.interpolate(x, scale_factor=2.0))
    assert torch.equal(Upsample()(x), nn.Upsample(scale_factor=2)(x))


@pytest.mark.parametrize(("size", "channels"), [(12, 1), (16, 3), (32, 1)])
def test_other_sizes(size: int, channels: int) -> None:
    shape = GanShape(size=size, channels=channels, latent=5)
    x = TablesGenerator(shape)(noise(2, 5))
    assert x.shape == (2, channels, size, size)
    assert TablesDiscriminator(shape)(x).logits.shape == (2,)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"size": 30}, r"data\.size = 30: must be a multiple of 4, at least 12.*; pass --data\.size 28"),
    ({"size": 8}, r"data\.size = 8"), ({"attention": (14,)}, r"network\.attention = "),
    ({"width": 32}, r"network\.width = 32"),
])
def test_what_has_no_place_is_refused(wrong: dict[str, Any], message: str) -> None:
    for network in (TablesGenerator, TablesDiscriminator):
        with pytest.raises(InputError, match=message):
            network(GanShape(**wrong))


def test_there_are_no_norms_to_tell_through() -> None:
    with pytest.raises(InputError, match=r"network\.told = 'norm'"):
        TablesGenerator(GanShape(labels=2, told="norm"))
