"""The best linear denoiser of pictures with too many numbers for their covariance, from the products of pictures."""

from typing import NamedTuple

import torch
from torch import Tensor


class Wiener(NamedTuple):
    """E[x0 | x_t] if pictures were normal with mean μ and a shrunk covariance Σ: the Wiener filter.

        x̂0 = μ + α Σ (α² Σ + σ² I)⁻¹ (x − α μ),   Σ = (1 − λ) Σ̂ + λ m I

    n pictures of D > n numbers span n directions alone: Σ̂ has its eigenvectors among them, and outside of them Σ is
    λ m I. The eigenvectors come from the n × n products of pictures, and λ from these too. [Ledoit & Wolf 2004]

    mean        μ, (D,)
    directions  eigenvectors, (n, D) float32
    variances   of Σ along them, (n,), and `rest` outside
    """

    mean: Tensor
    directions: Tensor
    variances: Tensor
    rest: float

    def __call__(self, x: Tensor, alpha: float, sigma: float) -> Tensor:
        """x̂0 for x (B, C, S, S)."""
        r = x.flatten(1) - alpha * self.mean
        gain, outside = (alpha * each / (alpha**2 * each + sigma**2) for each in (self.variances, self.rest))
        along = r @ self.directions.T
        return (self.mean + outside * r + ((gain - outside) * along) @ self.directions).view_as(x)


def wiener(pictures: Tensor) -> Wiener:
    """Of pictures (n, C, S, S), n ≥ 2."""
    flat = pictures.flatten(1).float()
    mean = flat.mean(0)
    centred = flat - mean
    n, d = centred.shape
    products = centred @ centred.T
    values, vectors = torch.linalg.eigh(products.double() / n)
    there = values > 1e-9 * values[-1]
    values, vectors = values[there], vectors[:, there]
    directions = (vectors.T.float() @ centred) / (n * values[:, None]).sqrt().float()
    share, level = shrinkage(products.double(), d)
    return Wiener(mean, directions, ((1 - share) * values + share * level).float(), share * level)


def shrinkage(products: Tensor, d: int) -> tuple[float, float]:
    """(λ, m) from the products (n, n) of n centred pictures of d numbers: m is the mean variance of a number.

        λ = min(1, b/δ),   δ = ‖Σ̂ − m I‖²/d,   b = (Σ_k ‖x_k‖⁴/n − ‖Σ̂‖²)/(n d),   ‖·‖ Frobenius'

    [Ledoit & Wolf 2004, §3.3]
    """
    n = len(products)
    norms = products.diagonal()
    level = float(norms.sum()) / (n * d)
    whole = float(products.square().sum()) / n**2
    delta = (whole - d * level**2) / d
    noise = (float(norms.square().sum()) / n - whole) / (n * d)
    return min(1.0, noise / delta) if delta > 0 else 0.0, level
