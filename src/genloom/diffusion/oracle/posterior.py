"""Exact posteriors: an oracle whose data was observed in some coordinates, with Gaussian noise, is an oracle again."""

import math

import torch
from scipy.special import log_ndtr, ndtri_exp
from torch import Tensor

from genloom.diffusion.oracle.base import Oracle, Parts, finite
from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.interval import normal_on_interval
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.prediction import Estimate
from genloom.errors import InputError

_TINY = 1e-100  # stands for α = 0


def condition(oracle: Oracle, known: Tensor, mask: Tensor, noise: float) -> Oracle:
    """The oracle of p(x0 | known) for known = x0 + s·z in the coordinates where the mask is 1: the answer to S4.8.

    known   the observation, of the shape of one sample
    mask    1 where a coordinate is observed, 0 elsewhere, of the shape of one sample
    noise   s > 0; the text's p(known|x) ∝ exp(−‖(x − known) ⊙ M‖²) is s = √½

    Errors: `InputError` for another shape, s ≤ 0, or an oracle without a closed form.
    """
    if noise <= 0:
        raise InputError("noise", noise, "positive", "a small one stands for an exact observation")
    if tuple(known.shape) != oracle.shape or tuple(mask.shape) != oracle.shape:
        raise InputError("known, mask", (tuple(known.shape), tuple(mask.shape)), f"both of shape {oracle.shape}")
    seen = mask.flatten() == 1
    value = torch.where(seen, known.flatten().double(), 0.0)
    found: Oracle
    if isinstance(oracle, CloudOracle):
        found = _cloud(oracle, finite("known", value), seen, noise)
    elif isinstance(oracle, MixtureOracle):
        found = _mixture(oracle, finite("known", value), seen, noise)
    elif isinstance(oracle, BoxOracle):
        found = TiltedBoxOracle(oracle, finite("known", value), seen / noise**2)
    else:
        raise InputError("oracle", type(oracle).__name__, "a CloudOracle, MixtureOracle or BoxOracle")
    return found.with_labels(oracle.labels)


def _cloud(oracle: CloudOracle, known: Tensor, seen: Tensor, noise: float) -> CloudOracle:
    """w_i N(known; c_i, s²)."""
    square = ((oracle.points - known)[:, seen]).square().sum(1)
    weights = (oracle.weights.log() - square / (2 * noise**2)).softmax(0)
    return CloudOracle(oracle.schedule, oracle.points.reshape(-1, *oracle.shape), oracle.component_labels, weights)


def _mixture(oracle: MixtureOracle, known: Tensor, seen: Tensor, noise: float) -> MixtureOracle:
    """Gaussian conditioning: gain Σ Hᵀ S⁻¹ with S = H Σ Hᵀ + s² I, and weights w_k N(known; H μ_k, S)."""
    observe = torch.eye(oracle.dim, dtype=torch.float64)[seen]
    residual = (known - oracle.means)[:, seen]
    spread = observe @ oracle.covariances @ observe.T + noise**2 * torch.eye(len(observe), dtype=torch.float64)
    gain = torch.linalg.solve(spread, observe @ oracle.covariances).mT
    means = oracle.means + torch.einsum("kds,ks->kd", gain, residual)
    keep = torch.eye(oracle.dim, dtype=torch.float64) - gain @ observe
    covariances = keep @ oracle.covariances @ keep.mT + noise**2 * gain @ gain.mT  # Joseph's form stays positive
    distance = torch.einsum("ks,ks->k", residual, torch.linalg.solve(spread, residual))
    weights = (oracle.weights.log() - 0.5 * (distance + torch.logdet(spread))).softmax(0)
    return MixtureOracle(oracle.schedule, means, covariances, weights, oracle.component_labels)


class TiltedBoxOracle(Oracle):
    """p(x0) ∝ Σ_k w_k U(low_k, high_k) exp(−½ Σ_d q_d (x0_d − m_d)²): boxes under a Gaussian observation.

    With w = α² + σ² q the posterior of x0 is normal with mean (α x + σ² q m)/w and variance σ²/w, cut to the box.

    boxes       the prior
    known       m, shape (D,)
    precision   q ≥ 0, shape (D,); 0 where nothing was observed
    """

    def __init__(self, boxes: BoxOracle, known: Tensor, precision: Tensor) -> None:
        self.low, self.high, self.known, self.precision = boxes.low, boxes.high, known, precision.double()
        self._middle, self._extent = (self.low + self.high) / 2, self.high - self.low
        root = self.precision.sqrt()
        self._log_mass = normal_on_interval((self._middle - known) * root, self._extent * root)[0]
        weights = (boxes.weights.log() + self._log_mass.sum(1)).softmax(0)
        super().__init__(boxes.schedule, boxes.shape, len(self.low), weights, boxes.component_labels)

    def _parts(self, x: Tensor, alpha: Tensor, sigma: Tensor) -> Parts:
        alpha, q = alpha.clamp(min=_TINY), self.precision
        root = (alpha**2 + sigma**2 * q).sqrt().expand(len(x), -1)  # √w
        mean = (alpha * x + sigma**2 * q * self.known) / root  # times √w
        off, s = (x - alpha * self.known) / root, sigma[..., None]
        centre = (root[:, None] * self._middle - mean[:, None]) / s
        width = root[:, None] * self._extent / s
        log_mean, f = normal_on_interval(centre, width)
        pull = 0.5 * (q * off.square() + math.log(2 * math.pi))
        log_density = log_mean - self._log_mass - s.log() - pull[:, None]
        eps = (sigma * q * off / root)[:, None] - (alpha / root)[:, None] * (centre + width * f)

        def combine(responsibility: Tensor) -> Estimate:
            r = responsibility[..., None]
            return Estimate((r * (self._middle + self._extent * f)).sum(1), (r * eps).sum(1))

        return Parts(log_density.sum(-1), combine)

    def _place(self, component: Tensor, uniforms: Tensor) -> Tensor:
        """Quantiles of the normal that is cut to the box, by logarithms in its tails."""
        low, high = self.low[component], self.high[component]
        root = self.precision.sqrt()
        a, b = (low - self.known) * root, (high - self.known) * root
        flip = a + b > 0
        a, b, u = torch.where(flip, -b, a), torch.where(flip, -a, b), torch.where(flip, 1 - uniforms, uniforms)
        u = u.clamp(1e-16, 1 - 1e-16)
        lower, upper = (torch.from_numpy(log_ndtr(end.numpy())) for end in (a, b))
        z = torch.from_numpy(ndtri_exp(torch.logaddexp(u.log() + upper, torch.log1p(-u) + lower).numpy()))
        tilted = self.known + torch.where(flip, -z, z) / torch.where(root > 0, root, 1.0)
        return torch.where(root > 0, tilted, low + (high - low) * uniforms).clamp(low, high)
