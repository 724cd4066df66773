"""The best linear code: what k numbers can keep of a picture without a network."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.rng import generator


@dataclass(frozen=True)
class LinearCode:
    """Points as k coefficients and back: x̂ = m + B Bᵀ (x − m).

    mean    m (D,), float64
    basis   B (D, k), orthonormal, the directions of largest variance first
    n       points that it was made of
    """

    mean: Tensor
    basis: Tensor
    n: int

    def __call__(self, points: Tensor) -> Tensor:
        """What is left of points (N, …) of D numbers each, in their shape and type."""
        flat = points.flatten(1).double() - self.mean
        return (self.mean + flat @ self.basis @ self.basis.T).reshape(points.shape).to(points.dtype)


def principal(points: Tensor, numbers: int, *, most: int = 4096, seed: int = 0) -> LinearCode:
    """The code of k coefficients with the least squared error on points (N, …): their principal components.

    No encoder and decoder that are linear do better. [Pearson 1901; Eckart & Young 1936] Exact, from the eigenvectors
    of XᵀX or XXᵀ, whichever is smaller; k is at most the rank of X.

    most   where N and D are both larger, this many of the points, drawn by `seed`, stand for all

    Errors: `InputError` for k < 1 or fewer than 2 points.
    """
    if numbers < 1:
        raise InputError("numbers", numbers, "at least 1")
    if len(points) < 2:
        raise InputError("points", tuple(points.shape), "at least 2 points")
    if min(len(points), points[0].numel()) > most:
        points = points[torch.randperm(len(points), generator=generator(seed, most))[:most]]
    x = points.flatten(1).double()
    mean = x.mean(0)
    x = x - mean
    wide = x.shape[1] > len(x)
    values, vectors = torch.linalg.eigh(x @ x.T if wide else x.T @ x)
    rank = int((values > max(x.shape) * torch.finfo(values.dtype).eps * values[-1]).sum())
    k = min(numbers, rank)
    basis = vectors[:, len(values) - k :].flip(1)
    if wide:
        basis = torch.linalg.qr(x.T @ basis)[0]  # as the eigenvectors of XᵀX, and orthonormal to rounding
    return LinearCode(mean, basis, len(x))


def area_average(pictures: Tensor, numbers: int) -> Tensor:
    """Pictures (N, C, H, W), floats, averaged down to at most this many numbers each, and enlarged again bilinearly.

    Errors: `InputError` for fewer numbers than channels.
    """
    channels, height, width = pictures.shape[1:]
    if numbers < channels:
        raise InputError("numbers", numbers, f"at least {channels}, one for each channel")
    share = min(1.0, (numbers / (channels * height * width)) ** 0.5)
    # the hair keeps a side of exactly 9 from being rounded down to 8
    small = max(1, int(height * share + 1e-9)), max(1, int(width * share + 1e-9))
    few = torch.nn.functional.adaptive_avg_pool2d(pictures, small)
    return torch.nn.functional.interpolate(few, (height, width), mode="bilinear", align_corners=False)
