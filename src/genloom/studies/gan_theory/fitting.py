"""A discriminator trained on fresh draws of two known densities, and how far it is from the best one on the way."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.gan.losses import cross_entropy
from genloom.gan.oracle import Table, best_logit, shortfall, value
from genloom.metrics.interval import mean_interval
from genloom.nn.gan.points import PointDiscriminator
from genloom.nn.gan.shape import GanShape
from genloom.report.results import Result
from genloom.rng import fold, generator
from genloom.studies.context import Context
from genloom.studies.gan_theory.pairs import Pair

STEPS, BATCH, SEEDS = 1500, 512, 3
WIDTH, DEPTH, LR = 96, 5, 4e-3
_DENSE = 1e-3
"""Share of the probability that is left out, at its thinnest places, when the largest error is looked for."""


class Fitted(NamedTuple):
    """A trained discriminator beside the best one.

    logits    at the nodes of the table, (N,) float64
    marks     steps at which it was looked at
    errors    mean |D − D*| at these, over draws of which half are real
    missing   V(G, D*) − V(G, D) at these
    """

    pair: Pair
    table: Table
    network: PointDiscriminator
    logits: Tensor
    marks: tuple[int, ...]
    errors: tuple[float, ...]
    missing: tuple[float, ...]

    @property
    def best(self) -> Tensor:
        """log p − log q at the nodes."""
        return best_logit(self.table.log_p, self.table.log_q)

    @property
    def value(self) -> float:
        """V(G, D) of the trained one."""
        return value(self.logits, self.table)

    @property
    def worst(self) -> float:
        """The largest |D − D*| where 99.9 % of the draws are."""
        away = (self.logits.sigmoid() - self.best.sigmoid()).abs()
        return float(away[dense(self.table)].max())

    def output(self, points: Tensor) -> Tensor:
        """Its logits at points (N, D) of either precision, differentiable."""
        logits: Tensor = self.network(points.to(next(self.network.parameters()).dtype)).logits
        return logits.double()


def fitted(context: Context, pair: Pair, steps: int | None = None, again: int = 0) -> Fitted:
    """The discriminator of a pair, trained once in a study; `again` counts from the study's seed on."""
    return context.once(("fitted", pair.name, again), lambda: fit(pair, context.seed + again, steps=steps))


def over_seeds(context: Context, pair: Pair) -> list[Fitted]:
    """Trainings of the pair's discriminator with several seeds, of which the first is that of `fitted`."""
    return [fitted(context, pair, again=k) for k in range(SEEDS)]


def mean_of(result: Result, context: Context, pair: Pair, take: Callable[[Fitted], float]) -> Result:
    """The result with the mean over the seeds of a pair, and Student's interval."""
    found = mean_interval([take(fit) for fit in over_seeds(context, pair)])
    return replace(result, value=found.value, seeds=tuple(context.seed + k for k in range(found.n)),
                   interval=(found.low, found.high) if found.n > 1 else None)


def make_network(dimensions: int, seed: int) -> PointDiscriminator:
    """An untrained discriminator of points."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 61))
        return PointDiscriminator(GanShape(latent=1, width=WIDTH, norm="none"), dim=dimensions, depth=DEPTH)


def fit(pair: Pair, seed: int, *, draws: tuple[Tensor, Tensor] | None = None, steps: int | None = None,
        watch: Callable[[int, PointDiscriminator], None] | None = None) -> Fitted:
    """Adam on the loss of the original game, with fresh points in every step.

    draws   instead: the same points (n, D) of both, in every step
    steps   `STEPS` by default
    watch   is shown the network at the marks
    """
    steps = STEPS if steps is None else steps
    network, table = make_network(len(pair.edges), seed), pair.table
    optimizer = torch.optim.Adam(network.parameters(), lr=LR)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    random, looks = generator(seed, 62), _marks(steps)
    errors, missing = [], []
    for step in range(1, steps + 1):
        real, fake = draws if draws is not None else (side.sample(BATCH, random)[0] for side in (pair.p, pair.q))
        loss = cross_entropy(network(real.float()).logits, network(fake.float()).logits)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if step in looks:
            logits = look(network, table)
            errors.append(mean_error(logits, table))
            missing.append(shortfall(logits, table))
            if watch is not None:
                watch(step, network)
    return Fitted(pair, table, network, look(network, table), looks, tuple(errors), tuple(missing))


@torch.no_grad()
def look(network: PointDiscriminator, table: Table) -> Tensor:
    """Logits at the nodes, float64."""
    logits: Tensor = network(table.points.float()).logits
    return logits.double()


def mean_error(logits: Tensor, table: Table) -> float:
    """E |D − D*| over draws of which half are real."""
    p, q = table.shares
    away = (logits.sigmoid() - best_logit(table.log_p, table.log_q).sigmoid()).abs()
    return float((p + q) @ away) / 2


def dense(table: Table) -> Tensor:
    """The nodes where the mixture of both is dense, and which hold 99.9 % of it, (N,) bool."""
    p, q = table.shares
    thickness = torch.logaddexp(table.log_p, table.log_q)
    order = thickness.argsort()
    left_out = ((p + q)[order] / 2).cumsum(0) <= _DENSE
    kept = torch.ones_like(left_out)
    kept[order] = ~left_out
    return kept


def _marks(steps: int) -> tuple[int, ...]:
    """About twelve steps, evenly on a logarithmic scale, and the last one."""
    found: Sequence[float] = torch.logspace(0, torch.tensor(float(steps)).log10().item(), 12).tolist()
    return tuple(sorted({*(max(1, round(mark)) for mark in found), steps}))
