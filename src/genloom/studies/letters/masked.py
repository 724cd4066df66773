"""S4.8: sampling given one observed coordinate, by guidance with a mask, beside the exact posterior."""

import torch

from genloom.metrics.floor import Floor
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, number
from genloom.report.plots import array
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.letters.drawing import FLAT, cloud, frame, outlines
from genloom.studies.letters.masked_ways import (
    AXES,
    NOISE,
    TEXT_STRENGTH,
    Case,
    Found,
    draws_floor,
    known_spread,
    largest_constant,
    marginal,
    observations,
    sample_by,
    ways,
)
from genloom.studies.letters.work import Setting, setting
from genloom.studies.study import Answer, deliverable


@deliverable("S4.8", "Sampling with a mask",
             question="One coordinate of a point is known. Sample the other with the score that was trained without a "
                      "mask, by s(x, σ) − λ (x − known) ⊙ M. Which λ is right?")
def masking(context: Context) -> Answer:
    """Constant λ, λ that follows σ, and the exact posterior, for an observed x and an observed y."""
    here = setting(context)
    cases = observations(here)
    found = {(case.words, way.name): sample_by(here, case, way) for case in cases for way in ways(here)}
    floors = [draws_floor(here, case) for case in cases]
    return Answer(
        text=_text(here, cases, found, floors),
        figures=(_histograms(context, here, cases, found), _planes(context, here, cases[0], found)),
        tables=(_table(here, cases, found, floors),),
        results=_results(here, cases, found, floors),
        formula="∇ log p(x | known) = s(x, σ) + ∇ log p(known | x) ≈ s(x, σ) − λ (x − known) ⊙ M;  λ = 1/(σ² + s²)",
        source="problem 2.5, whose p(known | x) ∝ exp(−‖(x − known) ⊙ M‖²) gives λ = 2",
    )


_Table = dict[tuple[str, str], Found]


def _results(here: Setting, cases: list[Case], found: _Table, floors: list[Floor]) -> tuple[Result, ...]:
    results, count = [], here.recipe.evaluation.samples
    names = [way.name for way in ways(here)]
    for case, floor in zip(cases, floors, strict=True):
        own, follow, learned, text = (found[case.words, names[i]] for i in (6, 4, 5, 0))
        limit = own.energy + floor.high + 0.01
        results += [
            at_most(Result(name=f"{case.words}: energy distance from the posterior, λ = 1/(σ² + s²), {who}",
                           value=each.energy, known=own.energy, n=count,
                           known_name="exact posterior score, same algorithm"), limit)
            for who, each in (("exact score", follow), ("trained network", learned))]
        results.append(at_least(Result(name=f"{case.words}: the same with the text's λ = 2", value=text.energy,
                                       known=floor.high, n=count, tolerance="told apart from exact draws",
                                       known_name="97.5 % of exact draws are below"), floor.high))
    case = cases[0]
    last = found[case.words, names[3]]
    results.append(at_least(Result(name=f"{case.words}: samples lost with the constant λ = 1/s²", value=last.lost,
                                   known=1.0, n=count,
                                   known_name=f"unstable: λ is above {largest_constant(here):.0f}"), 0.99))
    return tuple(results)


def _table(here: Setting, cases: list[Case], found: _Table, floors: list[Floor]) -> Table:
    rows = []
    for way in ways(here):
        row = [way.name]
        for case in cases:
            each = found[case.words, way.name]
            row += ["diverges", "—", "—"] if each.lost > 0.5 else \
                [number(each.energy, 2), number(each.hidden, 2), number(each.spread, 2)]
        rows.append(tuple(row))
    rows.append(("exact draws of the posterior",
                 *(cell for case, floor in zip(cases, floors, strict=True)
                   for cell in (f"{number(floor.low, 1)} to {number(floor.high, 1)}", "—",
                                number(known_spread(here, case), 2)))))
    header = ["score and λ"]
    for case in cases:
        header += [f"{case.words}: energy distance", f"of {AXES[case.hidden]} alone",
                   f"spread of {AXES[1 - case.hidden]}"]
    return Table(header=tuple(header), rows=tuple(rows),
                 caption=f"{here.recipe.evaluation.samples} samples each, from the same start and noise; observation "
                         f"noise s = {NOISE}. The energy distance is from exact draws of the posterior, of both "
                         "coordinates and of the unobserved one alone; the spread is that of the observed one around "
                         "its value.")


