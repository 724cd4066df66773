"""Densities in closed form, as plain float64 numbers: what an oracle, a test or a figure needs to know of a pattern."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Boxes(NamedTuple):
    """A mixture of uniform densities on axis-aligned boxes: p(x) = Σ_k w_k 1[low_k ≤ x ≤ high_k] / vol_k.

    low, high   corners, (K, D) float64
    weights     probability of each box, (K,) float64, sum 1
    labels      class of each box, (K,) int64, or None
    """

    low: Tensor
    high: Tensor
    weights: Tensor
    labels: Tensor | None = None

    @property
    def volumes(self) -> Tensor:
        """Volume of each box, (K,)."""
        return (self.high - self.low).prod(dim=1)

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) at points x of shape (N, D), float64, −∞ outside every box."""
        inside = self._contains(x)
        return torch.where(inside, (self.weights / self.volumes).log(), -torch.inf).logsumexp(dim=1)

    def locate(self, x: Tensor) -> Tensor:
        """Index of the first box that holds each point of x (N, D), −1 where none does; borders belong to a box."""
        inside = self._contains(x)
        return torch.where(inside.any(dim=1), inside.int().argmax(dim=1), -1)

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Independent points (N, D) float64 and the box of each, (N,) int64."""
        box = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        unit = torch.rand((count, self.low.shape[1]), generator=generator, dtype=torch.float64)
        return self.low[box] + (self.high - self.low)[box] * unit, box

    def _contains(self, x: Tensor) -> Tensor:
        x = x.double()[:, None, :]
        return ((x >= self.low) & (x <= self.high)).all(dim=2)


class Gaussians(NamedTuple):
    """A mixture of normal densities: p(x) = Σ_k w_k N(x; μ_k, Σ_k).

    means         (K, D) float64
    covariances   (K, D, D) float64, positive definite
    weights       probability of each component, (K,) float64, sum 1
    labels        class of each component, (K,) int64, or None
    """

    means: Tensor
    covariances: Tensor
    weights: Tensor
    labels: Tensor | None = None

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) at points x of shape (N, D), float64."""
        root = torch.linalg.cholesky(self.covariances)
        offset = (x.double()[:, None, :] - self.means)[..., None]
        distance = torch.linalg.solve_triangular(root, offset, upper=False).square().sum(dim=(2, 3))
        volume = root.diagonal(dim1=1, dim2=2).log().sum(dim=1) + self.means.shape[1] / 2 * math.log(2 * math.pi)
        joint: Tensor = self.weights.log() - volume - distance / 2
        return joint.logsumexp(dim=1)

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Independent points (N, D) float64 and the component of each, (N,) int64."""
        component = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        unit = torch.randn((count, self.means.shape[1]), generator=generator, dtype=torch.float64)
        root = torch.linalg.cholesky(self.covariances)[component]
        return self.means[component] + (root @ unit[:, :, None]).squeeze(2), component
