"""Pictures completed without learning: the baselines that an inpainting model stands beside."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from genloom.errors import InputError


def mean_fill(x: Tensor, mask: Tensor) -> Tensor:
    """Each channel's hidden pixels are the mean of its known ones: the least one can say.

    x      (B, C, H, W)
    mask   (B, 1, H, W), 1 where known, at least one pixel of each picture

    Errors: `InputError` for another shape, or a picture of which nothing is known.
    """
    _check(x, mask)
    known = torch.where(mask == 1, x, torch.zeros_like(x)).sum((2, 3), keepdim=True)
    return torch.where(mask == 1, x, known / mask.sum((2, 3), keepdim=True)).to(x.dtype)


def harmonic_fill(x: Tensor, mask: Tensor) -> Tensor:
    """Hidden pixels are the mean of their neighbours: where colours end up that diffuse inwards from what is known.

    Solves (L u)_h = 0 for the graph Laplacian L of the pixels, which is the least Σ (u_i − u_j)² over neighbours given
    what is known. Exact for pictures that are discretely harmonic, such as ramps.

    Arguments and errors as `mean_fill`.
    """
    return _solved(x, mask, power=1)


def biharmonic_fill(x: Tensor, mask: Tensor) -> Tensor:
    """The least Σ (L u)² given what is known: a thin plate, which continues slopes as well as colours.

    Exact for cubic polynomials around holes that stay two pixels away from the border. It may leave the range of the
    known values. [Damelin & Hoang 2018]

    Arguments and errors as `mean_fill`.
    """
    return _solved(x, mask, power=2)


def _solved(x: Tensor, mask: Tensor, power: int) -> Tensor:
    from scipy.sparse.linalg import splu

    _check(x, mask)
    height, width = x.shape[-2:]
    system = _laplacian(height, width)
    system = (system @ system if power == 2 else system).tocsr()
    filled = x.detach().cpu().double().flatten(2).numpy().copy()
    for picture, known in zip(filled, (mask == 1).cpu().flatten(1).numpy(), strict=True):
        if known.all():
            continue
        rows = system[~known]
        solve = splu(rows[:, ~known].tocsc()).solve
        picture[:, ~known] = solve(-(rows[:, known] @ picture[:, known].T)).T
    return torch.from_numpy(filled).reshape(x.shape).to(x)


def _laplacian(height: int, width: int) -> Any:
    """The graph Laplacian of a grid, (HW, HW): neighbours' number less their sum; the border reflects."""
    from scipy import sparse

    def line(n: int) -> Any:
        steps = sparse.diags_array([-np.ones(n - 1), np.ones(n - 1)], offsets=[0, 1], shape=(n - 1, n))
        return steps.T @ steps

    return sparse.kron(line(height), sparse.eye_array(width)) + sparse.kron(sparse.eye_array(height), line(width))


def _check(x: Tensor, mask: Tensor) -> None:
    if x.ndim != 4 or mask.shape != (len(x), 1, *x.shape[2:]):
        raise InputError("mask", tuple(mask.shape), f"(B, 1, H, W) beside pictures of shape {tuple(x.shape)}")
    if not bool(((mask == 0) | (mask == 1)).all()) or not bool((mask.flatten(1).amax(1) == 1).all()):
        raise InputError("mask", "a picture without a known pixel, or a value between", "0 and 1, with some 1")
