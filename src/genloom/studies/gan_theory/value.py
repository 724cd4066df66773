"""S4.2: what the objective is at the best discriminator, by its definition and as a divergence."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.gan.losses import cross_entropy
from genloom.gan.oracle import best_value, jensen_shannon, value
from genloom.nn.gan.points import PointDiscriminator
from genloom.report import results as report
from genloom.report.figures import COLORS, DASHED, GRAY, KNOWN, MARKERS, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import array
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.gan_theory.fitting import Fitted, fit, fitted, look, mean_of
from genloom.studies.gan_theory.measures import measures_results, measures_table, printed
from genloom.studies.gan_theory.pairs import JUMPS, LINE, PLANE, Pair, alike, pair, shifted
from genloom.studies.study import Answer, deliverable
from genloom.studies.written.gan_theory import VALUE

THETAS = (1.0, 2.0, 3.0, 4.0, 6.0)
"""Distances at which a discriminator is trained."""
SHIFT_STEPS, OWN_STEPS = 500, 600
OWN = 32
"""Points of each kind that a discriminator may learn by heart."""
_DRAWS = 100_000
_SMOOTH_MISSING, _JUMP_MISSING = 0.005, 0.08  # nats that a trained network may lack of the best value
_BY_HEART = 0.1  # nats by which what is known by heart must differ from what is so
_CLOSED = {"steps": -4 / 3 * math.log(2), "checkerboard": math.log(2 / 3) - math.log(3) / 2}


class ByHeart(NamedTuple):
    """V of a discriminator that saw few points, where p = q: on these points and on all others."""

    steps: tuple[int, ...]
    own: tuple[float, ...]
    fresh: tuple[float, ...]


@deliverable("S4.2", VALUE.title, question=VALUE.statement)
def divergence(context: Context) -> Answer:
    """V(G, D*) = 2 JSD − log 4, both sides by their own definition, and how far trained networks stay below."""
    each = [fitted(context, pair(name)) for name in (*LINE, *PLANE)]
    own = context.once("by heart", lambda: by_heart(context.seed))
    return Answer(
        derivation=VALUE.steps,
        text=_text(each, own),
        figures=(_curve(context), _heart_figure(context, own)),
        tables=(_table(each), measures_table()),
        results=_results(context, each, own),
        formula="V(G, D*) = E_p log p/(p + q) + E_q log q/(p + q) = 2 JSD(p, q) − log 4,   "
                "JSD(p, q) = ½ KL(p, (p + q)/2) + ½ KL(q, (p + q)/2)",
        source=VALUE.source,
    )


def shift_fitted(context: Context, theta: float) -> Fitted:
    """The discriminator of N(0, 1) against N(θ, 1)."""
    return fitted(context, shifted(theta), SHIFT_STEPS)


def by_heart(seed: int) -> ByHeart:
    """A discriminator of 32 and 32 points of the same density, which are all that it ever sees."""
    same, random = alike(), generator(seed, 63)
    table, draws = same.table, tuple(side.sample(OWN, random)[0] for side in (same.p, same.q))
    found: list[tuple[int, float, float]] = []

    def watch(step: int, network: PointDiscriminator) -> None:
        with torch.no_grad():
            real, fake = (network(side.float()).logits for side in draws)
        found.append((step, -float(cross_entropy(real, fake)), value(look(network, table), table)))

    fit(same, seed, draws=(draws[0], draws[1]), steps=OWN_STEPS, watch=watch)
    steps, own, fresh = zip(*found, strict=True)
    return ByHeart(steps, own, fresh)


def _results(context: Context, each: list[Fitted], own: ByHeart) -> tuple[Result, ...]:
    found: list[Result] = [near(Result(
        name=f"{one.pair.name}: V(G, D*) as the integral of its definition", value=value(one.best, one.table),
        known=best_value(one.table), known_name="2 JSD − log 4 by the divergences"), 1e-10) for one in each]
    found += [near(Result(name=f"{name}: V(G, D*)", value=value(pair_of(each, name).best, pair_of(each, name).table),
                          known=known, known_name="written down by hand", formula=formula), 1e-10)
              for name, known, formula in (("steps", _CLOSED["steps"], "−4/3 log 2"),
                                           ("checkerboard", _CLOSED["checkerboard"], "log ⅔ − ½ log 3"))]
    same, far = shifted(0.0).table, shifted(24.0).table
    found += [near(Result(name="V(G, D*) for p = q", value=value((same.log_p - same.log_q), same), known=-math.log(4),
                          known_name="−log 4: JSD = 0"), 1e-10),
              near(Result(name="V(G, D*) at a distance of 24 standard deviations",
                          value=value(far.log_p - far.log_q, far), known=0.0, known_name="JSD = log 2"), 1e-6)]
    found += [_drawn(one, context.seed) for one in each]
    found += [at_most(mean_of(Result(
        name=f"{one.pair.name}: V(G, D*) − V(G, D) of the trained network", value=None, known=0.0, unit="nats",
        known_name="D = D*; it is never negative", formula="∫ (p + q) KL(D*, D), by quadrature; mean over seeds"),
        context, one.pair, lambda fit: fit.missing[-1]), _JUMP_MISSING if one.pair.name in JUMPS else _SMOOTH_MISSING)
        for one in each]
    found += measures_results()
    found.append(at_least(Result(
        name=f"V of a network that knows its {OWN} + {OWN} points by heart, on these, p = q", value=own.own[-1],
        known=-math.log(4), known_name="2 JSD − log 4", seeds=(context.seed,),
        tolerance=f"above it by at least {_BY_HEART}: the identity is about densities"), -math.log(4) + _BY_HEART))
    found.append(at_most(Result(
        name="the same network on all other points", value=own.fresh[-1], known=-math.log(4), seeds=(context.seed,),
        known_name="2 JSD − log 4, the most of any D", tolerance=f"below it by at least {_BY_HEART}"),
        -math.log(4) - _BY_HEART))
    return tuple(found)


def pair_of(each: list[Fitted], name: str) -> Fitted:
    """The one with this name."""
    return next(one for one in each if one.pair.name == name)


def _drawn(one: Fitted, seed: int) -> Result:
    """−ℓ_d of this program's own loss at D*, on draws."""
    random = generator(seed, 64)
    logits = [_logit(one.pair, side.sample(_DRAWS, random)[0]) for side in (one.pair.p, one.pair.q)]
    estimate = -float(cross_entropy(*logits))
    spread = [torch.nn.functional.softplus(sign * side).std() for sign, side in zip((-1, 1), logits, strict=True)]
    error = float(torch.stack(spread).square().sum() / _DRAWS) ** 0.5
    return near(Result(
        name=f"{one.pair.name}: minus the loss of this program at D*, on draws", value=estimate, n=2 * _DRAWS,
        known=best_value(one.table), known_name="2 JSD − log 4", interval=(estimate - 1.96 * error,
                                                                           estimate + 1.96 * error),
        tolerance="within 4 standard errors"), 4 * error + 1e-12)


