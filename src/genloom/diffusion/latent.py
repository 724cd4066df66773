"""Autoencoders for diffusion in a latent space: how they are trained, and the space that they span."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.loss import DISTANCES
from genloom.errors import InputError
from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update

Encoder = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Pictures (B, C, H, W) -> mean and log variance of their latents, each (B, c, h, w)."""

Decoder = Callable[[Tensor], Tensor]
"""Latents (B, c, h, w) -> pictures (B, C, H, W)."""


def kl_to_standard(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, e^v) ‖ N(0, 1)) = (μ² + e^v − 1 − v)/2 of each coordinate, in nats. [Kingma & Welling 2014, App. B]

    >>> kl_to_standard(torch.tensor([0.0, 2.0]), torch.zeros(2)).tolist()
    [0.0, 2.0]
    """
    return (mean.square() + torch.expm1(log_variance) - log_variance) / 2


@dataclass(frozen=True, kw_only=True)
class Autoencoding:
    """A `Method` that trains an encoder and a decoder: what the decoder misses, and a little of the code's length.

        loss = (Σ d(x, x̂) + β KL(N(μ, e^v) ‖ N(0, I)))/D,      x̂ = decode(μ + e^{v/2} ε),      ε ~ N(0, I)

    with sums over the D numbers of a picture and over all latents. [Kingma & Welling 2014, Eq. 10; Rombach et al. 2022,
    §3.1 and App. G] For d = (x − x̂)² and β = 2s² it is the negative evidence bound of a decoder N(x̂, s² I), but for a
    factor of 2s² and a constant. A tiny β keeps the latents within reach of 0 and leaves the picture to the decoder.

    latent     shape of one picture's latents (c, h, w)
    beta       weight of the KL divergence, at least 0
    distance   "l1", "l2" or "huber"
    name       the name of the network, `network(x, ε) -> (x̂, (μ, v))`, and of its optimizer

    Errors: `InputError` for a negative β or another distance.
    """

    latent: tuple[int, ...]
    beta: float = 1e-6
    distance: str = "l1"
    name: str = "autoencoder"

    def __post_init__(self) -> None:
        if not self.beta >= 0:
            raise InputError("objective.beta", self.beta, "at least 0", "1e-6 is usual")
        if self.distance not in DISTANCES:
            raise InputError("objective.distance", self.distance, f"one of {', '.join(DISTANCES)}")

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The mean loss of the batch, once; the log gets both of its parts, the KL divergence in nats a picture."""
        x = batch["x"]
        seen, (mean, log_variance) = networks[self.name](x, rng.normal((len(x), *self.latent)).to(x))
        missed = DISTANCES[self.distance](seen - x).mean()
        nats = kl_to_standard(mean, log_variance).flatten(1).sum(1).mean()
        yield Update(self.name, missed + self.beta / x[0].numel() * nats,
                     {"reconstruction": missed.detach(), "kl": nats.detach()})


class Standard(NamedTuple):
    """What standardises latents: the mean and the deviation of each channel, both (c, 1, 1), float64."""

    shift: Tensor
    scale: Tensor


@torch.no_grad()
def standard(encoder: Encoder, batches: Iterable[Tensor]) -> Standard:
    """The mean and the standard deviation of each channel of latents z = μ + e^{v/2} ε of these pictures.

        Var z = Var μ + E[e^v]

    The noise is averaged exactly, not drawn. [Rombach et al. 2022, App. G, with one deviation for each channel]

    Errors: `InputError` for no pictures.
    """
    count, total, squares, noise = 0, torch.zeros(()), torch.zeros(()), torch.zeros(())
    first: Tensor | None = None
    for x in batches:
        mean, log_variance = (part.double().cpu() for part in encoder(x))
        first = mean.mean((0, 2, 3), keepdim=True)[0] if first is None else first  # keeps the squares small
        away = mean - first
        count += away[:, 0].numel()
        total = total + away.sum((0, 2, 3))
        squares = squares + away.square().sum((0, 2, 3))
        noise = noise + log_variance.exp().sum((0, 2, 3))
    if first is None or not count:
        raise InputError("batches", 0, "at least one batch of pictures")
    off = total / count
    variance = (squares + noise) / count - off.square()
    return Standard(first + off[:, None, None], variance.clamp_min(1e-24).sqrt()[:, None, None])


@dataclass(frozen=True, kw_only=True)
class LatentSpace:
    """Pictures as standardised latents, and back: each channel has mean 0 and deviation 1 over the training pictures.

    encoder, decoder   of a trained autoencoder
    standard           what is subtracted from latents, and what they are divided by
    shape              shape of one picture's latents, (c, h, w)
    batch              pictures that go through a network at once
    digest             SHA-256 that names the weights, for a report
    """

    encoder: Encoder
    decoder: Decoder
    standard: Standard
    shape: tuple[int, int, int]
    batch: int = 256
    digest: str = ""

    @torch.no_grad()
    def encode(self, pictures: Tensor, noise: Tensor | None = None) -> Tensor:
        """Standardised latents (B, c, h, w) of pictures (B, C, H, W) in [−1, 1]: draws, or the means without noise.

        noise   standard normal numbers, (B, c, h, w)
        """
        codes = []
        for k, x in enumerate(torch.split(pictures, self.batch)):
            mean, log_variance = self.encoder(x)
            if noise is not None:
                mean = mean + (log_variance / 2).exp() * noise[k * self.batch : k * self.batch + len(x)]
            codes.append((mean - self.standard.shift.to(mean)) / self.standard.scale.to(mean))
        return torch.cat(codes)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Pictures (B, C, H, W), nearly within [−1, 1], of standardised latents (B, c, h, w)."""
        return torch.cat([self.decoder(z * self.standard.scale.to(z) + self.standard.shift.to(z))
                          for z in torch.split(latents, self.batch)])
