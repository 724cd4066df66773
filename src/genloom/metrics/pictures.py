"""How far pictures are from the ones they should equal: peak signal-to-noise ratio and structural similarity."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.errors import InputError

PEAK = 255.0
WINDOW, SPREAD = 11, 1.5  # of the Gaussian window, in pixels
K1, K2 = 0.01, 0.03


def psnr(pictures: Tensor, truth: Tensor) -> Tensor:
    """10 log₁₀(255²/MSE) in dB of each picture, bytes (N, C, H, W): shape (N,), float64; ∞ for equal pictures.

    Errors: `InputError` for pictures that are not bytes of one shape.
    """
    first, second = _both(pictures, truth)
    error = (first - second).square().flatten(1).mean(1)
    return 10 * (math.log10(PEAK**2) - error.log10())


def ssim(pictures: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity of each picture, bytes (N, C, H, W): shape (N,), float64, from −1 to 1 for equal ones.

        (2 μ_x μ_y + C₁)(2 σ_xy + C₂) / ((μ_x² + μ_y² + C₁)(σ_x² + σ_y² + C₂)),    C_i = (K_i · 255)²

    with moments under an 11 × 11 Gaussian window of σ = 1.5, wherever it fits whole, averaged over places and channels.
    [Wang et al. 2004, Eq. 13 and §III-C]

    Errors: `InputError` for pictures that are not bytes of one shape, or that are smaller than the window.
    """
    x, y = _both(pictures, truth)
    if min(x.shape[2:]) < WINDOW:
        raise InputError("pictures", tuple(x.shape), f"at least {WINDOW} × {WINDOW}, the window of the similarity")
    c1, c2 = (K1 * PEAK) ** 2, (K2 * PEAK) ** 2
    mean_x, mean_y = _blurred(x), _blurred(y)
    spread_x, spread_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    together = _blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return (luminance * (2 * together + c2) / (spread_x + spread_y + c2)).flatten(1).mean(1)


def _blurred(x: Tensor) -> Tensor:
    """Means under the window at every place where it fits: (N, C, H − 10, W − 10)."""
    place = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    weight = (-0.5 * (place / SPREAD) ** 2).exp()
    weight = (weight / weight.sum()).expand(x.shape[1], 1, 1, WINDOW)
    x = F.conv2d(x, weight, groups=x.shape[1])
    return F.conv2d(x, weight.transpose(2, 3), groups=x.shape[1])


def _both(pictures: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    for name, value in (("pictures", pictures), ("truth", truth)):
        if value.dtype != torch.uint8 or value.ndim != 4 or value.numel() == 0:
            raise InputError(name, f"{value.dtype} {tuple(value.shape)}", "bytes of shape (N, C, H, W)")
    if pictures.shape != truth.shape:
        raise InputError("truth", tuple(truth.shape), f"of shape {tuple(pictures.shape)}, as the pictures")
    return pictures.double(), truth.double()