def _logit(of: Pair, x: Tensor) -> Tensor:
    return of.p.log_density(x) - of.q.log_density(x)


def _table(each: list[Fitted]) -> report.Table:
    rows = tuple((one.pair.name, number(jensen_shannon(one.table)), number(best_value(one.table), 5),
                  number(value(one.best, one.table), 5), number(one.value, 5), number(one.missing[-1], 2),
                  number(printed(one.table), 5)) for one in each)
    return report.Table(
        header=("pair", "JSD", "2 JSD − log 4", "V(G, D*)", "V(G, D), trained", "below by", "without the logarithm"),
        rows=rows, caption="By quadrature, in nats. The last column is the expression as it is printed, "
                           "E_p log D* + E_q (1 − D*), which is no function of the divergence; trained networks are "
                           "those of the first seed.")


@styled()
def _curve(context: Context) -> Figure:
    theta = torch.linspace(0, 8, 65, dtype=torch.float64)
    tables = [shifted(t).table for t in theta.tolist()]
    figure, (axes,) = canvas(7.0, 3.8)
    axes.plot(array(theta), [best_value(table) for table in tables], color=COLORS[0], label="2 JSD − log 4")
    some = slice(0, None, 4)
    axes.plot(array(theta[some]), [value(t.log_p - t.log_q, t) for t in tables[some]], MARKERS[0], color=COLORS[0],
              label="V(G, D*), by its definition")
    axes.plot(THETAS, [shift_fitted(context, t).value for t in THETAS], MARKERS[1], color=COLORS[1],
              label="V(G, D) of trained networks")
    axes.plot(array(theta), [printed(table) for table in tables], color=GRAY, label="as printed, without the logarithm")
    for level, name in ((-math.log(4), "−log 4: p = q"), (0.0, "0: nothing in common")):
        axes.axhline(level, color=KNOWN, linewidth=1.1, linestyle=DASHED)
        axes.annotate(name, (8, level), xytext=(0, 4), textcoords="offset points", ha="right", va="bottom",
                      fontsize=8.5)
    axes.set(xlabel="distance θ of the means, p = N(0, 1) and q = N(θ, 1)", ylabel="value in nats", ylim=(-1.5, 1.05))
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.32))
    return context.figure(
        figure, "value",
        caption="The objective at the best discriminator while the generated density moves away: both sides of the "
                "identity, trained networks, and the printed expression, which differs.",
        alt="A curve that rises from −log 4 to 0 with dots on it, markers of trained networks on or just below it, and "
            "a grey curve that lies elsewhere")


