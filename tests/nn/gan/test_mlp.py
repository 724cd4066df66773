"""The fully connected pair has the given layers and numbers of parameters."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.mlp import MlpDiscriminator, MlpGenerator
from genloom.nn.gan.shape import GanShape

LABELS = torch.eye(10)[:4]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def noise(*sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1))


def same_weights(plain: nn.Module, network: nn.Module) -> None:
    for given, taken in zip(network.parameters(), plain.parameters(), strict=True):
        taken.data.copy_(given.data)


def test_numbers_of_parameters_for_96_coordinates_and_28_pixels() -> None:
    shape = GanShape(latent=96, size=28)
    assert sum(p.numel() for p in MlpGenerator(shape).parameters()) == 1_952_528
    assert sum(p.numel() for p in MlpDiscriminator(shape).parameters()) == 267_009


def test_the_generator_is_the_layers_written_out() -> None:
    network, z = MlpGenerator(GanShape(channels=3, size=6)), noise(4, 96)
    plain = nn.Sequential(nn.Linear(96, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 108),
                          nn.Tanh())
    same_weights(plain, network)
    assert torch.equal(network(z), plain(z).view(4, 3, 6, 6))


def test_the_discriminator_is_the_layers_written_out() -> None:
    network, x = MlpDiscriminator(GanShape()), noise(4, 1, 28, 28)
    plain = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.LeakyReLU(0.01), nn.Linear(256, 256),
                          nn.LeakyReLU(0.01), nn.Linear(256, 1))
    same_weights(plain, network)
    assert torch.equal(network(x).logits, plain(x)[:, 0])


def test_labels_stand_beside_the_flattened_picture() -> None:
    network, x = MlpDiscriminator(GanShape(size=8, labels=10, judging="planes")), noise(4, 1, 8, 8)
    plain = nn.Sequential(nn.Linear(74, 256), nn.LeakyReLU(0.01), nn.Linear(256, 256), nn.LeakyReLU(0.01),
                          nn.Linear(256, 1))
    same_weights(plain, network)
    assert torch.equal(network(x, LABELS).logits, plain(torch.cat((x.flatten(1), LABELS), 1))[:, 0])


@pytest.mark.parametrize("y", [None, LABELS[:3], LABELS[:, :9]])
def test_labels_that_are_missing_or_of_another_shape_are_refused(y: Tensor | None) -> None:
    with pytest.raises(InputError, match=r"y = .*: must be labels of shape \(4, 10\)"):
        MlpDiscriminator(GanShape(size=8, labels=10, judging="planes"))(noise(4, 1, 8, 8), y)


@pytest.mark.parametrize("wrong", [{"attention": (8,)}, {"width": 32}, {"told": "norm", "labels": 2}])
def test_what_has_no_place_is_refused(wrong: dict[str, Any]) -> None:
    (name, *_) = wrong
    with pytest.raises(InputError, match=rf"network\.{name} = "):
        MlpGenerator(GanShape(**wrong))
    if name != "told":
        with pytest.raises(InputError, match=rf"network\.{name} = "):
            MlpDiscriminator(GanShape(**wrong))
