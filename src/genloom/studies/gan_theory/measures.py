"""What the discriminators of other games measure: the least loss of each, and the divergence that it is."""

import math
from typing import NamedTuple

import torch

from genloom.gan.losses import ADVERSARIAL
from genloom.gan.oracle import Table, best_output, best_value, discriminator_loss, earth_mover, total_variation
from genloom.report import results as report
from genloom.report.numbers import near, number
from genloom.studies.gan_theory.pairs import pair


class Measure(NamedTuple):
    """What a game's best discriminator measures: its output and its least loss in words, and that loss by both ways.

    least   the program's own loss over the densities, and `known` the divergence by its own formula
    """

    game: str
    output: str
    words: str
    least: float
    known: float


def measures() -> list[Measure]:
    """Of every game, on two normals."""
    table = pair("two normals").table
    p, q = table.shares
    said = {"non-saturating": ("log p − log q", "log 4 − 2 JSD", -best_value(table)),
            "least-squares": ("p/(p + q)", "½ ∫ p q/(p + q)", float((p * q / (p + q)).nan_to_num().sum()) / 2),
            "hinge": ("sign of p − q", "2 − 2 TV", 2 - 2 * total_variation(table)),
            "relativistic": ("log p − log q + any constant", "log 2 − JSD of the pairs (x, y) and (y, x)",
                             _pairs_loss(table))}
    rows = []
    for game, (output, words, known) in said.items():
        least = discriminator_loss(ADVERSARIAL[game], best_output(game, table.log_p, table.log_q), table)
        rows.append(Measure(game, output, words, float(least), known))
    normals, critic = pair("two normals"), discriminator_loss(ADVERSARIAL["wasserstein"], -table.points[:, 0], table)
    return [*rows, Measure("wasserstein", "−x: slope 1 towards real ones", "−W₁ among slopes of at most 1",
                            float(critic), -earth_mover(normals.p, normals.q, table))]


def measures_results() -> list[report.Result]:
    """Both numbers of each, beside one another."""
    return [near(report.Result(name=f"{each.game}: least loss of a discriminator, two normals", value=each.least,
                        known=each.known, known_name=each.words), 1e-9) for each in measures()]


def measures_table() -> report.Table:
    """What every game's best discriminator measures, on two normals."""
    rows = [(each.game, each.output, each.words, number(each.least, 6), number(each.known, 6),
             number(ADVERSARIAL[each.game].tie)) for each in measures()]
    return report.Table(
        header=("game", "best output", "its least loss", "over the densities", "the divergence", "for p = q"),
        rows=tuple(rows), caption="What the discriminators of other games measure, N(0, 1) against N(2, 1): the loss "
                                  "of the program at the best output, and the divergence by its own formula.")


def printed(table: Table) -> float:
    """The printed expression, E_p log D* + E_q (1 − D*), without the logarithm of its second term."""
    p, q = table.shares
    best = (table.log_p - table.log_q).nan_to_num(nan=0.0)
    return float(torch.where(p > 0, p * torch.nn.functional.logsigmoid(best), 0.0).sum() + q @ best.neg().sigmoid())


def _pairs_loss(table: Table) -> float:
    """log 2 − JSD of the two orders of a pair: which of two points is the real one is a game of its own."""
    p, q = table.shares
    first, second = p[:, None] * q, q[:, None] * p
    whole = (first + second).clamp(min=1e-300)
    divergence = (torch.xlogy(first, 2 * first / whole) + torch.xlogy(second, 2 * second / whole)).sum() / 2
    return math.log(2) - float(divergence)
