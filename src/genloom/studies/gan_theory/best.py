"""S4.1: the best discriminator for a fixed generator, and trained ones beside it."""

import torch
from torch import Tensor

from genloom.gan.oracle import best_logit
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import array, colorbar, density, lines, plane
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.gan_theory.fitting import BATCH, DEPTH, STEPS, Fitted, dense, fitted, mean_of
from genloom.studies.gan_theory.pairs import JUMPS, LINE, PLANE, STEPS_AT, pair
from genloom.studies.study import Answer, deliverable
from genloom.studies.written.gan_theory import BEST

_SMOOTH_ERROR, _JUMP_ERROR = 0.015, 0.06
_SIDE = 160


@deliverable("S4.1", BEST.title, question=BEST.statement)
def best_discriminator(context: Context) -> Answer:
    """The derivation, and networks trained on five pairs of known densities beside p/(p + q)."""
    each = [fitted(context, pair(name)) for name in (*LINE, *PLANE)]
    return Answer(
        derivation=BEST.steps,
        text=_text(each),
        figures=(_line_figure(context, each), _plane_figure(context, each), _way_figure(context, each)),
        tables=(_table(each),),
        results=_results(context, each),
        formula="D*(x) = p_r(x)/(p_r(x) + p_g(x)), so its logit is log p_r(x) − log p_g(x)",
        source=BEST.source,
    )


def _results(context: Context, each: list[Fitted]) -> tuple[Result, ...]:
    found: list[Result] = [near(Result(
        name="two normals: largest difference of D* from 1/(1 + e^{2x − 2})", known=0.0, known_name="closed form",
        value=float((each[0].best.sigmoid() - torch.sigmoid(2 - 2 * each[0].table.points[:, 0])).abs().max())), 1e-12)]
    for fit in each:
        limit = _JUMP_ERROR if fit.pair.name in JUMPS else _SMOOTH_ERROR
        found.append(at_most(mean_of(Result(
            name=f"{fit.pair.name}: mean |D − D*| of the trained network", value=None, known=0.0,
            known_name="D* = p/(p + q)", n=STEPS * 2 * BATCH, formula="over draws of which half are real, by "
            "quadrature; n draws were trained on; mean over seeds"), context, fit.pair, lambda fit: fit.errors[-1]),
            limit))
    found.append(Result(  # no verdict: what cannot be otherwise cannot fail
        name="steps: largest |D − D*| beside a jump of D*", known=0.25, seeds=(context.seed,),
        known_name="half of the jump, the least that a continuous D can have",
        value=_beside_jumps(next(fit for fit in each if fit.pair.name == "steps")),
        formula="max(|D(x) − D*(x−)|, |D(x) − D*(x+)|) at x = ±½"))
    return tuple(found)


@torch.no_grad()
def _beside_jumps(fit: Fitted) -> float:
    """The larger of the errors on both sides of a jump, the smaller over the jumps."""
    at = torch.tensor([[x] for x, _, _ in STEPS_AT], dtype=torch.float64)
    sides = torch.tensor([[left, right] for _, left, right in STEPS_AT], dtype=torch.float64)
    return float((fit.output(at).sigmoid()[:, None] - sides).abs().amax(1).min())


def _table(each: list[Fitted]) -> Table:
    rows = tuple((fit.pair.name, fit.pair.said, number(fit.errors[-1], 2), number(fit.worst, 2),
                  number(fit.missing[-1], 2)) for fit in each)
    return Table(header=("pair", "real against generated", "mean |D − D*|", "largest", "V(G, D*) − V(G, D)"), rows=rows,
                 caption=f"Networks of {DEPTH} layers after {number(STEPS)} steps of Adam, each with {number(BATCH)} "
                         "fresh draws of both densities; errors by quadrature, of the first seed.")


def _shown(fit: Fitted) -> Tensor:
    """The nodes that a panel shows."""
    return dense(fit.table)


