"""The bound of a Gaussian chain by whole paths: all states together are one normal, with a matrix for its covariance.

Nothing is taken apart step by step here, so that what `gaussian_chain` says of the steps can be held against it.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.studies.written.gaussian_chain import Chain, Kernel, Law

_LOG_2PI = math.log(2 * math.pi)


class Paths(NamedTuple):
    """A normal over the states of a path: mean (D, K) and covariance (D, K, K), for each coordinate its own."""

    mean: Tensor
    covariance: Tensor

    def given_first(self, value: Tensor) -> "Paths":
        """The law of the other states where the first one is `value` (D,)."""
        gain = self.covariance[:, 1:, 0] / self.covariance[:, :1, 0]
        mean = self.mean[:, 1:] + gain * (value - self.mean[:, 0])[:, None]
        return Paths(mean, self.covariance[:, 1:, 1:] - gain[:, :, None] * self.covariance[:, None, 0, 1:])

    def cross_entropy(self, other: "Paths") -> Tensor:
        """−E log other(path) for paths of this law, in nats; this law may have states without variance."""
        inverse, off = torch.linalg.inv(other.covariance), self.mean - other.mean
        square = (inverse * (self.covariance + off[:, :, None] * off[:, None])).sum((1, 2))
        each: Tensor = square + torch.logdet(other.covariance) + self.mean.shape[1] * _LOG_2PI
        return 0.5 * each.sum()

    @property
    def entropy(self) -> Tensor:
        """In nats."""
        return 0.5 * (torch.logdet(self.covariance) + self.mean.shape[1] * (_LOG_2PI + 1)).sum()

    def divergence(self, other: "Paths") -> Tensor:
        """KL from the other."""
        return self.cross_entropy(other) - self.entropy


def forward_paths(chain: Chain, x0: Tensor) -> Paths:
    """q(x_{1:T} | x_0) for a point (D,)."""
    return _followed(chain.forward, Law(x0, torch.zeros_like(x0)), keep_start=False)


def model_paths(chain: Chain) -> Paths:
    """p_θ(x_{0:T}), the states in the order of their index."""
    whole = _followed(tuple(reversed(chain.backward)), chain.end, keep_start=True)
    return Paths(whole.mean.flip(1), whole.covariance.flip(1, 2))


def bound(chain: Chain, x0: Tensor) -> Tensor:
    """E log p_θ(x_{0:T}) − E log q(x_{1:T} | x_0) over q(x_{1:T} | x_0), in nats."""
    given = forward_paths(chain, x0)
    whole = torch.nn.functional.pad(given.covariance, (1, 0, 1, 0))  # x_0 does not vary
    paths = Paths(torch.cat((x0[:, None], given.mean), 1), whole)
    return given.entropy - paths.cross_entropy(model_paths(chain))


def _followed(kernels: tuple[Kernel, ...], start: Law, *, keep_start: bool) -> Paths:
    """Every state as a mean and a row of factors of independent normal numbers, one more with each kernel."""
    mean, row = [start.mean], torch.zeros(len(start.mean), len(kernels) + 1, dtype=torch.float64)
    row[:, 0] = start.variance.sqrt()
    rows = [row]
    for k, kernel in enumerate(kernels, 1):
        mean.append(kernel.slope * mean[-1] + kernel.shift)
        row = kernel.slope[:, None] * rows[-1]
        row[:, k] = kernel.variance.sqrt()
        rows.append(row)
    factors = torch.stack(rows, 1)
    paths = Paths(torch.stack(mean, 1), factors @ factors.mT)
    return paths if keep_start else Paths(paths.mean[:, 1:], paths.covariance[:, 1:, 1:])
