"""A diffusion chain whose every expectation is known: Gaussian data, and Gaussian kernels forward and backward.

Coordinates are independent: laws and kernels hold one number for each, (D,). A point is a law without variance, so one
formula serves one x0 and the mean over the data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor

_LOG_2PI = math.log(2 * math.pi)


BETAS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
"""Noise of the steps of the example, few and large, so that each term can be seen."""
_MEAN, _VARIANCE = (0.8, -0.4), (0.25, 1.44)  # of the example's data


class Law(NamedTuple):
    """N(mean, variance) in each coordinate."""

    mean: Tensor
    variance: Tensor

    def log_density(self, x: Tensor) -> Tensor:
        """Of points (…, D): shape (…)."""
        return -0.5 * ((x - self.mean).square() / self.variance + self.variance.log() + _LOG_2PI).sum(-1)

    def divergence(self, other: "Law") -> Tensor:
        """KL from the other, in nats."""
        ratio = self.variance / other.variance
        return 0.5 * (ratio - 1 - ratio.log() + (self.mean - other.mean).square() / other.variance).sum(-1)

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Points (count, D)."""
        z = torch.randn(count, len(self.mean), generator=random, dtype=torch.float64)
        return self.mean + self.variance.sqrt() * z


class Kernel(NamedTuple):
    """N(slope·x + shift, variance) in each coordinate, for an input x."""

    slope: Tensor
    shift: Tensor
    variance: Tensor

    @property
    def entropy(self) -> Tensor:
        """In nats; it does not depend on the input."""
        return 0.5 * (self.variance.log() + _LOG_2PI + 1).sum(-1)

    def of(self, law: Law) -> Law:
        """The law of the output where the input has this law."""
        return Law(self.slope * law.mean + self.shift, self.slope.square() * law.variance + self.variance)

    def turned(self, law: Law) -> "Kernel":
        """Bayes' rule: the law of the input given the output, where the input has this law."""
        out = self.of(law)
        gain = self.slope * law.variance / out.variance
        return Kernel(gain, law.mean - gain * out.mean, law.variance * self.variance / out.variance)

    def then(self, second: "Kernel") -> "Kernel":
        """This kernel and then the second."""
        return Kernel(self.slope * second.slope, second.slope * self.shift + second.shift,
                      second.slope.square() * self.variance + second.variance)

    def at(self, x: Tensor) -> Law:
        """The law of the output of inputs (…, D)."""
        return Law(self.slope * x + self.shift, self.variance)

    def divergence(self, other: "Kernel", law: Law) -> Tensor:
        """The mean over inputs of the KL from the other, in nats."""
        ratio, slope = self.variance / other.variance, self.slope - other.slope
        off = (slope * law.mean + self.shift - other.shift).square() + slope.square() * law.variance
        return 0.5 * (ratio - 1 - ratio.log() + off / other.variance).sum(-1)


def expected_log(backward: Kernel, earlier: Law, forward: Kernel) -> Tensor:
    """E log p(x | y) for a backward kernel p, where x has the law `earlier` and y is drawn from it by `forward`."""
    later = forward.of(earlier)
    off = earlier.mean - backward.slope * later.mean - backward.shift
    spread = (earlier.variance + backward.slope.square() * later.variance
              - 2 * backward.slope * forward.slope * earlier.variance)
    return -0.5 * ((off.square() + spread) / backward.variance + backward.variance.log() + _LOG_2PI).sum(-1)


class Terms(NamedTuple):
    """A bound in three parts, in nats: the decoder, one term for each step between, (T − 1,), and what is left."""

    first: Tensor
    steps: Tensor
    last: Tensor

    @property
    def total(self) -> Tensor:
        """Their sum."""
        return self.first + self.steps.sum(-1) + self.last


