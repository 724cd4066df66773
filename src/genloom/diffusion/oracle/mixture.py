"""The oracle of a mixture of Gaussians with full covariances."""

import math

import torch
from torch import Tensor

from genloom.diffusion.oracle.base import Oracle, Parts, finite
from genloom.diffusion.prediction import Estimate
from genloom.diffusion.schedule import Schedule
from genloom.errors import InputError


class MixtureOracle(Oracle):
    """p(x0) = Σ_k w_k N(μ_k, Σ_k), so p_t = Σ_k w_k N(α μ_k, α² Σ_k + σ² I).

    With Σ_k = U Λ Uᵀ and y = Uᵀ(x − α μ_k), component k gives E[x0|x] = μ_k + U αΛ/(α²Λ + σ²) y and
    E[ε|x] = U σ/(α²Λ + σ²) y.

    means              shape (K, D)
    covariances        shape (K, D, D), symmetric with eigenvalues ≥ 0
    weights            shape (K,), or None for equal ones
    component_labels   classes, shape (K,), or None
    """

    def __init__(self, schedule: Schedule, means: Tensor, covariances: Tensor, weights: Tensor | None = None,
                 component_labels: Tensor | None = None) -> None:
        self.means, self.covariances = finite("means", means), finite("covariances", covariances)
        if means.ndim != 2 or covariances.shape != (*means.shape, means.shape[1]):
            raise InputError("covariances", tuple(covariances.shape), "(K, D, D) beside means of shape (K, D)")
        super().__init__(schedule, tuple(means.shape[1:]), len(means), weights, component_labels)
        spread, self._axes = torch.linalg.eigh((self.covariances + self.covariances.mT) / 2)
        if bool((spread < -1e-9 * spread.abs().amax(1, keepdim=True)).any()):
            raise InputError("covariances", spread.min().item(), "with eigenvalues ≥ 0")
        self._spread = spread.clamp(min=0)

    def _parts(self, x: Tensor, alpha: Tensor, sigma: Tensor) -> Parts:
        alpha, sigma = alpha[..., None], sigma[..., None]
        y = torch.einsum("bkd,kde->bke", x[:, None] - alpha * self.means, self._axes)
        variance = alpha**2 * self._spread + sigma**2
        log_density = -0.5 * (y.square() / variance + variance.log() + math.log(2 * math.pi)).sum(-1)

        def combine(responsibility: Tensor) -> Estimate:
            scaled = responsibility[..., None] * y / variance
            data = torch.einsum("bke,kde->bd", alpha * self._spread * scaled, self._axes)
            return Estimate(responsibility @ self.means + data, torch.einsum("bke,kde->bd", sigma * scaled, self._axes))

        return Parts(log_density, combine)

    def _place(self, component: Tensor, uniforms: Tensor) -> Tensor:
        normal = torch.special.ndtri(uniforms.clamp(1e-16, 1 - 1e-16))
        y = self._spread[component].sqrt() * normal
        return self.means[component] + torch.einsum("ne,nde->nd", y, self._axes[component])
