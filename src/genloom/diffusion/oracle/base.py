"""Distributions whose noisy versions are known in closed form: exact denoiser, score and log-density at every level.

All of them are mixtures p(x0) = Σ_k w_k p_k(x0), so with responsibilities r_k ∝ w_k p_k(x_t)

    log p_t(x) = log Σ_k w_k p_k(x_t)        E[x0 | x_t] = Σ_k r_k E_k[x0 | x_t]

Everything is computed in float64 and returned in the dtype of x.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import torch
from torch import Tensor

from genloom.diffusion.prediction import Estimate
from genloom.diffusion.schedule import Schedule, Time
from genloom.errors import InputError

_BLOCK_ELEMENTS = 1 << 16  # numbers in one intermediate of a block of rows: 512 KB, which stays in cache
_NO_NOISE = 1e-100  # stands for σ = 0: its square and its inverse square are still finite


class Parts(NamedTuple):
    """What the components of a mixture know of a block of noisy points.

    log_density   log p_k(x_t), shape (b, K)
    combine       responsibilities (b, K) -> the estimate Σ_k r_k E_k[· | x_t], each part (b, D)
    """

    log_density: Tensor
    combine: Callable[[Tensor], Estimate]


class Oracle(ABC):
    """A mixture with its schedule; a `Denoiser` that is exact.

    schedule           the process that adds the noise
    shape              shape of one sample
    weights            the probability of each component, shape (K,); None for equal ones
    component_labels   the class of each component, shape (K,) in 0 … C−1, or None
    """

    def __init__(self, schedule: Schedule, shape: tuple[int, ...], count: int, weights: Tensor | None,
                 component_labels: Tensor | None) -> None:
        self.schedule, self.shape, self.labels = schedule, shape, None
        self.weights = _normalised(weights, count)
        self._equal = bool((self.weights == self.weights[0]).all())
        self.component_labels = component_labels
        if component_labels is not None and component_labels.shape != (count,):
            raise InputError("component_labels", tuple(component_labels.shape), f"of shape ({count},)")

    labels: Tensor | None

    @property
    def dim(self) -> int:
        """Number of coordinates of one sample."""
        return int(torch.Size(self.shape).numel())

    @property
    def classes(self) -> int:
        """Number of classes C; 0 without labels."""
        return 0 if self.component_labels is None else int(self.component_labels.max()) + 1

    @abstractmethod
    def _parts(self, x: Tensor, alpha: Tensor, sigma: Tensor) -> Parts:
        """The components' answers for float64 x (b, D); α and σ have shape () or (b, 1), and σ > 0."""

    @abstractmethod
    def _place(self, component: Tensor, uniforms: Tensor) -> Tensor:
        """Points of the given components (n,), made from uniform numbers (n, D): shape (n, D)."""

    def with_labels(self, labels: Tensor | int | None) -> Self:
        """The same oracle for p(x0 | y): one class for each sample, (B,), or one for all.

        The class C (one past the last) is the null class of classifier-free guidance and means p(x0).

        Errors: `InputError` for an oracle without classes, or a class outside 0 … C.
        """
        other = copy.copy(self)
        other.labels = None if labels is None else torch.as_tensor(labels, dtype=torch.int64).reshape(-1)
        if other.labels is not None:
            if self.component_labels is None:
                raise InputError("labels", other.labels.tolist(), "None for a distribution without classes")
            if len(other.labels) and not 0 <= int(other.labels.min()) <= int(other.labels.max()) <= self.classes:
                raise InputError("labels", other.labels.tolist(), f"classes 0 to {self.classes}, the last meaning any")
        return other

    def __call__(self, x: Tensor, t: Time) -> Estimate:
        """E[x0 | x_t = x] and E[ε | x_t = x]."""
        level = self.schedule.level(t)
        return self.estimate_at(x, level.alpha, level.sigma)

    def estimate_at(self, x: Tensor, alpha: Time, sigma: Time) -> Estimate:
        """The estimate at given α and σ, numbers or (B,). At σ = 0 it is the nearest point of the support."""
        found = []
        for parts, weights in self._blocks(x, alpha, sigma):
            joint = parts.log_density + weights if weights.ndim else parts.log_density  # equal weights cancel
            found.append(parts.combine(joint.softmax(1)))
        return Estimate(*(torch.cat(part).reshape(x.shape).to(x.dtype) for part in zip(*found, strict=True)))

    def log_density(self, x: Tensor, t: Time) -> Tensor:
        """log p_t(x) in nats, shape (B,), or log p_t(x | y) where labels were given."""
        level = self.schedule.level(t)
        return self.log_density_at(x, level.alpha, level.sigma)

    def log_density_at(self, x: Tensor, alpha: Time, sigma: Time) -> Tensor:
        """The log-density of α x0 + σ ε at x, shape (B,)."""
        found = []
        for parts, weights in self._blocks(x, alpha, sigma):
            joint = parts.log_density + weights if weights.ndim else parts.log_density
            total = joint.logsumexp(1)
            found.append(total if weights.ndim else total + weights)
        return torch.cat(found).to(x.dtype)

    def score(self, x: Tensor, t: Time) -> Tensor:
        """∇ log p_t(x) = −E[ε | x_t = x]/σ, of x's shape. [Vincent 2011]"""
        sigma = self.schedule.level(t).sigma
        eps = self(x, t).eps
        column = sigma.reshape(-1, *(1,) * (x.ndim - 1)) if isinstance(sigma, Tensor) else sigma
        return (-eps / column).to(x.dtype)

    def log_posterior(self, x: Tensor, t: Time) -> Tensor:
        """log p(y | x_t = x), shape (B, C): the exact classifier of noisy points."""
        if self.component_labels is None:
            raise InputError("component_labels", None, "given, for a classifier")
        level = self.schedule.level(t)
        found = []
        for parts, weights in self.with_labels(None)._blocks(x, level.alpha, level.sigma):
            joint = parts.log_density + weights
            of = [joint[:, self.component_labels == c].logsumexp(1) for c in range(self.classes)]
            found.append(torch.stack(of, 1).log_softmax(1))
        return torch.cat(found).to(x.dtype)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws of x0, shape (count, …), float64; of the classes that were given, where there are any."""
        return self.draw(count, generator)[0]

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Draws of x0 and their classes."""
        uniforms = torch.rand(count, 1 + self.dim, generator=generator, dtype=torch.float64, device=generator.device)
        return self.place(uniforms)

    def place(self, uniforms: Tensor) -> tuple[Tensor, Tensor | None]:
        """x0 and its class as a function of uniform numbers, shape (n, 1 + D): the first one picks the component."""
        component = self._pick(uniforms[:, 0].double())
        x0 = self._place(component, uniforms[:, 1:].double()).reshape(-1, *self.shape)
        return x0, None if self.component_labels is None else self.component_labels[component]

    def _pick(self, uniform: Tensor) -> Tensor:
        asked = self.labels.expand(len(uniform)) if self.labels is not None else uniform.new_zeros(len(uniform)).long()
        component = torch.empty_like(asked)
        for label in torch.unique(asked):
            rows = asked == label
            weights = self.weights if self.labels is None else self.weights * self._match(label[None])[0]
            edges = weights.cumsum(0)
            index = torch.searchsorted(edges, uniform[rows] * edges[-1], right=True)
            component[rows] = index.clamp(max=int(weights.nonzero()[-1]))
        return component

    def _match(self, labels: Tensor) -> Tensor:
        """Whether each component belongs to each sample's class, (b, K)."""
        assert self.component_labels is not None
        labels = labels.to(self.component_labels.device)[:, None]
        return (self.component_labels == labels) | (labels == self.classes)

    def _log_weights(self, labels: Tensor | None) -> Tensor:
        """log p(k | y), shape (K,) or (b, K), or () when all are equal."""
        if labels is None:
            return self.weights[0].log() if self._equal else self.weights.log()
        log_weights = torch.where(self._match(labels), self.weights.log(), -torch.inf)
        return log_weights.log_softmax(1)

    def _blocks(self, x: Tensor, alpha: Time, sigma: Time) -> Iterator[tuple[Parts, Tensor]]:
        """The components' answers and log-weights for blocks of rows, so that memory does not grow with B·K."""
        if x.ndim < 1 or tuple(x.shape[1:]) != self.shape:
            raise InputError("x", tuple(x.shape), f"of shape (B, {', '.join(map(str, self.shape))})")
        flat = x.reshape(len(x), -1).double()
        alpha, sigma = _column(alpha, flat), _column(sigma, flat).clamp(min=_NO_NOISE)
        rows = max(1, _BLOCK_ELEMENTS // (len(self.weights) * self._width()))
        for start in range(0, max(len(flat), 1), rows):
            part = slice(start, start + rows)
            labels = self.labels[part] if self.labels is not None and len(self.labels) > 1 else self.labels
            a, s = (c[part] if c.ndim and len(c) > 1 else c for c in (alpha, sigma))
            yield self._parts(flat[part], a, s), self._log_weights(labels)

    def _width(self) -> int:
        """Numbers that an intermediate holds for each row and component."""
        return self.dim


def _column(value: Time, x: Tensor) -> Tensor:
    """α or σ as a float64 tensor of shape () or (B, 1) beside x."""
    whole = torch.as_tensor(value, dtype=torch.float64, device=x.device)
    return whole.reshape(-1, 1) if whole.ndim else whole


def _normalised(weights: Tensor | None, count: int) -> Tensor:
    if count < 1:
        raise InputError("components", count, "at least 1")
    if weights is None:
        return torch.full((count,), 1 / count, dtype=torch.float64)
    weights = weights.double()
    if weights.shape != (count,) or not bool((weights >= 0).all()) or not 0 < weights.sum() < torch.inf:
        raise InputError("weights", weights.tolist(), f"{count} numbers ≥ 0 with a positive finite sum")
    return weights / weights.sum()


def finite(name: str, value: Tensor) -> Tensor:
    """The value in float64.

    Errors: `InputError` when a number of it is not finite.
    """
    if not bool(value.isfinite().all()):
        raise InputError(name, "a number that is not finite", "finite")
    return value.double()
