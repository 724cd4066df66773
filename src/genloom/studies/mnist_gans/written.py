"""The networks as the problem texts write them, of torch's own layers: a second opinion on genloom's."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.pairs import pair
from genloom.nn.gan.shape import GanShape
from genloom.rng import fold, generator

SIZE = 28


class Written(NamedTuple):
    """A pair of plain stacks of layers: z (B, latent) → pictures, and pictures → logits (B, 1)."""

    generator: nn.Sequential
    discriminator: nn.Sequential
    latent: int


def mlp() -> Written:
    """S0.12: 96 → 1024 → 1024 → 784, and 784 → 256 → 256 → 1."""
    return Written(
        nn.Sequential(nn.Linear(96, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 784), nn.Tanh(),
                      nn.Unflatten(1, (1, SIZE, SIZE))),
        nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.LeakyReLU(0.01), nn.Linear(256, 256), nn.LeakyReLU(0.01),
                      nn.Linear(256, 1)),
        latent=96)


def course() -> Written:
    """S0.17: the convolutional pair."""
    return Written(
        nn.Sequential(nn.Linear(96, 1024), nn.ReLU(), nn.BatchNorm1d(1024), nn.Linear(1024, 6272), nn.ReLU(),
                      nn.BatchNorm1d(6272), nn.Unflatten(1, (128, 7, 7)), nn.ConvTranspose2d(128, 64, 4, 2, 1),
                      nn.ReLU(), nn.BatchNorm2d(64), nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh()),
        nn.Sequential(nn.Conv2d(1, 32, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5),
                      nn.LeakyReLU(0.01), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 1024), nn.LeakyReLU(0.01),
                      nn.Linear(1024, 1)),
        latent=96)


def tables() -> Written:
    """S4.13 and S4.14: Tables 2 and 1, with the change of shape that each of them asks for in a remark."""
    return Written(
        nn.Sequential(nn.Linear(64, 1568), nn.LeakyReLU(0.2), nn.Unflatten(1, (32, 7, 7)), nn.Upsample(scale_factor=2),
                      nn.Conv2d(32, 16, 3, 1, 1), nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2),
                      nn.Conv2d(16, 8, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3, 1, 1), nn.Sigmoid()),
        nn.Sequential(nn.Conv2d(1, 2, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 4, 3, 1, 1), nn.ReLU(),
                      nn.MaxPool2d(2), nn.Conv2d(4, 8, 3, 1, 0), nn.ReLU(), nn.Flatten(), nn.Linear(200, 1)),
        latent=64)


WRITTEN: dict[str, Callable[[], Written]] = {"mlp": mlp, "course": course, "tables": tables}
"""By the name of genloom's pair."""


class Layer(NamedTuple):
    """A layer in words, the shape of its output without the batch, and its number of parameters."""

    words: str
    shape: tuple[int, ...]
    parameters: int


@torch.no_grad()
def layers(network: nn.Sequential, x: Tensor) -> Iterator[Layer]:
    """The layers that an input (B, …) goes through, one after the other."""
    for layer in network:
        x = layer(x)
        yield Layer(_words(layer), tuple(x.shape[1:]), parameters(layer))


def parameters(network: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(p.numel() for p in network.parameters())


def ours(kind: str, seed: int = 0) -> tuple[nn.Module, nn.Module]:
    """genloom's generator and discriminator of this kind, untrained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 61))
        return pair(kind, GanShape(size=SIZE, channels=1, latent=WRITTEN[kind]().latent))


@torch.no_grad()
def copy_weights(source: nn.Module, target: nn.Module) -> None:
    """Give `target` the weights and statistics of `source`, whose layers come in the same order.

    Errors: `InputError` where their shapes differ.
    """
    given, taken = _tensors(source), _tensors(target)
    shapes = [tuple(tensor.shape) for tensor in taken]
    if [tuple(tensor.shape) for tensor in given] != shapes:
        raise InputError("source", type(source).__name__, f"tensors of shapes {shapes[:4]} …")
    for old, new in zip(given, taken, strict=True):
        new.copy_(old)


@torch.no_grad()
def apart(kind: str) -> tuple[float, float]:
    """Largest differences between genloom's pair and the written one with the same weights, in float64, in training.

    Of the generator's pictures, and of the discriminator's logits.
    """
    found, plain = ours(kind), WRITTEN[kind]()
    random = generator(0, 62)
    z = torch.rand(8, plain.latent, generator=random).double() * 2 - 1
    x = torch.rand(8, 1, SIZE, SIZE, generator=random).double()
    for own, other in zip(found, plain[:2], strict=True):
        copy_weights(own, other)
        own.double().train()
        other.double().train()
    made = (found[0](z) - plain.generator(z)).abs().max()
    judged = (found[1](x).logits - plain.discriminator(x).squeeze(1)).abs().max()
    return float(made), float(judged)


def _tensors(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]


def _words(layer: nn.Module) -> str:
    if isinstance(layer, nn.Linear):
        return f"linear, {layer.in_features} → {layer.out_features}"
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        kind = "transposed convolution" if isinstance(layer, nn.ConvTranspose2d) else "convolution"
        return (f"{kind} {layer.kernel_size[0]} × {layer.kernel_size[1]}, {layer.in_channels} → {layer.out_channels}, "
                f"stride {layer.stride[0]}, padding {layer.padding[0]}")
    if isinstance(layer, nn.LeakyReLU):
        return f"LeakyReLU, slope {layer.negative_slope:g}"
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        return f"batch norm of {layer.num_features}"
    plain = {"MaxPool2d": "largest of each 2 × 2", "Upsample": "doubled in height and width", "Flatten": "as a vector",
             "Unflatten": "as a picture"}
    name = type(layer).__name__
    return plain.get(name, name)
