r"""A chain whose redundancy is a number: each token repeats the one before it, or is drawn anew."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Sticky(NamedTuple):
    """Token i + 1 is token i with probability λ, and else one of V with equal probabilities, which may be the same.

    P^a(x, z) = λ^a [x = z] + (1 − λ^a)/V: what is `a` places away tells as much as a copy kept with probability λ^a.
    """

    keep: float
    vocabulary: int = 8

    def draw(self, count: int, places: int, random: torch.Generator) -> Tensor:
        """(count, places) int64."""
        fresh = torch.randint(self.vocabulary, (count, places), generator=random)
        anew = torch.rand((count, places), generator=random) >= self.keep
        anew[:, 0] = True
        last = torch.where(anew, torch.arange(places), 0).cummax(1).values  # the place that a token was drawn at
        return fresh.gather(1, last)

    def loss(self, x: Tensor, hidden: Tensor) -> Tensor:
        """−log p(x_i | the visible ones) of each place, in nats, (B, L) float64: the least that any network can have.

        Given the nearest visible tokens on both sides, those behind them tell nothing more.
        """
        log = torch.zeros((*x.shape, self.vocabulary), dtype=torch.float64)
        for tokens, away, turned in ((x, hidden, False), (x.flip(1), hidden.flip(1), True)):
            found = self._from_the_left(tokens, away)
            log += found.flip(1) if turned else found
        return -log.log_softmax(-1).gather(-1, x[..., None])[..., 0]

    def _from_the_left(self, x: Tensor, hidden: Tensor) -> Tensor:
        """log P^a(x_{i−a}, ·) for the nearest visible token to the left, (B, L, V); log 1/V where there is none."""
        places = torch.arange(x.shape[1])
        visible = torch.where(hidden, -1, places).cummax(1).values
        before = torch.cat((torch.full((len(x), 1), -1), visible[:, :-1]), 1)
        kept = torch.where(before >= 0, self.keep ** (places - before).double(), 0.0)
        same = torch.nn.functional.one_hot(x.gather(1, before.clamp(min=0)), self.vocabulary)
        return (kept[..., None] * same + (1 - kept[..., None]) / self.vocabulary).log()

    def expected_loss(self, rate: float, places: int) -> float:
        """The mean of `loss` over hidden places if each place is hidden with probability `rate`, in nats.

        A place with i others on its left has its nearest visible one at distance a with probability (1 − r) r^{a−1}
        for a ≤ i, and none with r^i; on its right likewise.
        """
        distances = torch.arange(1, places, dtype=torch.float64)
        kept = torch.cat((self.keep**distances, torch.zeros(1, dtype=torch.float64)))
        entropy = self._entropy(kept[:, None], kept[None, :])
        total = 0.0
        for left in range(places):
            weights = [self._distances(rate, count, places) for count in (left, places - 1 - left)]
            total += float(weights[0] @ entropy @ weights[1])
        return total / places

    @staticmethod
    def _distances(rate: float, count: int, places: int) -> Tensor:
        """Probabilities that the nearest visible place is 1, …, L − 1 away, or that there is none, (L,)."""
        steps = torch.arange(places - 1, dtype=torch.float64)
        each = torch.where(steps < count, (1 - rate) * rate**steps, 0.0)
        return torch.cat((each, torch.tensor([rate**count], dtype=torch.float64)))

    def _entropy(self, u: Tensor, v: Tensor) -> Tensor:
        """H(x_0 | x_{−a}, x_b) in nats for u = λ^a and v = λ^b."""
        V = self.vocabulary
        a, b = (1 - u) / V, (1 - v) / V
        same = u * v + (1 - u * v) / V  # probability that both neighbours are equal, and P^{a+b} of equal ones
        differ = (1 - u * v) / V
        alike = _plogp((u + a) * (v + b) / same) + (V - 1) * _plogp(a * b / same)
        apart = _plogp((u + a) * b / differ) + _plogp(a * (v + b) / differ) + (V - 2) * _plogp(a * b / differ)
        return -(same * alike + (1 - same) * apart)

    def known_share(self, rate: float, places: int) -> float:
        """1 − H(x_i | visible)/log V: what share of a hidden token the others tell."""
        return 1 - self.expected_loss(rate, places) / math.log(self.vocabulary)


def _plogp(p: Tensor) -> Tensor:
    found: Tensor = torch.special.xlogy(p, p)
    return found
