"""S4.24: the way of single samples through the noise levels."""

from itertools import pairwise
from typing import Any

import torch

from genloom.report.figures import canvas, styled
from genloom.report.numbers import near, number
from genloom.report.plots import colorbar, trajectory
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.letters.drawing import ASPECT, frame, outlines
from genloom.studies.letters.loss import losses
from genloom.studies.letters.work import Setting, Walk, changes, level_rows, setting, walk
from genloom.studies.study import Answer, deliverable

_ZOOM = 1.12


@deliverable("S4.24", "Trajectories",
             question="Show the way that samples take under annealed Langevin dynamics. When is it decided where a "
                      "sample ends?")
def tracks(context: Context) -> Answer:
    """Single paths in colour, the length of their steps on its known answer, and the level that decides the letter."""
    here = setting(context)
    model, exact = walk(context, "model", context.seed), walk(context, "exact", context.seed)
    known = expected_jumps(here, losses(context).bayes)
    ratio = [float(a) / b for a, b in zip(model.jumps, known, strict=True)]
    return Answer(
        text=_text(here, model, exact),
        figures=(_figure(context, here, model),),
        tables=(_table(here, model, exact, known),),
        results=(
            near(Result(name="length of the steps over its known value, mean over the levels",
                        value=sum(ratio) / len(ratio), known=1.0, known_name="stationary at every level",
                        n=len(model.end), seeds=(context.seed,), formula="E‖Δx‖² = 4α + α² E‖s‖²"), 0.02),
            Result(name="samples that end in the letter of the exact run, same start and noise",
                   value=float((model.cells[-1] == exact.cells[-1]).double().mean()), known=1.0,
                   known_name="equal scores", n=len(model.end), seeds=(context.seed,)),
        ),
        formula="‖Δx‖² = ‖α s + √(2α) z‖²",
        source="problem 5.4 (c)",
    )


def expected_jumps(here: Setting, bayes: list[float]) -> list[float]:
    """Root mean square step at each level for points distributed as p_σ: √(4α + α² E‖s‖²), E‖σ s‖² = 2 (1 − Bayes)."""
    return [float(4 * a + a**2 * 2 * (1 - b) / sigma**2) ** 0.5
            for (_, sigma, a), b in zip(level_rows(here), bayes, strict=True)]


def decided(found: Walk) -> int:
    """The level (from 1) after which at most 1 % of the samples ever change their letter again; 0 for none."""
    ends = found.cells[-1]
    for i in range(len(found.cells)):
        if float((found.cells[i] != ends).double().mean()) <= 0.01:
            return i
    return len(found.cells) - 1


def _late(found: Walk) -> float:
    """Share of the samples that change their letter at the last two levels, counted at each."""
    return sum(changes(found.cells)[-2:])


@styled()
def _figure(context: Context, here: Setting, found: Walk) -> Figure:
    figure, (whole, near_by) = canvas(9.2, 8.0, 2, 1)
    colours = torch.log10(torch.tensor(here.sigmas)).repeat_interleave(here.per_level)
    levels = torch.cat((colours[:1], colours))
    limits = (float(levels.min()), float(levels.max()))
    mappable: Any = None
    for panel, start in ((whole, 0), (near_by, _entry(here))):
        outlines(panel, here.letters, fill="#e3e7ee")
        for k in range(found.tracks.shape[1]):
            mappable = trajectory(panel, found.tracks[start:, k], levels[start:], limits=limits, width=0.8)
    reach = float(torch.maximum(found.tracks[..., 0].abs(), found.tracks[..., 1].abs() / ASPECT).max())
    frame(whole, 1.05 * reach, f"{found.tracks.shape[1]} samples from N(0, I) to the letters", bare=False)
    frame(near_by, _ZOOM, f"the same from step {_entry(here)} on", bare=False)
    colorbar(figure, mappable, [whole, near_by], "log₁₀ σ")
    return context.figure(
        figure, "trajectories", run=here.trained,
        caption="Paths of single samples, coloured by noise level, from the square to the ring; below, the letters "
                "and the lower noise levels alone.",
        alt="Coloured paths that wander widely at large noise, then settle in one letter and tremble within a stroke")


def _entry(here: Setting) -> int:
    """The step at which the lower half of the plot begins."""
    return len(here.sigmas) // 2 * here.per_level


def _table(here: Setting, model: Walk, exact: Walk, known: list[float]) -> Table:
    columns = zip(level_rows(here), model.jumps, known, changes(model.cells), changes(exact.cells), strict=True)
    rows = [(str(i), number(sigma, 3), number(float(jump), 3), number(wanted, 3), f"{ours:.1%}", f"{theirs:.1%}")
            for (i, sigma, _), jump, wanted, ours, theirs in columns]
    return Table(header=("level", "σ", "step, measured", "step, known", "change of letter", "same, exact score"),
                 rows=tuple(rows),
                 caption="Root mean square length of a step, and the share of samples that end the level in another "
                         "letter's strip than they began it in.")


def _text(here: Setting, model: Walk, exact: Walk) -> tuple[str, ...]:
    share, level = changes(model.cells), decided(model)
    gap = min((float(b.low[0] - a.high[0]) for a, b in pairwise(here.letters)), default=0.0)
    same = float((model.cells[-1] == exact.cells[-1]).double().mean())
    sigma = number(here.sigmas[max(0, level - 1)], 3)
    return (
        f"A sample's way has three parts. At σ = {number(here.sigmas[0], 3)} it walks through the whole pattern: "
        f"{share[0]:.0%} of the samples end that level in another letter's strip than they began it in, and the start "
        f"is forgotten. Then it is caught: at level {len(share) // 2} {share[len(share) // 2 - 1]:.1%} change their "
        f"letter, and after level {level}, σ = {sigma}, 99 % stay where they end. The narrowest gap between two "
        f"letters is {number(gap, 2)} wide, and a walk of {here.per_level} steps is "
        f"{number((2 * here.step * here.per_level) ** 0.5, 2)} σ long. Last, it trembles within its stroke, by a step "
        "that is the same share of σ at every level.",
        f"With the same start and noise, {same:.0%} of the samples end in the letter in which the exact score puts "
        "them. Where the two scores differ a little, paths part, since between two letters a small push decides. At "
        f"the last two levels {_late(model):.1%} of the network's samples still change their letter and "
        f"{_late(exact):.1%} of the exact score's: a learned field that is too smooth lets points through gaps that "
        "should hold them.",
    )
