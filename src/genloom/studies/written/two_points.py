"""A backward step of noise on two points, −1 and 1: a mixture of two normals, and the best that a normal can do.

Everything is by quadrature: exact to rounding, since all integrands are smooth.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.diffusion.samplers.ddpm import posterior
from genloom.diffusion.samplers.state import SharedLevel

SPAN = (2.0, -3.0)
"""log SNR of the first and of the last state of a chain."""
_REACH, _CELLS, _NODES = 9.0, 240, 48  # of the integrals over x_t, in σ beyond the points, and over x_{t−1}


class Cost(NamedTuple):
    """Σ_t of the mean of L'_t over both points, in nats.

    least   with the mean and the variance of q(x_{t−1} | x_t) at every x_t
    fixed   with its mean, and the variance of q(x_{t−1} | x_t, x_0), as in DDPM with the small variance
    shape   Σ_t E KL(q(x_{t−1} | x_t), its normal of the same mean and variance)
    small   the same from the normal with the small variance
    """

    least: float
    fixed: float
    shape: float
    small: float


class Step(NamedTuple):
    """q(x_s | x_t) on a grid of x_t: the means of its two parts, their weights, and their common variance.

    share   weight of each x_t in a mean over q(x_t), (X,)
    means   (X, 2)
    parts   (X, 2)
    """

    share: Tensor
    means: Tensor
    parts: Tensor
    variance: float

    @property
    def mean(self) -> Tensor:
        """Of the mixture, (X,)."""
        return (self.parts * self.means).sum(1)

    @property
    def spread(self) -> Tensor:
        """Variance of the mixture, (X,)."""
        return self.variance + (self.parts * (self.means - self.mean[:, None]).square()).sum(1)

    @property
    def entropy(self) -> Tensor:
        """Of the mixture at each x_t, (X,), by Gauss–Hermite around each part."""
        nodes, weights = (torch.from_numpy(each) for each in np.polynomial.hermite_e.hermegauss(_NODES))
        x = self.means[:, :, None] + math.sqrt(self.variance) * nodes
        density = normal_mixture(x, self.means[:, None, None], self.parts[:, None, None], self.variance)
        return -(self.parts * (density @ weights / weights.sum())).sum(1)

    def matching(self, variance: Tensor) -> Tensor:
        """The mean of KL(q(x_s | x_t, x_0), N(mean, variance)) over x_0 given x_t, (X,), by its definition."""
        ratio = self.variance / variance[:, None]
        off = (self.means - self.mean[:, None]).square() / variance[:, None]
        return 0.5 * (self.parts * (ratio - 1 - ratio.log() + off)).sum(1)


def chain(steps: int) -> list[SharedLevel]:
    """States x_1, x_2, … with log SNR even on `SPAN`, `steps` between the first and the last."""
    snr = torch.linspace(*SPAN, steps + 1, dtype=torch.float64).exp()
    alphas = (snr / (1 + snr)).sqrt().tolist()
    return [SharedLevel(k / steps, alpha, math.sqrt(1 - alpha**2)) for k, alpha in enumerate(alphas)]


def step(then: SharedLevel, now: SharedLevel) -> Step:
    """q(x_s | x_t) for the levels s (then) and t (now)."""
    reach = now.alpha + _REACH * now.sigma
    x = torch.linspace(-reach, reach, _CELLS + 1, dtype=torch.float64)
    q = posterior(now, then)
    points = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    logs = -0.5 * ((x[:, None] - now.alpha * points) / now.sigma).square()
    density = logs.exp().sum(1)
    return Step(density / density.sum(), q.keep * x[:, None] + q.data * points, logs.softmax(1), q.small)


def cost(steps: int) -> Cost:
    """What L'_t sums to over a chain of so many steps."""
    total = torch.zeros(4, dtype=torch.float64)
    for then, now in pairwise(chain(steps)):
        each = step(then, now)
        small = torch.full_like(each.spread, each.variance)
        cross = [0.5 * (2 * math.pi * v).log() + each.spread / (2 * v) for v in (each.spread, small)]
        values = (each.matching(each.spread), each.matching(small), *(part - each.entropy for part in cross))
        total += torch.stack([each.share @ value for value in values])
    return Cost(*total.tolist())


def information(level: SharedLevel) -> float:
    """I(x_0; x_t) in nats: the entropy of the mixture less that of its noise."""
    reach = level.alpha + _REACH * level.sigma
    x = torch.linspace(-reach, reach, _CELLS + 1, dtype=torch.float64)
    means = level.alpha * torch.tensor([-1.0, 1.0], dtype=torch.float64)
    log = normal_mixture(x, means, torch.full((2,), 0.5, dtype=torch.float64), level.sigma**2)
    entropy = -torch.trapezoid(log.exp() * log, x)
    return float(entropy) - 0.5 * math.log(2 * math.pi * math.e * level.sigma**2)


def normal_mixture(x: Tensor, means: Tensor, parts: Tensor, variance: float) -> Tensor:
    """The log-density at x (…) of normals with these means and weights (…, K) and one variance."""
    each = -0.5 * ((x[..., None] - means).square() / variance + math.log(2 * math.pi * variance))
    return (each + parts.log()).logsumexp(-1)
