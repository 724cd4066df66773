"""The deep convolutional pair has the paper's layers, the known numbers of parameters and the paper's first weights."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.dcgan import DcganDiscriminator, DcganGenerator
from genloom.nn.gan.shape import GanShape


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def noise(*sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1))


def test_numbers_of_parameters_at_64_pixels_are_the_known_ones_and_the_outer_biases() -> None:
    """3,576,704 and 2,765,568 for 100 coordinates and width 64, where the paper's own code has no bias at all."""
    shape = GanShape(size=64, channels=3, latent=100, width=64)
    assert sum(p.numel() for p in DcganGenerator(shape).parameters()) == 3_576_704 + 3
    assert sum(p.numel() for p in DcganDiscriminator(shape).parameters()) == 2_765_568 + 64 + 1


def test_the_generator_is_the_layers_written_out() -> None:
    network = DcganGenerator(GanShape(size=16, channels=3, latent=5, width=4)).double()
    plain = nn.Sequential(nn.Linear(5, 128, bias=False), nn.Unflatten(1, (4, 4, 8))).double()
    rest = nn.Sequential(nn.BatchNorm2d(8), nn.ReLU(), nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False),
                         nn.BatchNorm2d(4), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1), nn.Tanh()).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    with torch.no_grad():
        plain[0].weight.copy_(network.first.weight)
        for i, (norm, doubling) in enumerate(zip(network.norms, network.doublings, strict=True)):
            rest[3 * i].weight.copy_(norm.weight)
            rest[3 * i].bias.copy_(norm.bias)
            rest[3 * i + 2].weight.copy_(doubling.weight)
        rest[5].bias.copy_(network.doublings[1].bias)
    z = noise(4, 5).double()
    for training in (True, False):
        network.train(training), rest.train(training)
        torch.testing.assert_close(network(z), rest(plain(z).permute(0, 3, 1, 2)))


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_the_discriminator_is_the_layers_written_out(norm: Any) -> None:
    network = DcganDiscriminator(GanShape(size=16, channels=3, width=4, norm=norm)).double()
    normed = norm == "batch"
    plain = nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 8, 4, 2, 1, bias=not normed),
                          nn.BatchNorm2d(8) if normed else nn.Identity(), nn.LeakyReLU(0.2), nn.Flatten(),
                          nn.Linear(128, 1)).double()
    for given, taken in zip(network.parameters(), plain.parameters(), strict=True):
        nn.init.normal_(given, std=0.5)
        taken.data.copy_(given.data)
    x = noise(4, 3, 16, 16).double()
    for training in (True, False):
        network.train(training), plain.train(training)
        torch.testing.assert_close(network(x).logits, plain(x)[:, 0])


def test_first_weights_are_normal_with_spread_two_hundredths() -> None:
    """[Radford et al. 2016, §4]; norms start as themselves, and the spectral norm is taken of these weights."""
    shape = GanShape(size=32, latent=50, width=16, spectral="none")
    for network in (DcganGenerator(shape), DcganDiscriminator(shape)):
        for name, parameter in network.named_parameters():
            if parameter.ndim > 1 and parameter.numel() > 1000:
                assert parameter.std().item() == pytest.approx(0.02, rel=0.1), name
            if parameter.ndim == 1:
                assert parameter.unique().tolist() in ([0], [1]), name
    spectral = DcganDiscriminator(GanShape(size=32, width=16, spectral="discriminator", norm="none")).eval()
    assert [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in spectral.halvings] == \
        pytest.approx([1] * 3, rel=0.05)


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_sizes(size: int) -> None:
    shape = GanShape(size=size, channels=3, latent=5, width=2)
    x = DcganGenerator(shape)(noise(2, 5))
    assert x.shape == (2, 3, size, size)
    assert DcganDiscriminator(shape)(x).logits.shape == (2,)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"size": 28}, r"data\.size = 28: must be .*; pass --data\.size 32"),
    ({"size": 4}, r"data\.size = 4: must be at least 8"), ({"size": 16, "attention": (8,)}, r"network\.attention = "),
])
def test_what_has_no_place_is_refused(wrong: dict[str, Any], message: str) -> None:
    for network in (DcganGenerator, DcganDiscriminator):
        with pytest.raises(InputError, match=message):
            network(GanShape(**wrong))
