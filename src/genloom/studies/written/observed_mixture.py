"""Data of which one coordinate was observed: the pull of the observation on a noisy state, exactly and by formula.

The state is x = x0 + σ z. The exact pull is ∇ log p(known | x), where p(known | x) is the mean of p(known | x0) over
what x says of x0; for a mixture of normals and for a cloud of points it has a closed form, which is differentiated.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.guidance import flat_strength
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.oracle.posterior import condition
from genloom.diffusion.schedule import Level, geometric
from genloom.rng import generator

KNOWN = 0.25
"""What was observed of the first coordinate."""
MASK = (1.0, 0.0)
_MEANS = ((-0.2, -0.8), (0.5, 0.1), (0.1, 0.9))
_STDS = ((0.5, 0.3), (0.4, 0.5), (0.6, 0.35))
_CORRELATIONS = (0.6, -0.5, 0.3)
_WEIGHTS = (0.3, 0.45, 0.25)
_LOG_2PI = math.log(2 * math.pi)


class Observed(NamedTuple):
    """Data, what p(known | x) is of them, and their exact posterior; `noise` is s, that of the observation."""

    data: Oracle
    log_likelihood: Callable[[Tensor, float], Tensor]
    posterior: Oracle
    noise: float

    def draws(self, sigma: float, count: int, seed: int) -> Tensor:
        """x_σ of the posterior, (N, 2): where a sampler that is told `known` should be."""
        random = generator(seed, 48)
        x0 = self.posterior.sample(count, random)
        return x0 + sigma * torch.randn(x0.shape, generator=random, dtype=torch.float64)

    def pull(self, x: Tensor, sigma: float) -> Tensor:
        """∇ log p(known | x), (N, 2)."""
        at = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.log_likelihood(at, sigma).sum(), at)
        return gradient

    def difference(self, x: Tensor, sigma: float) -> Tensor:
        """The posterior's score less that of the data, both by their oracles, (N, 2)."""
        return (self.data.estimate_at(x, 1.0, sigma).eps - self.posterior.estimate_at(x, 1.0, sigma).eps) / sigma


def off_known(x: Tensor) -> Tensor:
    """(x − known) ⊙ M."""
    return (x - KNOWN) * torch.tensor(MASK, dtype=x.dtype)


def following(sigma: float, noise: float) -> float:
    """λ = 1/(σ² + s²), the program's own `flat_strength`."""
    return float(flat_strength(noise)(Level(0.0, 1.0, sigma)))


def mixture(noise: float) -> Observed:
    """Three tilted normals in the plane."""
    means, stds = (torch.tensor(each, dtype=torch.float64) for each in (_MEANS, _STDS))
    covariances = stds[:, :, None] * stds[:, None] * torch.stack([
        torch.tensor([[1, r], [r, 1]], dtype=torch.float64) for r in _CORRELATIONS])
    weights = torch.tensor(_WEIGHTS, dtype=torch.float64)
    data = MixtureOracle(geometric(), means, covariances, weights)

    def log_likelihood(x: Tensor, sigma: float) -> Tensor:
        noisy = covariances + sigma**2 * torch.eye(2, dtype=torch.float64)
        gain = torch.linalg.solve(noisy, covariances).mT  # Σ (Σ + σ² I)^{−1}
        off = x[:, None] - means
        square = torch.einsum("nkd,kde,nke->nk", off, torch.linalg.inv(noisy), off)
        parts = (weights.log() - 0.5 * (square + torch.logdet(noisy))).log_softmax(1)
        middle = means[:, 0] + torch.einsum("kd,nkd->nk", gain[:, 0], off)
        spread = (covariances - gain @ covariances)[:, 0, 0] + noise**2
        return (parts + _normal(KNOWN - middle, spread)).logsumexp(1)

    return Observed(data, log_likelihood, _posterior(data, noise), noise)


def cloud(noise: float, count: int = 200) -> Observed:
    """Points on a ring, and nothing between them."""
    angle = 2 * math.pi * torch.arange(count, dtype=torch.float64) / count
    points = torch.stack((angle.cos(), angle.sin()), 1)
    data = CloudOracle(geometric(), points)

    def log_likelihood(x: Tensor, sigma: float) -> Tensor:
        parts = (-0.5 * ((x[:, None] - points) / sigma).square().sum(2)).log_softmax(1)
        return (parts + _normal(KNOWN - points[:, 0], torch.tensor(noise**2, dtype=torch.float64))).logsumexp(1)

    return Observed(data, log_likelihood, _posterior(data, noise), noise)


def normal(noise: float, std: float) -> Observed:
    """One normal of this standard deviation in both coordinates, around 0: the pull is linear in x."""
    data = MixtureOracle(geometric(), torch.zeros(1, 2, dtype=torch.float64),
                         std**2 * torch.eye(2, dtype=torch.float64)[None])

    def log_likelihood(x: Tensor, sigma: float) -> Tensor:
        keep = std**2 / (std**2 + sigma**2)
        return _normal(KNOWN - keep * x[:, 0], torch.tensor(noise**2 + keep * sigma**2, dtype=torch.float64))

    return Observed(data, log_likelihood, _posterior(data, noise), noise)


def _posterior(data: Oracle, noise: float) -> Oracle:
    known = torch.full((2,), KNOWN, dtype=torch.float64)
    return condition(data, known, torch.tensor(MASK, dtype=torch.float64), noise)


def _normal(off: Tensor, variance: Tensor) -> Tensor:
    """The log-density of a normal at this distance from its mean."""
    return -0.5 * (off.square() / variance + variance.log() + _LOG_2PI)
