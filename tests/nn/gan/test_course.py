"""The course's convolutional pair has the given layers, numbers of parameters and first weights."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.course import CourseDiscriminator, CourseGenerator
from genloom.nn.gan.shape import GanShape


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def noise(*sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1))


def same_weights(plain: nn.Module, network: nn.Module) -> None:
    for given, taken in zip(network.parameters(), plain.parameters(), strict=True):
        taken.data.copy_(given.data)


def plain_generator() -> nn.Module:
    return nn.Sequential(
        nn.Linear(96, 1024), nn.ReLU(), nn.BatchNorm1d(1024),
        nn.Linear(1024, 7 * 7 * 128), nn.ReLU(), nn.BatchNorm1d(7 * 7 * 128), nn.Unflatten(1, (128, 7, 7)),
        nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(), nn.BatchNorm2d(64),
        nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh(),
    )


def plain_discriminator() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4 * 4 * 64, 1024), nn.LeakyReLU(0.01), nn.Linear(1024, 1),
    )


def test_numbers_of_parameters_for_96_coordinates_and_28_pixels() -> None:
    shape = GanShape(latent=96, size=28)
    assert sum(p.numel() for p in CourseGenerator(shape).parameters()) == 6_675_009
    assert sum(p.numel() for p in CourseDiscriminator(shape).parameters()) == 1_102_721


@pytest.mark.parametrize("training", [True, False])
def test_the_generator_is_the_layers_written_out(training: bool) -> None:
    network, plain = CourseGenerator(GanShape()).double().train(training), plain_generator().double().train(training)
    z = noise(4, 96).double()
    for parameter in network.parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter)
    same_weights(plain, network)
    torch.testing.assert_close(network(z), plain(z))
    buffers = list(network.buffers())
    assert [tuple(b.shape) for b in buffers] == [tuple(b.shape) for b in plain.buffers()]
    for mine, theirs in zip(buffers, plain.buffers(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_the_discriminator_is_the_layers_written_out_with_its_gradients() -> None:
    """Taking the maximum first changes nothing: neither logits nor any gradient."""
    network, plain = CourseDiscriminator(GanShape()).double(), plain_discriminator().double()
    same_weights(plain, network)
    x, other = (noise(4, 1, 28, 28).double().requires_grad_() for _ in range(2))
    logits, expected = network(x).logits, plain(other)[:, 0]
    torch.testing.assert_close(logits, expected)
    logits.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(x.grad, other.grad)
    for mine, theirs in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad)


def test_a_penalty_on_the_slope_has_the_gradients_of_the_layers_written_out() -> None:
    network, plain = CourseDiscriminator(GanShape()).double(), plain_discriminator().double()
    same_weights(plain, network)
    x, found = noise(4, 1, 28, 28).double().requires_grad_(), []
    for judge in (lambda: network(x).logits, lambda: plain(x)):
        (slope,) = torch.autograd.grad(judge().sum(), x, create_graph=True)
        slope.square().sum().backward()
        found.append(slope.detach())
    torch.testing.assert_close(*found)
    for mine, theirs in zip(network.parameters(), plain.parameters(), strict=True):
        assert (mine.grad is None) == (theirs.grad is None)
        if mine.grad is not None:
            torch.testing.assert_close(mine.grad, theirs.grad)


def test_first_weights_are_xavier_uniform_where_the_course_says_so() -> None:
    """[Glorot & Bengio 2010, Eq. 16]: linear layers and transposed convolutions; a uniform law fills its range."""
    generator, discriminator = CourseGenerator(GanShape()), CourseDiscriminator(GanShape())
    layers = [m for network in (generator, discriminator) for m in network.modules()
              if isinstance(m, nn.Linear | nn.ConvTranspose2d)]
    assert len(layers) == 6
    for layer in layers:
        ways = layer.weight.shape[0] + layer.weight.shape[1]
        bound = math.sqrt(6 / (ways * layer.weight[0, 0].numel()))
        assert 0.98 * bound < layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)


@pytest.mark.parametrize(("size", "channels"), [(16, 1), (20, 3), (28, 1), (32, 3)])
def test_other_sizes(size: int, channels: int) -> None:
    shape = GanShape(size=size, channels=channels, latent=5)
    x = CourseGenerator(shape)(noise(2, 5))
    assert x.shape == (2, channels, size, size)
    assert CourseDiscriminator(shape)(x).logits.shape == (2,)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"size": 30}, r"data\.size = 30: must be a multiple of 4, at least 16.*; pass --data\.size 28"),
    ({"size": 12}, r"data\.size = 12"), ({"attention": (14,)}, r"network\.attention = "),
    ({"width": 32}, r"network\.width = 32"),
])
def test_what_has_no_place_is_refused(wrong: dict[str, Any], message: str) -> None:
    for network in (CourseGenerator, CourseDiscriminator):
        with pytest.raises(InputError, match=message):
            network(GanShape(**wrong))
