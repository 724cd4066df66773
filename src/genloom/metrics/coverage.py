"""Quality and variety of pictures apart: how many generated ones look real, and how much of the real ones is reached.

The real set's manifold is the union of balls around its points, each reaching to the k-th nearest other point.

    precision   share of generated points in a ball of a real one       [Kynkäänniemi et al. 2019, Eq. 1 and 2]
    recall      share of real points in a ball of a generated one
    density     number of real balls that a generated point lies in, over k      [Naeem et al. 2020, Eq. 2]
    coverage    share of real balls that hold a generated point                  [Naeem et al. 2020, Eq. 3]

One distant real point makes precision large, and one distant generated point makes recall large; density and coverage
use the real balls alone and are safe from that. For equal distributions the mean of density is 1, that of coverage is
`expected_coverage`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.features import as_features

_BLOCK = 1 << 22  # distances held at a time: 32 MB
_SAME = 1e-12  # squared distances below this part of the squared norms are rounding, so copies lie at distance 0


class Coverage(NamedTuple):
    """The four numbers, and `neighbours`, the k they were taken with."""

    precision: float
    recall: float
    density: float
    coverage: float
    neighbours: int


def coverage(generated: Tensor, real: Tensor, *, neighbours: int = 5) -> Coverage:
    """Precision, recall, density and coverage of generated features (M, D) for real ones (N, D).

    neighbours   k, less than N and M; 5 as [Naeem et al. 2020, §5], 3 in [Kynkäänniemi et al. 2019]

    Errors: `InputError` for sets that do not fit together, a number that is not finite, or a k out of range.
    """
    real, generated = as_features("real", real), as_features("generated", generated)
    if real.shape[1] != generated.shape[1]:
        raise InputError("generated", tuple(generated.shape), f"of shape (M, {real.shape[1]}), as real features are")
    if not 1 <= neighbours < min(len(real), len(generated)):
        raise InputError("neighbours", neighbours, f"from 1 to {min(len(real), len(generated)) - 1}, below N and M")
    centre = real.mean(0)  # distances by products lose fewer digits near 0
    real, generated = real - centre, generated - centre
    reach_real, reach_generated = _reach(real, neighbours), _reach(generated, neighbours)
    inside = torch.zeros(len(generated), dtype=torch.int64)
    reached, covered = [], []
    for start, block in _blocks(real, generated):
        within = block <= reach_real[start : start + len(block), None]
        inside += within.sum(0)
        covered.append(within.any(1))
        reached.append((block <= reach_generated).any(1))
    return Coverage(_share(inside > 0), _share(torch.cat(reached)), float(inside.double().mean()) / neighbours,
                    _share(torch.cat(covered)), neighbours)


def expected_coverage(real: int, generated: int, neighbours: int = 5) -> float:
    """E[coverage] = 1 − ∏_{i=1}^{k} (N − i)/(N + M − i) of N real and M generated points of one distribution.

    Among a real point's N − 1 + M neighbours, none of the nearest k may be generated. Tends to 1 − 2^{−k} for N = M.
    [Naeem et al. 2020, Lemma 2]

    >>> round(expected_coverage(10_000, 10_000, 5), 4)
    0.9688
    """
    missed = 1.0
    for i in range(1, neighbours + 1):
        missed *= (real - i) / (real + generated - i)
    return 1 - missed


def _share(yes: Tensor) -> float:
    return float(yes.double().mean())


def _reach(points: Tensor, neighbours: int) -> Tensor:
    """The squared distance of each point to its k-th nearest other point, (n,)."""
    found = []
    for start, block in _blocks(points, points):
        rows = torch.arange(len(block))
        block[rows, start + rows] = torch.inf  # a point is no neighbour of its own
        found.append(block.kthvalue(neighbours, dim=1).values)
    return torch.cat(found)


def _blocks(x: Tensor, y: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Squared distances of blocks of x's rows to all of y, each with the index of its first row."""
    rows, squares = max(1, _BLOCK // len(y)), y.square().sum(1)
    for start in range(0, len(x), rows):
        some = x[start : start + rows]
        norms = some.square().sum(1)[:, None] + squares
        distances = norms - 2 * some @ y.T
        yield start, distances.masked_fill_(distances < _SAME * norms, 0.0)
