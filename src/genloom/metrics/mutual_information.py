r"""How much two things tell of each other: the closed forms of normal pairs, and what a contrastive loss shows."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.rng import generator


class NormalPairs:
    """Vectors x and y of standard normal numbers, of which x_k and y_k have the correlation ρ_k, all others none.

    correlations   ρ_1 … ρ_D, each in (−1, 1)

    Errors: `InputError` for correlations outside of it, or none.
    """

    def __init__(self, correlations: Sequence[float]) -> None:
        if not correlations or not all(-1 < rho < 1 for rho in correlations):
            raise InputError("correlations", tuple(correlations), "one or more numbers in (−1, 1)")
        self.rho = torch.tensor(correlations, dtype=torch.float64)

    @classmethod
    def of_information(cls, nats: float, dimensions: int) -> "NormalPairs":
        """Pairs of one correlation with this mutual information: ρ = √(1 − e^{−2I/D})."""
        if nats < 0:
            raise InputError("nats", nats, "at least 0")
        return cls([math.sqrt(-math.expm1(-2 * nats / dimensions))] * dimensions)

    @property
    def information(self) -> float:
        """I(x; y) = −½ Σ_k log(1 − ρ_k²) in nats. [Cover & Thomas 2006, example 8.5.1]"""
        return float(-0.5 * torch.log1p(-self.rho.square()).sum())

    @property
    def mean_ratio(self) -> float:
        """E p(x, y)/(p(x) p(y)) over pairs, which is 1 + χ²: ∏_k 1/(1 − ρ_k²), by Mehler's formula."""
        return float((1 / (1 - self.rho.square())).prod())

    def draw(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """x and y, (count, D) float64 each."""
        x, noise = torch.randn(2, count, len(self.rho), generator=random, dtype=torch.float64)
        return x, self.rho * x + (1 - self.rho.square()).sqrt() * noise

    def log_ratio(self, x: Tensor, y: Tensor) -> Tensor:
        """log p(x_i, y_j)/(p(x_i) p(y_j)) of all pairs, (N, D), (M, D) → (N, M).

        Σ_k −½ log(1 − ρ²) + (2ρ x y − ρ² x² − ρ² y²)/(2 (1 − ρ²))
        """
        rest = 1 - self.rho.square()
        square = self.rho.square() / (2 * rest)
        own = x.square() @ square
        other = y.square() @ square
        return self.information + (x * (self.rho / rest)) @ y.T - own[:, None] - other[None, :]

    def lower_end(self, count: int) -> float:
        """I − log(1 + χ²/N): at least so much InfoNCE shows of the information with the best scores and N candidates.

        From log N − L = I − E log((r_1 + … + r_N)/N) by Jensen's inequality.
        """
        return self.information - math.log1p((self.mean_ratio - 1) / count)


def shown_information(scores: Tensor) -> Tensor:
    """log N − InfoNCE in nats, of scores (…, N, N) whose pairs are the diagonal: (…,), never more than log N."""
    count = scores.shape[-1]
    return math.log(count) + scores.log_softmax(-1).diagonal(dim1=-2, dim2=-1).mean(-1)


def sampled_information(pairs: NormalPairs, count: int, batches: int, seed: int) -> Tensor:
    """`shown_information` of the best scores, log p(x, y)/(p(x) p(y)), of `batches` batches of `count` pairs.

    All pairs of a batch share their candidates, so batches are independent and the pairs of one are not.
    """
    random = generator(seed, count, batches)
    x, y = pairs.draw(batches * count, random)
    return torch.stack([shown_information(pairs.log_ratio(x[k : k + count], y[k : k + count]))
                        for k in range(0, batches * count, count)])
