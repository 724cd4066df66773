"""The best linear denoiser of a set of pictures: what a network must beat, and the exact answer for Gaussian data."""

import torch
from torch import Tensor

from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.prediction import Estimate
from genloom.diffusion.schedule import Schedule, Time

LARGEST = 4096
"""Most coordinates of a picture for which the covariance's eigenvectors are found in seconds."""


class LinearDenoiser:
    """E[x0 | x_t] if the pictures were normal with their mean μ and covariance Σ: the Wiener filter.

        x̂0 = μ + α Σ (α² Σ + σ² I)⁻¹ (x − α μ)

    Σ is shrunk towards a multiple of I, since there are fewer pictures than coordinates. [Ledoit & Wolf 2004]

    pictures   floats (N, C, S, S) with C·S·S at most `LARGEST`
    """

    def __init__(self, schedule: Schedule, pictures: Tensor) -> None:
        from sklearn.covariance import ledoit_wolf

        flat = pictures.flatten(1).double()
        covariance, self.shrinkage = ledoit_wolf(flat.numpy())
        self._oracle = MixtureOracle(schedule, flat.mean(0, keepdim=True), torch.from_numpy(covariance)[None])
        self.schedule = schedule

    def __call__(self, x: Tensor, t: Time) -> Estimate:
        """The estimate for x (B, C, S, S) at t, one number or (B,)."""
        found = self._oracle(x.flatten(1).double(), t)
        return Estimate(*(part.view_as(x).to(x) for part in found))
