"""Low-discrepancy draws: scrambled Sobol points integrate smooth functions far better than random points do.

Independent scramblings are unbiased repeats of the same integral, so their spread gives an honest standard error.
[Owen 1997, §3; Joe & Kuo 2008]
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from genloom.rng import fold

_EDGE = 2.0**-32  # Sobol points are multiples of 2^−30 and contain 0, where the normal quantile is infinite


def scramblings(count: int, dim: int, seed: int, repeats: int) -> Iterator[Tensor]:
    """`repeats` independent sets of `count` points in (0, 1)^dim, float64; a power of 2 is the best count."""
    for repeat in range(repeats):
        engine = torch.quasirandom.SobolEngine(dim, scramble=True, seed=fold(seed, repeat))  # type: ignore[no-untyped-call]
        yield engine.draw(count, dtype=torch.float64) + _EDGE


def normal(uniform: Tensor) -> Tensor:
    """Standard normal numbers by the quantile function."""
    quantile: Tensor = torch.special.ndtri(uniform)
    return quantile


def mean_and_error(repeats: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The mean over independent repeats and its standard error, each of the shape of one repeat."""
    values = torch.stack(repeats)
    return values.mean(0), values.std(0) / len(repeats) ** 0.5