@styled()
def _histograms(context: Context, here: Setting, cases: list[Case], found: _Table) -> Figure:
    names = [ways(here)[i].name for i in (0, 1, 2, 4, 5)]
    figure, axes = canvas(10.2, 9.0, len(names), len(cases), sharex="col")
    for column, case in enumerate(cases):
        line, density = marginal(here, case)
        for row, name in enumerate(names):
            panel = axes[row * len(cases) + column]
            points = found[case.words, name].points[:, case.hidden]
            low, high = float(line[0]), float(line[-1])
            panel.hist(array(points.clamp(low, high)), bins=torch.linspace(low, high, 70).tolist(), density=True,
                       color=COLORS[5])
            panel.plot(array(line), array(density), color=KNOWN, linewidth=1.1, linestyle=DASHED)
            panel.set(ylim=(0, 1.45 * float(density.max())), yticks=[], xlim=(low, high))
            panel.set_title(f"{name}: energy distance {number(found[case.words, name].hidden, 2)}")
        axes[(len(names) - 1) * len(cases) + column].set_xlabel(f"{AXES[case.hidden]}, given {case.words} ± {NOISE}")
    return context.figure(
        figure, "masked-histograms", run=here.trained,
        caption="The unobserved coordinate: samples as a histogram, on the density of the exact posterior. Left an "
                "observed x, right an observed y.",
        alt="Five rows of two histograms. With constant λ they are far wider than the dashed exact density or follow "
            "it loosely; with λ = 1/(σ² + s²) its peaks are met")


@styled()
def _planes(context: Context, here: Setting, case: Case, found: _Table) -> Figure:
    names = [ways(here)[i].name for i in (0, 2, 4, 6)]
    figure, axes = canvas(10.2, 3.5, 2, 2)
    for panel, name in zip(axes, names, strict=True):
        outlines(panel, here.letters, fill="#e3e7ee")
        if case.observed.coordinate == 0:
            panel.axvline(case.observed.value, color=COLORS[1], linewidth=0.9, zorder=1)
        cloud(panel, found[case.words, name].points, size=4)
        frame(panel, 1.1, name, aspect=FLAT)
    return context.figure(
        figure, "masked-plane", run=here.trained,
        caption=f"Samples given {case.words} (the line), with the exact score under guidance and with the exact "
                "posterior's own score.",
        alt="Four scatter plots over the letters: with a small constant λ points lie in all letters, with a larger "
            "one near the line, with λ that follows σ and with the exact posterior on the line, in the strokes that "
            "it crosses")


def _text(here: Setting, cases: list[Case], found: _Table, floors: list[Floor]) -> tuple[str, ...]:
    names, case = [way.name for way in ways(here)], cases[0]
    text, near_border, lost, follow, learned, own = (found[case.words, names[i]] for i in (0, 2, 3, 4, 5, 6))
    other = [found[cases[1].words, names[i]] for i in (4, 5, 6)]
    border = largest_constant(here)
    return (
        "By Bayes' rule the score of the posterior is the trained score plus that of the observation. The text takes "
        "the observation's as if it were made of the noisy x, so that λ is 1/s² at every level, and with its own "
        f"likelihood 2. That is an observation with a standard deviation of {number(TEXT_STRENGTH**-0.5, 2)}, on "
        f"letters that are 2 wide: given {case.words} the samples still spread by {number(text.spread, 2)} around it, "
        f"where the exact posterior for s = {NOISE} has {number(known_spread(here, case), 2)}.",
        "A larger constant is not the way out. In the end, when σ is small, a constant λ is right for an observation "
        f"with s = 1/√λ. But at the largest noise a step of {number(here.step * here.sigmas[0] ** 2, 2)} times λ must "
        f"stay below 2, less the score's own part: λ < {border:.0f}. So s cannot be less than "
        f"{number(border**-0.5, 2)}; with {names[2]}, the spread is {number(near_border.spread, 2)}. λ = "
        f"{1 / NOISE**2:.0f}, which would be right for s = {NOISE} in the end, loses {lost.lost:.0%} of the samples.",
        "What is observed is x0, and the noisy x is off from it by σ: given x alone, and a flat density, x0 is normal "
        "with variance σ² around it, and the observation is normal with variance σ² + s². So λ = 1/(σ² + s²) must "
        f"fall as σ rises. It adds at most 1/σ² to the curvature, so steps up to ε = σ_L² are safe. Its spread is "
        f"{number(follow.spread, 2)}, and the energy distance {number(follow.energy, 2)} with the "
        f"exact score and {number(learned.energy, 2)} with the network, {number(own.energy, 2)} with the exact "
        f"posterior's own score, and up to {number(floors[0].high, 2)} for exact draws. Given {cases[1].words} they "
        f"are {number(other[0].energy, 2)}, {number(other[1].energy, 2)} and {number(other[2].energy, 2)}.",
        "Letters are not flat: at large σ the exact posterior also knows how much of a letter lies at the observed "
        "coordinate, which no λ (x − known) can say. It shows, if at all, in the weights of the strokes: given "
        f"{cases[1].words}, {number(other[0].energy, 2)} beside up to {number(floors[1].high, 2)} for exact draws. "
        "With the exact score each stroke is met all the same, which no constant that is stable here does; the network "
        "adds its own errors, mostly in narrow gaps and strokes.",
    )
