"""What scores of several kinds show of the information of normal pairs: trained, supposed and random ones."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from genloom.metrics.interval import Interval, mean_interval
from genloom.metrics.mutual_information import NormalPairs, shown_information
from genloom.nn.contrastive import Contrastive, info_nce
from genloom.rng import fold, generator

DIMENSIONS, BATCH = 4, 128
RHO, CANDIDATES = 0.8, 32
"""Correlation of the pairs whose scores suppose another one, and candidates N for these."""
RANDOM = 40
"""Networks with random weights."""
_WIDTH, _OUT, _LR = 64, 32, 5e-3


class Trained(NamedTuple):
    """What a trained pair of networks shows of the information, and the best scores on the same fresh draws."""

    nats: float
    shown: Interval
    best: Interval
    short: Interval


def trained(nats: float, steps: int, seed: int) -> Trained:
    """Two networks that learn scores by InfoNCE on fresh draws, and what they show on others."""
    pairs, random = NormalPairs.of_information(nats, DIMENSIONS), generator(seed, 111)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 112))
        network = Contrastive(_tower(), _tower(), unit=False)
    optimizer = torch.optim.Adam(network.parameters(), lr=_LR)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        x, y = pairs.draw(BATCH, random)
        loss = info_nce(network(x.float(), y.float()))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return _judged(network, pairs, nats, seed)


@torch.no_grad()
def _judged(network: Contrastive, pairs: NormalPairs, nats: float, seed: int) -> Trained:
    random, both = generator(seed, 113), []
    for _ in range(64):
        x, y = pairs.draw(BATCH, random)
        both.append(torch.stack([shown_information(network(x.float(), y.float()).double()),
                                 shown_information(pairs.log_ratio(x, y))]))
    shown, best = torch.stack(both, 1)
    return Trained(nats, mean_interval(shown), mean_interval(best), mean_interval(best - shown))


def _tower() -> nn.Module:
    return nn.Sequential(nn.Linear(DIMENSIONS, _WIDTH), nn.SiLU(), nn.Linear(_WIDTH, _WIDTH), nn.SiLU(),
                         nn.Linear(_WIDTH, _OUT))


def two_candidates(rho: float, nodes: int = 60) -> float:
    """E log 2 r_1/(r_1 + r_2) for the best scores and N = 2, by Gauss–Hermite quadrature over (x, y_1, y_2)."""
    z, weights = (torch.from_numpy(part) for part in np.polynomial.hermite_e.hermegauss(nodes))
    weights = weights / weights.sum()
    pair = NormalPairs([rho])
    x, noise = torch.meshgrid(z, z, indexing="ij")
    own = rho * x + math.sqrt(1 - rho**2) * noise
    other = pair.log_ratio(z[:, None], z[:, None])  # (x, y_2)
    mine = torch.stack([pair.log_ratio(x[k, :1, None], own[k, :, None])[0] for k in range(nodes)])  # (x, noise)
    gains = math.log(2) - torch.nn.functional.softplus(other[:, None, :] - mine[:, :, None])
    return float(torch.einsum("a,b,c,abc->", weights, weights, weights, gains))


def by_guess(guesses: Tensor, pairs: int, seed: int) -> Tensor:
    """What the best scores for another correlation show of pairs that have 0.8, all on the same draws: (G,)."""
    x, y = NormalPairs([RHO]).draw(pairs, generator(seed, 114))
    x, y = (side.view(-1, CANDIDATES, 1) for side in (x, y))
    return torch.stack([
        shown_information(torch.stack([NormalPairs([guess]).log_ratio(a, b) for a, b in zip(x, y, strict=True)])).mean()
        for guess in guesses.tolist()])


def weights_of_any_score(seed: int, pairs: int, count: int = 8) -> Tensor:
    """Mean of w = N e^{s_1}/Σ_j e^{s_j} for independent x and candidates, by random networks: (networks,)."""
    random, found = generator(seed, 115), []
    for _ in range(RANDOM):
        left, right = torch.randn(2, DIMENSIONS, DIMENSIONS, generator=random, dtype=torch.float64)
        x = torch.randn(pairs, 1, DIMENSIONS, generator=random, dtype=torch.float64)
        y = torch.randn(pairs, count, DIMENSIONS, generator=random, dtype=torch.float64)
        scores = ((x @ left).tanh() * (y @ right).tanh()).sum(-1)
        found.append((count * scores.softmax(1)[:, 0]).mean())
    return torch.stack(found)


def shown_by_any_score(seed: int, batches: int, nats: float = 1.0, count: int = 32) -> Tensor:
    """What random networks, which have learned nothing, show of pairs of this information: (networks,)."""
    random, pair, found = generator(seed, 116), NormalPairs.of_information(nats, DIMENSIONS), []
    for _ in range(RANDOM):
        left, right = torch.randn(2, DIMENSIONS, DIMENSIONS, generator=random, dtype=torch.float64)
        x, y = (side.view(batches, count, DIMENSIONS) for side in pair.draw(batches * count, random))
        found.append(shown_information((x @ left).tanh() @ (y @ right).tanh().transpose(1, 2)).mean())
    return torch.stack(found)
