"""What the best discriminator of two known densities is, what its loss measures, and what a generator learns from it.

All integrals are Gauss–Legendre sums in float64 over the nodes of a `Table`, with no sampling error: for densities that
are smooth within a panel they are exact to rounding.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from genloom.data.density import Boxes, Gaussians
from genloom.errors import InputError, UnknownName
from genloom.gan.losses import ADVERSARIAL, Adversarial

LogDensity = Callable[[Tensor], Tensor]
"""log p at points (N, D), float64 (N,); −∞ where there is no density."""

Output = Callable[[Tensor], Tensor]
"""What a discriminator gives for points (N, D): (N,)."""


class Table(NamedTuple):
    """Two densities at the nodes of a quadrature, ∫ f = Σ weights · f(points).

    points         (N, D) float64
    weights        (N,)
    log_p, log_q   the densities of real ones and of fakes, (N,)
    """

    points: Tensor
    weights: Tensor
    log_p: Tensor
    log_q: Tensor

    @property
    def shares(self) -> tuple[Tensor, Tensor]:
        """Probability of each node under p and under q, (N,) each; both sum to 1."""
        p, q = (self.weights * log.exp() for log in (self.log_p, self.log_q))
        return p / p.sum(), q / q.sum()


def tabulate(p: LogDensity, q: LogDensity, edges: Sequence[Sequence[float] | Tensor], nodes: int = 12) -> Table:
    """The table of two densities on a box.

    edges   for each axis the ends of its panels, rising: a density may jump there and nowhere else
    nodes   Gauss–Legendre nodes of a panel

    Errors: `InputError` where the box holds less than 1 − 10⁻⁶ of p or of q, or they are not integrated to that.
    """
    rules = [_rule(torch.as_tensor(ends, dtype=torch.float64), nodes) for ends in edges]
    lines = torch.meshgrid(*(points for points, _ in rules), indexing="ij")
    parts = torch.meshgrid(*(weights for _, weights in rules), indexing="ij")
    points = torch.stack([line.flatten() for line in lines], 1)
    weights = torch.stack([part.flatten() for part in parts]).prod(0)
    table = Table(points, weights, p(points).double(), q(points).double())
    for name, log in (("p", table.log_p), ("q", table.log_q)):
        total = float(table.weights @ log.exp())
        if not abs(total - 1) < 1e-6:
            raise InputError("edges", f"{name} sums to {total:.8f}", "a box and panels on which each density sums to 1",
                             "make the box wider, the panels narrower, or let a panel end where a density jumps")
    return table


def _rule(ends: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    at, share = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(nodes))
    half, middle = ends.diff()[:, None] / 2, (ends[1:] + ends[:-1])[:, None] / 2
    return (middle + half * at).flatten(), (half * share).flatten()


def best_logit(log_p: Tensor, log_q: Tensor) -> Tensor:
    """log p − log q, the logit of D* = p/(p + q); 0 where there is neither. [Goodfellow et al. 2014, Prop. 1]"""
    return torch.nan_to_num(log_p - log_q, nan=0.0, posinf=torch.inf, neginf=-torch.inf)


def best_output(game: str, log_p: Tensor, log_q: Tensor) -> Tensor:
    """What the discriminator with the smallest loss of all gives where the densities are p and q.

        non-saturating, minimax    log p − log q
        relativistic               log p − log q, and any constant more
        least-squares              p/(p + q)                               [Mao et al. 2017, Eq. 5 with a = 0, b = 1]
        hinge                      the sign of p − q                       [Lim & Ye 2017, Lemma 2]

    Errors: `UnknownName`; `InputError` for wasserstein, whose loss has no smallest value without a bound on the slope.
    """
    logit = best_logit(log_p, log_q)
    match game:
        case "non-saturating" | "minimax" | "relativistic":
            return logit
        case "least-squares":
            return logit.sigmoid()
        case "hinge":
            return logit.sign()
        case "wasserstein":
            raise InputError("loss.adversarial", game, "a game whose best discriminator is a function of p and q alone")
    raise UnknownName("loss.adversarial", game, list(ADVERSARIAL))


def jensen_shannon(table: Table) -> float:
    """½ KL(p, m) + ½ KL(q, m), m = (p + q)/2, in nats: 0 for p = q, log 2 where they have nothing in common."""
    (p, q), middle = table.shares, torch.logaddexp(table.log_p, table.log_q) - math.log(2)
    return (_expect(p, table.log_p - middle) + _expect(q, table.log_q - middle)) / 2


def kullback_leibler(table: Table) -> float:
    """KL(p, q) = E_p log p/q, in nats; ∞ where q has no density and p does."""
    return _expect(table.shares[0], table.log_p - table.log_q)


def total_variation(table: Table) -> float:
    """½ ∫ |p − q|, in [0, 1]."""
    p, q = table.shares
    return float((p - q).abs().sum()) / 2


def earth_mover(p: Gaussians | Boxes, q: Gaussians | Boxes, table: Table) -> float:
    """W₁ = ∫ |F_p − F_q| of two densities on the line, from their distribution functions.

    Errors: `InputError` for densities in more dimensions.
    """
    if table.points.shape[1] != 1:
        raise InputError("table", f"{table.points.shape[1]} dimensions", "one: in more W₁ has no closed form")
    return float(table.weights @ (_distribution(p, table.points) - _distribution(q, table.points)).abs())


def value(logits: Tensor, table: Table) -> float:
    """V(G, D) = E_p log D + E_q log(1 − D) of a discriminator with these logits (N,) at the nodes."""
    (p, q), logits = table.shares, logits.double()
    return -_expect(p, softplus(-logits)) - _expect(q, softplus(logits))


def best_value(table: Table) -> float:
    """max over D of V(G, D) = 2 JSD(p, q) − log 4. [Goodfellow et al. 2014, Theorem 1]"""
    return 2 * jensen_shannon(table) - math.log(4)


def shortfall(logits: Tensor, table: Table) -> float:
    """V(G, D*) − V(G, D) = ∫ (p + q) KL(D*, D) ≥ 0, with KL that of two coins: no two values are subtracted.

        KL(D*, D) = D* (log D* − log D) + (1 − D*) (log(1 − D*) − log(1 − D))
    """
    (p, q), best = table.shares, best_logit(table.log_p, table.log_q)
    logits = logits.double()
    return _expect(p, logsigmoid(best) - logsigmoid(logits)) + _expect(q, logsigmoid(-best) - logsigmoid(-logits))


def discriminator_loss(game: Adversarial, outputs: Tensor, table: Table) -> Tensor:
    """The discriminator's loss over the densities themselves, a scalar that can be differentiated.

    outputs   what it gives at the nodes, (N,); a relative game takes all N² pairs
    """
    of_p, of_q = table.shares
    if game.relative:
        pairs = torch.vmap(torch.vmap(game.discriminator, (None, 0)), (0, None))(outputs, outputs)
        return _weighed(of_p, _rows(of_q, pairs))
    nothing = outputs.new_zeros(())
    real = torch.vmap(lambda output: game.discriminator(output, nothing))(outputs)
    fake = torch.vmap(lambda output: game.discriminator(nothing, output))(outputs)
    # each sum has the other side's loss at 0 in it, which is taken out again
    return _weighed(of_p, real) + _weighed(of_q, fake) - game.discriminator(nothing, nothing)


def generator_loss(game: Adversarial, fakes: Tensor, table: Table, reals: Tensor | None = None) -> Tensor:
    """The generator's loss over the densities, a scalar that can be differentiated.

    fakes   what the discriminator gives for the fakes that were made at the nodes, (N,)
    reals   what it gives at the nodes, which a relative game needs beside them
    """
    of_p, of_q = table.shares
    if not game.relative:
        return _weighed(of_q, torch.vmap(game.generator)(fakes))
    if reals is None:
        raise InputError("reals", None, "the outputs at the nodes: this game compares fakes with real ones")
    pairs = torch.vmap(torch.vmap(game.generator, (None, 0)), (0, None))(fakes, reals)
    return _weighed(of_q, _rows(of_p, pairs))


def push(game: Adversarial, output: Output, table: Table, direction: Tensor) -> float:
    """−d/dh of the generator's loss where its points x ~ q become x + h · direction(x), the discriminator held fixed.

    It is how hard the generator is pushed that way. For non-saturating and D* it is −d/dh [KL(q, p) − 2 JSD]
    [Arjovsky & Bottou 2017, Theorem 2.5], for minimax −d/dh 2 JSD, as the best D makes V stationary.

    output      the discriminator, differentiable
    direction   (D,) for a shift, or (N, D)
    """
    h = torch.zeros((), dtype=torch.float64, requires_grad=True)
    fakes = output(table.points + h * direction)
    reals = output(table.points) if game.relative else None
    (slope,) = torch.autograd.grad(generator_loss(game, fakes, table, reals), h)
    return -float(slope)


def _expect(share: Tensor, values: Tensor) -> float:
    return float(_weighed(share, values))


def _weighed(share: Tensor, values: Tensor) -> Tensor:
    """Σ share · values, where what has no share may be infinite."""
    return torch.where(share > 0, share * values, 0.0).sum()


def _rows(share: Tensor, pairs: Tensor) -> Tensor:
    return torch.where(share > 0, share * pairs, 0.0).sum(1)


def _distribution(density: Gaussians | Boxes, x: Tensor) -> Tensor:
    """P(X ≤ x) on the line at points (N, 1), (N,)."""
    if isinstance(density, Boxes):
        below: Tensor = ((x - density.low[:, 0]) / (density.high - density.low)[:, 0]).clamp(0, 1)
        return below @ density.weights
    deviations = (x - density.means[:, 0]) / density.covariances[:, 0, 0].sqrt()
    total: Tensor = torch.special.ndtr(deviations) @ density.weights
    return total
