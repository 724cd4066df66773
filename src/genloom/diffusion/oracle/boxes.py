"""The oracle of axis-aligned uniform boxes: the square of S2, its classes, checkerboards, letters made of strokes."""

import torch
from torch import Tensor

from genloom.diffusion.oracle.base import Oracle, Parts, finite
from genloom.diffusion.oracle.interval import normal_on_interval
from genloom.diffusion.prediction import Estimate
from genloom.diffusion.schedule import Schedule
from genloom.errors import InputError


class BoxOracle(Oracle):
    """p(x0) = Σ_k w_k U(low_k, high_k). Each coordinate of a component is a uniform blurred by a Gaussian:

        p_k(x) = ∏_d [Φ((x − α low)/σ) − Φ((x − α high)/σ)] / (α (high − low))

    and x0 given x is normal with mean x/α and standard deviation σ/α, truncated to the box. Boxes may overlap, and may
    have no width in some coordinates.

    low, high    corners, shape (K, D), low ≤ high
    weights      shape (K,), or None for probabilities proportional to the boxes' volumes
    box_labels   classes, shape (K,), or None
    """

    def __init__(self, schedule: Schedule, low: Tensor, high: Tensor, weights: Tensor | None = None,
                 box_labels: Tensor | None = None) -> None:
        self.low, self.high = finite("low", low), finite("high", high)
        if low.ndim != 2 or low.shape != high.shape or bool((low > high).any()):
            raise InputError("low, high", (tuple(low.shape), tuple(high.shape)), "both (K, D) with low ≤ high")
        volume = (self.high - self.low).prod(1)
        even = volume if bool((volume > 0).all()) else None
        super().__init__(schedule, tuple(low.shape[1:]), len(low), even if weights is None else weights, box_labels)
        self._axis, self._sides, self._has = _distinct(self.low, self.high)
        self._of_axis = torch.nn.functional.one_hot(self._axis, low.shape[1]).double()

    def _parts(self, x: Tensor, alpha: Tensor, sigma: Tensor) -> Parts:
        middle, extent = self._sides.mean(1), self._sides[:, 1] - self._sides[:, 0]
        centre, width = (alpha * middle - x[:, self._axis]) / sigma, (alpha * extent / sigma).expand(len(x), -1)
        log_mean, f = normal_on_interval(centre, width)
        data, eps = middle + extent * f, -(centre + width * f)

        def combine(responsibility: Tensor) -> Estimate:
            share = responsibility @ self._has  # of each side
            return Estimate((share * data) @ self._of_axis, (share * eps) @ self._of_axis)

        return Parts((log_mean - sigma.log()) @ self._has.T, combine)

    def _place(self, component: Tensor, uniforms: Tensor) -> Tensor:
        return self.low[component] + (self.high - self.low)[component] * uniforms


def _distinct(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The distinct sides of all boxes: their axis (U,), their ends (U, 2), and which of them each box has, (K, U).

    Boxes on a grid share their sides, and a side's integral is the expensive part.
    """
    count, dim = low.shape
    axis = torch.arange(dim, dtype=low.dtype, device=low.device).expand(count, dim)
    sides, which = torch.unique(torch.stack([axis, low, high], -1).reshape(-1, 3), dim=0, return_inverse=True)
    has = torch.zeros(count, len(sides), dtype=torch.float64, device=low.device)
    return sides[:, 0].long(), sides[:, 1:], has.scatter_(1, which.reshape(count, dim), 1.0)


def square(schedule: Schedule, half_width: float = 1.0, dim: int = 2) -> BoxOracle:
    """The uniform distribution on [−h, h]^dim; S2's data with the defaults."""
    corner = torch.full((1, dim), half_width, dtype=torch.float64)
    return BoxOracle(schedule, -corner, corner)