@styled()
def _line_figure(context: Context, each: list[Fitted]) -> Figure:
    on_line = [fit for fit in each if fit.pair.name in LINE]
    figure, axes = canvas(9.2, 4.6, 2, 3, sharex="col", height_ratios=(2.2, 1))
    for fit, above, below in zip(on_line, axes[:3], axes[3:], strict=True):
        keep = _shown(fit)
        x = array(fit.table.points[keep, 0])
        p, q = (log[keep].exp() for log in (fit.table.log_p, fit.table.log_q))
        top = float(torch.maximum(p, q).max()) / 0.9
        for part, color, name in ((p, COLORS[0], "p"), (q, COLORS[1], "q")):
            above.fill_between(x, array(part / top), color=color, alpha=0.18, linewidth=0, label=name)
        above.plot(x, array(fit.logits[keep].sigmoid()), color=COLORS[2], label="trained D")
        above.plot(x, array(fit.best[keep].sigmoid()), color=KNOWN, linewidth=1.1, linestyle=DASHED, label="D*")
        above.set(ylim=(-0.03, 1.03), title=fit.pair.name)
        below.plot(x, array((fit.logits.sigmoid() - fit.best.sigmoid())[keep]), color=COLORS[2])
        below.axhline(0, color=KNOWN, linewidth=1.1, linestyle=DASHED)
        below.set(xlabel="x")
    axes[0].set_ylabel("D")
    axes[3].set_ylabel("D − D*")
    axes[2].legend(loc="upper right")
    return context.figure(
        figure, "best-line",
        caption="Trained discriminators on the line beside D* = p/(p + q), which is dashed; both densities as shades. "
                "Below, their difference, each on a scale of its own: it is largest where D* jumps or is steep.",
        alt="Three panels in which the curve of a trained discriminator lies on a dashed one, and their differences")


@styled()
def _plane_figure(context: Context, each: list[Fitted]) -> Figure:
    figure, axes = canvas(8.8, 5.4, 2, 3)
    for row, fit in enumerate(fit for fit in each if fit.pair.name in PLANE):
        reach = 1.4 if fit.pair.name == "ring" else 1.0
        line = torch.linspace(-reach, reach, _SIDE, dtype=torch.float64)
        at = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).reshape(-1, 2)
        best = best_logit(fit.pair.p.log_density(at), fit.pair.q.log_density(at)).sigmoid().reshape(_SIDE, _SIDE)
        with torch.no_grad():
            learned = fit.output(at).sigmoid().reshape(_SIDE, _SIDE)
        panels: list[tuple[str, Tensor, tuple[float, float], str]] = [
            ("D*", best, (0, 1), "viridis"), ("trained D", learned, (0, 1), "viridis"),
            ("D − D*", learned - best, (-0.5, 0.5), "PuOr")]
        for axis, (title, values, limits, colours) in zip(axes[3 * row : 3 * row + 3], panels, strict=True):
            shown = density(axis, line, line, values, limits=limits, cmap=colours)
            plane(axis, [-reach] * 2, [reach] * 2, f"{fit.pair.name}: {title}" if title == "D*" else title)
            axis.grid(visible=False)
            if title != "D*":
                colorbar(figure, shown, axis, "")
    return context.figure(
        figure, "best-plane",
        caption="The same in the plane. D* of the ring is known in closed form, and D* of the checkerboard is ⅔ on its "
                "squares and 0 between them.",
        alt="Two rows of three maps: the best discriminator, a trained one that looks the same, and their difference, "
            "which is pale but for the edges")


@styled()
def _way_figure(context: Context, each: list[Fitted]) -> Figure:
    figure, (axes,) = canvas(6.4, 3.3)
    lines(axes, each[0].marks, {fit.pair.name: fit.errors for fit in each}, xlabel="step", ylabel="mean |D − D*|",
          log="xy")
    return context.figure(
        figure, "best-way", caption="How far the discriminators are from the best ones over the steps of training.",
        alt="Five falling curves on logarithmic axes")


def _text(each: list[Fitted]) -> tuple[str, ...]:
    smooth = [fit for fit in each if fit.pair.name not in JUMPS]
    return (
        "A network with enough freedom and draws finds it. On smooth densities the trained ones of the figures are off "
        f"by {number(max(fit.errors[-1] for fit in smooth), 2)} at most in the mean. Where a density ends, D* jumps, "
        "and a continuous function cannot: beside a jump of ½ it is off by ¼ at least, however long it is trained. "
        "That is why the mean is judged, and the largest error only shown.",
    )
