"""Wasserstein distances: exact in one dimension, sliced in more."""

import math

import numpy as np
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.twosample import as_samples
from genloom.rng import generator


def wasserstein(x: Tensor, y: Tensor, p: float = 2.0) -> float:
    """W_p = (∫₀¹ |F⁻¹(u) − G⁻¹(u)|^p du)^{1/p} of two samples of numbers (n,) and (m,), exact for any n and m.

    Errors: `InputError` for p < 1, or samples of more than one column.
    """
    x, y = as_samples(x, y, least=1)
    if x.shape[1] != 1:
        raise InputError("x", tuple(x.shape), "of shape (n,) or (n, 1)", "sliced_wasserstein takes more columns")
    return float(_powers(x, y, _check_order(p)).mean() ** (1 / p))


def sliced_wasserstein(x: Tensor, y: Tensor, *, p: float = 2.0, directions: int = 256, seed: int = 0) -> float:
    """SW_p = (mean over unit vectors θ of W_p^p(θ·x, θ·y))^{1/p} of samples (n, D) and (m, D), in their unit.

    In the plane the directions are evenly spread over a half circle that starts at a random angle; in more dimensions
    they are independent and uniform on the sphere. A shift by v gives exactly |v|/√D in the plane for p = 2.

    directions   at least 2;   seed   decides the directions: the same seed compares values fairly
    [Bonneel et al. 2015, Def. 4; Rabin et al. 2012]

    Errors: `InputError` for p < 1, directions < 2, or samples that do not fit together or are not finite.
    """
    x, y = as_samples(x, y, least=1)
    if directions < 2:
        raise InputError("directions", directions, "at least 2")
    theta = _directions(x.shape[1], directions, seed)
    return float(_powers(x @ theta, y @ theta, _check_order(p)).mean() ** (1 / p))


def _check_order(p: float) -> float:
    if not 1 <= p < math.inf:
        raise InputError("p", p, "a number of at least 1")
    return p


def _directions(dimensions: int, count: int, seed: int) -> Tensor:
    """Unit vectors as columns, (D, count)."""
    random = generator(seed, dimensions, count)
    if dimensions == 2:
        angle = (torch.arange(count, dtype=torch.float64) + torch.rand((), generator=random)) * (math.pi / count)
        return torch.stack((angle.cos(), angle.sin()))
    theta = torch.randn((dimensions, count), generator=random, dtype=torch.float64)
    unit: Tensor = theta / torch.linalg.vector_norm(theta, dim=0)
    return unit


def _powers(x: Tensor, y: Tensor, p: float) -> Tensor:
    """W_p^p of each column of x (n, K) against that of y (m, K), shape (K,).

    Both quantile functions are steps; together they step at i/n and j/m. In units of 1/(n m) those are integers, so
    that equal breaks coincide exactly.
    """
    n, m = len(x), len(y)
    breaks = torch.from_numpy(np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n))
    widths = breaks.diff(prepend=torch.zeros(1, dtype=torch.int64)).double() / (n * m)
    left, right = (breaks - 1) // m, (breaks - 1) // n
    gaps = (x.sort(dim=0).values[left] - y.sort(dim=0).values[right]).abs()
    return torch.mv((gaps**p).T, widths)
