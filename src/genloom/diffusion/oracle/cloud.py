"""The oracle of a point cloud: what a denoiser would be that knows its training set by heart."""

import math

import torch
from torch import Tensor

from genloom.diffusion.oracle.base import Oracle, Parts, finite
from genloom.diffusion.prediction import Estimate
from genloom.diffusion.schedule import Schedule, Time
from genloom.errors import InputError

_SAFE = 1e6  # largest (‖x‖² + α²‖c‖²)/σ² for which the expanded square loses no more than 1e-9 of a log-density
_FEW = 8  # coordinates up to which differences are taken one by one when the expanded square would lose digits


class CloudOracle(Oracle):
    """p(x0) = Σ_i w_i δ(x0 − c_i), so p_t = Σ_i w_i N(α c_i, σ² I).

        E[x0 | x] = Σ_i r_i c_i,     r = softmax_i(log w_i − ‖x − α c_i‖²/2σ²)

    points    shape (N, …)
    labels    classes, shape (N,), or None
    weights   shape (N,), or None for equal ones
    """

    def __init__(self, schedule: Schedule, points: Tensor, labels: Tensor | None = None,
                 weights: Tensor | None = None) -> None:
        super().__init__(schedule, tuple(points.shape[1:]), len(points), weights, labels)
        self.points = finite("points", points).flatten(1)
        self._centre = self.points.mean(0)
        self._columns = (self.points - self._centre).T.contiguous()
        square = self._columns.square().sum(0)
        self._reach = square.max().item()
        self._factors = torch.cat([self._columns, square[None], torch.ones_like(square)[None]])

    def log_density_at(self, x: Tensor, alpha: Time, sigma: Time) -> Tensor:
        """The log-density of α x0 + σ ε at x, shape (B,).

        Errors: `InputError` at σ = 0, where points have no density.
        """
        if bool((torch.as_tensor(sigma) == 0).any()):
            raise InputError("sigma", 0.0, "positive for the density of a point cloud")
        return super().log_density_at(x, alpha, sigma)

    def _parts(self, x: Tensor, alpha: Tensor, sigma: Tensor) -> Parts:
        constant = -self.dim * (sigma.log() + 0.5 * math.log(2 * math.pi))

        def combine(responsibility: Tensor) -> Estimate:
            x0 = responsibility @ self.points
            return Estimate(x0, (x - alpha * x0) / sigma)

        return Parts(self._log_kernel(x - alpha * self._centre, alpha, sigma, constant), combine)

    def _log_kernel(self, x: Tensor, alpha: Tensor, sigma: Tensor, constant: Tensor) -> Tensor:
        """constant − ‖x − α c‖²/2σ², shape (b, N), for points relative to their centre.

        The expanded square (α/σ²) x·c − (α²/2σ²) ‖c‖² − ‖x‖²/2σ² is one product of matrices, ten times as fast as
        differences; it is used unless it would lose digits.
        """
        precision, square = (sigma**-2).expand(len(x), 1), x.square().sum(1, keepdim=True)
        largest = ((square.detach() + alpha**2 * self._reach) * precision).max()
        if self.dim > _FEW or largest < _SAFE:
            rest = constant - 0.5 * precision * square
            return torch.cat([alpha * precision * x, -0.5 * alpha**2 * precision, rest], 1) @ self._factors
        total = (x[:, :1] - alpha * self._columns[0]).square()
        for i in range(1, self.dim):
            total = total + (x[:, i, None] - alpha * self._columns[i]).square()
        return constant - 0.5 * precision * total

    def _place(self, component: Tensor, uniforms: Tensor) -> Tensor:
        return self.points[component]

    def _width(self) -> int:
        return 1