@dataclass(frozen=True)
class Chain:
    """q(x_{1:T} | x_0) and p_θ(x_{0:T}).

    forward    q(x_t | x_{t−1}), t = 1 … T
    backward   p_θ(x_{t−1} | x_t), t = 1 … T
    end        p(x_T)
    """

    forward: tuple[Kernel, ...]
    backward: tuple[Kernel, ...]
    end: Law

    def laws(self, start: Law) -> list[Law]:
        """q(x_t), t = 0 … T, where x_0 has the law `start`."""
        return list(accumulate(self.forward, lambda law, kernel: kernel.of(law), initial=start))

    def turned(self, start: Law) -> tuple[Kernel, ...]:
        """q(x_{t−1} | x_t), t = 1 … T; of a point x_0, q(x_{t−1} | x_t, x_0)."""
        return tuple(kernel.turned(law) for kernel, law in zip(self.forward, self.laws(start)[:-1], strict=True))

    def log_density(self, x0: Tensor) -> Tensor:
        """log p_θ(x_0), exactly, of points (…, D)."""
        return reduce(lambda law, kernel: kernel.of(law), reversed(self.backward), self.end).log_density(x0)

    def surgery(self, start: Law) -> Terms:
        """The bound as in S3.9: E log p(x_0|x_1), the L_t of t = 1 … T − 1, and C."""
        laws = self.laws(start)
        logs = [expected_log(*each) for each in zip(self.backward, laws[:-1], self.forward, strict=True)]
        end = _expected(self.end, laws[-1])
        entropies = [kernel.entropy for kernel in self.forward]
        steps = [log + entropy for log, entropy in zip(logs[1:], entropies[:-1], strict=True)]
        return Terms(logs[0], torch.stack(steps), end + entropies[-1])

    def denoising(self, x0: Tensor) -> Terms:
        """The bound as in S3.15, of one point (D,): E log p(x_0|x_1), the −L'_t of t = 2 … T, and the end's −KL."""
        start = point(x0)
        laws, turned = self.laws(start), self.turned(start)
        steps = [-turned[t].divergence(self.backward[t], laws[t + 1]) for t in range(1, len(self.forward))]
        first = expected_log(self.backward[0], start, self.forward[0])
        return Terms(first, torch.stack(steps), -laws[-1].divergence(self.end))

    def gap(self, x0: Tensor) -> Terms:
        """KL(q(x_{1:T} | x_0) ‖ p_θ(x_{1:T} | x_0)) of one point (D,), step by step from x_T; nothing is `first`.

        p_θ(x_{t−1} | x_t, x_0) is the model's own posterior, by Bayes' rule from p_θ(x_{t−1} | x_t) and the kernel that
        leads from x_{t−1} to x_0.
        """
        laws, turned = self.laws(point(x0)), self.turned(point(x0))
        down = list(accumulate(self.backward, lambda whole, kernel: kernel.then(whole)))  # x_t → x_0
        steps = [turned[t].divergence(_given(self.backward[t], down[t - 1], x0), laws[t + 1])
                 for t in range(1, len(self.forward))]
        end = laws[-1].divergence(down[-1].turned(self.end).at(x0))
        return Terms(torch.zeros_like(end), torch.stack(steps), end)

    def walk(self, start: Law, count: int, random: torch.Generator) -> list[Tensor]:
        """Draws of x_0, …, x_T, each (count, D)."""
        states = [start.draw(count, random)]
        for kernel in self.forward:
            mean, variance = kernel.at(states[-1])
            states.append(mean + variance.sqrt() * torch.randn(mean.shape, generator=random, dtype=torch.float64))
        return states


def point(x0: Tensor) -> Law:
    """The law of what is always x0."""
    return Law(x0, torch.zeros_like(x0))


def standard(dim: int) -> Law:
    """N(0, I)."""
    return Law(torch.zeros(dim, dtype=torch.float64), torch.ones(dim, dtype=torch.float64))


def example_data() -> Law:
    """The data of the example, in the plane: narrow along one axis and wide along the other."""
    return Law(torch.tensor(_MEAN, dtype=torch.float64), torch.tensor(_VARIANCE, dtype=torch.float64))


def noising(betas: Sequence[float], dim: int) -> tuple[Kernel, ...]:
    """q(x_t | x_{t−1}) = N(√(1 − β_t) x_{t−1}, β_t I)."""
    one = torch.ones(dim, dtype=torch.float64)
    return tuple(Kernel(math.sqrt(1 - beta) * one, 0 * one, beta * one) for beta in betas)


def exact_chain(data: Law, betas: Sequence[float] = BETAS, *, end: Law | None = None) -> Chain:
    """The chain whose backward kernels are q(x_{t−1} | x_t) of these data; its end is q(x_T) unless given."""
    forward = noising(betas, len(data.mean))
    bare = Chain(forward, forward, data)
    return Chain(forward, bare.turned(data), end or bare.laws(data)[-1])


def wrong_chain(data: Law, betas: Sequence[float] = BETAS) -> Chain:
    """A model that ends in N(0, I) and whose kernels are off: 10 % in slope, 0.1 in shift and 30 % in variance."""
    right = exact_chain(data, betas, end=standard(len(data.mean)))
    off = tuple(Kernel(0.9 * kernel.slope, kernel.shift + 0.1, 1.3 * kernel.variance) for kernel in right.backward)
    return Chain(right.forward, off, right.end)


def _expected(density: Law, law: Law) -> Tensor:
    """E log density(x) for x of a law."""
    return density.log_density(law.mean) - 0.5 * (law.variance / density.variance).sum(-1)


def _given(step: Kernel, down: Kernel, x0: Tensor) -> Kernel:
    """p(x_{t−1} | x_t, x_0): the step's normal times the likelihood of x_0, complete the square."""
    precision = 1 / step.variance + down.slope.square() / down.variance
    pull = down.slope * (x0 - down.shift) / down.variance
    return Kernel(step.slope / step.variance / precision, (step.shift / step.variance + pull) / precision,
                  1 / precision)