@styled()
def _heart_figure(context: Context, own: ByHeart) -> Figure:
    figure, (axes,) = canvas(6.4, 3.3)
    axes.plot(own.steps, own.own, color=COLORS[1], marker=MARKERS[1], label=f"on its own {OWN} + {OWN} points")
    axes.plot(own.steps, own.fresh, color=COLORS[0], marker=MARKERS[0], label="over the densities")
    axes.axhline(-math.log(4), color=KNOWN, linewidth=1.1, linestyle=DASHED, label="2 JSD − log 4, p = q")
    axes.set(xlabel="step", ylabel="V(G, D)", xscale="log")
    axes.legend(loc="lower left")
    return context.figure(
        figure, "by-heart",
        caption="A discriminator that sees the same few points in every step, real and generated ones from one "
                "density: what it reaches on them says nothing of the densities.",
        alt="Over the steps one curve rises to 0, the value of a perfect discriminator, while the other falls below "
            "the dashed line of telling nothing apart")


def _text(each: list[Fitted], own: ByHeart) -> tuple[str, ...]:
    normals = pair_of(each, "two normals")
    return (
        "As it is printed, without the logarithm of its second term, the expression is "
        f"{number(printed(normals.table), 5)} for N(0, 1) against N(2, 1), where 2 JSD − log 4 is "
        f"{number(best_value(normals.table), 5)}. Trained discriminators give lower bounds: on these two normals "
        f"{number(normals.missing[-1], 2)} nats are missing.",
        "The identity is one of densities, not of points. A discriminator that sees the same "
        f"{OWN} real and {OWN} generated points in every step, drawn from one density, comes to "
        f"{number(own.own[-1], 3)} on them, as if they had nothing in common, and has {number(own.fresh[-1], 3)} on "
        f"the density itself, below −log 4 = {number(-math.log(4))}. So a discriminator must be judged on real data "
        "that it was not trained on.",
        "Other games measure other divergences, and the second table has them: the best discriminator of least squares "
        "gives D* itself, that of the hinge loss only says on which side a point lies, and the relativistic one has "
        "the same logit as here, but for a constant.",
    )
