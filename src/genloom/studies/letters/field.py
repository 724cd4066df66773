"""S4.22: the field of scores, beside the exact one."""

import torch
from torch import Tensor

from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import at_most, number
from genloom.report.plots import array, colorbar
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.letters.drawing import ASPECT, arrows, frame, outlines, shade
from genloom.studies.letters.loss import GOOD_GAP, losses
from genloom.studies.letters.work import NAMES, Setting, Source, setting
from genloom.studies.study import Answer, deliverable

_HALF = 1.22  # half the width of the plane that is shown: the letters and some room
_SHOWN = 4
_LIMIT = 0.5  # the end of the error's colour scale
_SEEN = 2e-3  # the error is shown where p_σ is more than this share of its peak


@deliverable("S4.22", "The field of scores",
             question="Plot the score that the network has learned. Where is it right, and where is it not?")
def field(context: Context) -> Answer:
    """The learned field and the exact one at four noise levels, and where they differ."""
    here = setting(context)
    found = losses(context)
    error = [(2 * gap) ** 0.5 for gap in found.gap]
    size = [(2 * (1 - bayes)) ** 0.5 for bayes in found.bayes]
    relative = [a / b for a, b in zip(error, size, strict=True)]
    return Answer(
        text=_text(here, error, size, relative),
        figures=(_fields(context, here), _errors(context, here)),
        tables=(Table(
            header=("level", "σ", "size of σ s*", "error of σ s", "error over size"),
            rows=tuple((str(i), number(s, 3), number(b, 3), number(a, 2), f"{a / b:.1%}")
                       for i, (s, a, b) in enumerate(zip(here.sigmas, error, size, strict=True), 1)),
            caption="Root mean squares over the blurred letters, by quadrature: √E‖σ s*‖² and √E‖σ (s − s*)‖²."),),
        results=(at_most(Result(
            name="error of the learned score, root mean square of σ (s − s*) over all levels",
            value=(2 * found.excess) ** 0.5, known=0.0, known_name="exact score",
            formula="E‖σ (s − s*)‖² = 2 (loss − Bayes optimum)", source="E[ε | x] is a projection"),
            (2 * GOOD_GAP) ** 0.5),),
        formula="s(x, σ) ≈ s*(x, σ) = ∇ log p_σ(x) = (E[x0 | x] − x)/σ²",
        source="problem 5.4 (a); Vincent 2011",
    )


def _chosen(here: Setting) -> list[float]:
    """A few noise levels from the largest to the smallest."""
    return [here.sigmas[round(i * (len(here.sigmas) - 1) / (_SHOWN - 1))] for i in range(_SHOWN)]


@torch.no_grad()
def _score(here: Setting, source: Source, points: Tensor, sigma: float) -> Tensor:
    """σ · score at points."""
    return -here.denoiser(source)(points.float(), here.time(sigma)).eps.double().cpu()


def _lattice(columns: int) -> tuple[Tensor, Tensor, Tensor]:
    rows = round(columns * ASPECT)
    x = torch.linspace(-_HALF, _HALF, columns + 2, dtype=torch.float64)[1:-1]
    y = torch.linspace(-ASPECT * _HALF, ASPECT * _HALF, rows + 2, dtype=torch.float64)[1:-1]
    points = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).reshape(-1, 2)
    return x, y, points


@styled()
def _fields(context: Context, here: Setting) -> Figure:
    figure, axes = canvas(10.2, 10.2, _SHOWN, 2)
    sources: tuple[Source, Source] = ("model", "exact")
    points = _lattice(42)[2]
    for row, sigma in enumerate(_chosen(here)):
        table = here.exact.table(sigma)
        for source, panel in zip(sources, axes[2 * row : 2 * row + 2], strict=True):
            shade(panel, table.x, table.y, table.density)
            arrows(panel, points, _score(here, source, points, sigma), length=0.05,
                   color=COLORS[0] if source == "model" else "#111111")
            frame(panel, _HALF, f"{NAMES[source]}, σ = {number(sigma, 3)}")
    return context.figure(
        figure, "score-field", run=here.trained,
        caption="σ times the score at four noise levels: the trained network on the left, the exact score on the "
                "right. The ground is the exact blurred density. Arrows are drawn tanh|σ s| long, so that those far "
                "out do not cover the rest.",
        alt="Four rows of two arrow fields over the blurred letters CS446. At the largest noise all arrows point to "
            "the middle of the text, at the smallest to the nearest stroke; left and right look alike")


@styled()
def _errors(context: Context, here: Setting) -> Figure:
    figure, axes = canvas(10.2, 4.9, 2, 2)
    x, y, points = _lattice(240)
    mappable = None
    for sigma, panel in zip(_chosen(here), axes, strict=True):
        wrong = (_score(here, "model", points, sigma) - _score(here, "exact", points, sigma)).square().sum(1).sqrt()
        table = here.exact.table(sigma)
        wrong[table.density_at(points) < _SEEN * table.density.max()] = torch.nan
        mappable = panel.pcolormesh(array(x), array(y), array(wrong.reshape(len(y), len(x))), shading="nearest",
                                    cmap="viridis", vmin=0, vmax=_LIMIT, rasterized=True)
        panel.set_facecolor("#eceff4")
        outlines(panel, here.letters, color="white", width=0.7)
        frame(panel, _HALF, f"σ = {number(sigma, 3)}")
    colorbar(figure, mappable, axes, "|σ (s − s*)|")
    return context.figure(
        figure, "score-error", run=here.trained,
        caption="How far the learned score is from the exact one, with the letters' outlines. Gray: where next to no "
                "noisy point ever is (p_σ below 0.2 % of its peak), and the network was never asked.",
        alt="Four heat maps of the error with the outlines of the letters: dark and even at the large noise levels, "
            "brighter along the edges, ends and corners of the strokes at the small ones")


def _text(here: Setting, error: list[float], size: list[float], relative: list[float]) -> tuple[str, ...]:
    best, worst = (f(range(len(relative)), key=lambda i: relative[i]) for f in (min, max))
    return (
        f"At σ = {number(here.sigmas[0], 3)} the letters are one blurred bar, and every arrow points towards it. As σ "
        f"falls, the bar parts into letters, then the letters into strokes; at σ = {number(here.sigmas[-1], 3)} an "
        "arrow points to the nearest edge of a stroke, and inside a stroke there is next to none, because there the "
        "density is flat.",
        f"Weighted by where points are, the error of σ s is {number(error[best], 2)} at σ = "
        f"{number(here.sigmas[best], 3)}, which is {relative[best]:.1%} of the field's own size of "
        f"{number(size[best], 3)}, and {number(error[worst], 2)} at σ = {number(here.sigmas[worst], 3)}, "
        f"{relative[worst]:.0%} of {number(size[worst], 3)}. The second picture shows where: along the edges and at "
        "the ends of strokes, where the exact field turns within a distance of σ, and hardly inside them.",
    )
