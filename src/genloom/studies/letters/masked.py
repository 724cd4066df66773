"""S4.8: sampling given one observed coordinate, by guidance with a mask, beside the exact posterior."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import flat_strength, masked
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.oracle.posterior import condition
from genloom.metrics.energy import energy_distance
from genloom.metrics.floor import Floor, fresh_floor
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, number
from genloom.report.plots import array
from genloom.report.results import Figure, Result, Table
from genloom.rng import fold, generator
from genloom.studies.context import Context
from genloom.studies.letters.drawing import FLAT, cloud, frame, outlines
from genloom.studies.letters.exact import ExactLetters, Observed
from genloom.studies.letters.work import Setting, setting
from genloom.studies.study import Answer, deliverable

NOISE = 0.02
"""s, the standard deviation of the observation."""
TEXT_STRENGTH = 2.0  # of the text's p(known | x) ∝ exp(−‖(x − known) ⊙ M‖²)
_AXES = ("x", "y")


class Case(NamedTuple):
    """An observation and its exact posterior.

    observed    the coordinate that is seen; the other is what is asked for
    posterior   the exact denoiser, on a grid
    oracle      the same without a grid, for exact draws
    """

    observed: Observed
    posterior: ExactLetters
    oracle: Oracle

    @property
    def hidden(self) -> int:
        """The coordinate that is not seen."""
        return 1 - self.observed.coordinate

    @property
    def words(self) -> str:
        """What was seen."""
        return f"{_AXES[self.observed.coordinate]} = {number(self.observed.value, 2)}"


class Way(NamedTuple):
    """A way to sample given an observation.

    exact_score   whether the guided score is the exact one or the network's
    strength      λ as a function of the level, or a number; None for the exact posterior's own score
    """

    name: str
    exact_score: bool
    strength: Callable[..., object] | float | None


class Found(NamedTuple):
    """What a way gave.

    energy   energy distance from exact draws of the posterior, of both coordinates
    hidden   the same of the hidden coordinate alone
    spread   root mean square distance of the seen coordinate from its value
    lost     share of the samples that are not finite or left the page
    """

    points: Tensor
    energy: float
    hidden: float
    spread: float
    lost: float


@deliverable("S4.8", "Sampling with a mask",
             question="One coordinate of a point is known. Sample the other with the score that was trained without a "
                      "mask, by s(x, σ) − λ (x − known) ⊙ M. Which λ is right?")
def masking(context: Context) -> Answer:
    """Constant λ, λ that follows σ, and the exact posterior, for an observed x and an observed y."""
    here = setting(context)
    cases = _cases(here)
    found = {(case.words, way.name): _run(here, case, way) for case in cases for way in ways(here)}
    floors = [_floor(here, case) for case in cases]
    return Answer(
        text=_text(here, cases, found, floors),
        figures=(_histograms(context, here, cases, found), _planes(context, here, cases[0], found)),
        tables=(_table(here, cases, found, floors),),
        results=_results(here, cases, found, floors),
        formula="∇ log p(x | known) = s(x, σ) + ∇ log p(known | x) ≈ s(x, σ) − λ (x − known) ⊙ M;  λ = 1/(σ² + s²)",
        source="problem 2.5, whose p(known | x) ∝ exp(−‖(x − known) ⊙ M‖²) gives λ = 2",
    )


def _cases(here: Setting) -> list[Case]:
    """x through the middle of the second letter, whose strokes it meets several times; y through the middle of all."""
    letter = here.letters[min(1, len(here.letters) - 1)]
    seen = (Observed(0, round(float(letter.low[0] + letter.high[0]) / 2, 2), NOISE), Observed(1, 0.0, NOISE))
    boxes = here.exact.segments.oracle(here.experiment.schedule)
    return [Case(observed, here.exact.given(observed), condition(boxes, *_as_tensors(observed), NOISE))
            for observed in seen]


def largest_constant(here: Setting) -> float:
    """The λ from which a constant diverges at the first level: α_1 (λ + 1/σ_1²) = 2."""
    return (2 / here.step - 1) / here.sigmas[0] ** 2


def ways(here: Setting) -> tuple[Way, ...]:
    """The ways in the order of the table."""
    border, follow = largest_constant(here), flat_strength(NOISE)
    return (
        Way("λ = 2, the text's", True, TEXT_STRENGTH),
        Way("λ = 20", True, 20.0),
        Way(f"λ = {border * 0.8:.0f}, near the border", True, border * 0.8),
        Way(f"λ = 1/s² = {1 / NOISE**2:.0f}", True, 1 / NOISE**2),
        Way("λ = 1/(σ² + s²)", True, follow),
        Way("λ = 1/(σ² + s²), trained network", False, follow),
        Way("exact posterior score", True, None),
    )


def _run(here: Setting, case: Case, way: Way) -> Found:
    count = here.recipe.evaluation.samples
    denoiser = case.posterior if way.strength is None else _guided(here, case, way)
    with torch.no_grad():
        for state in here.experiment.walk(denoiser, here.recipe.sampling, count, fold(here.recipe.engine.seed, 41)):  # noqa: B007
            pass
    points = state.x.cpu().double()
    kept = points[points.isfinite().all(1) & (points.nan_to_num().abs() < 10).all(1)]
    lost = 1 - len(kept) / count
    if lost > 0.5:
        return Found(kept, float("nan"), float("nan"), float("nan"), lost)
    draws = _draws(here, case, count, 42)
    energy, hidden = energy_distance(kept, draws), energy_distance(kept[:, case.hidden], draws[:, case.hidden])
    spread = math.sqrt(float((kept[:, case.observed.coordinate] - case.observed.value).square().mean()))
    return Found(kept, energy, hidden, spread, lost)


def _guided(here: Setting, case: Case, way: Way) -> Denoiser:
    known, mask = _as_tensors(case.observed)
    return masked(here.denoiser("exact" if way.exact_score else "model"), known.float(), mask.float(), noise=NOISE,
                  strength=way.strength)  # type: ignore[arg-type]


def _as_tensors(observed: Observed) -> tuple[Tensor, Tensor]:
    known, mask = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    known[observed.coordinate], mask[observed.coordinate] = observed.value, 1
    return known, mask


def _draws(here: Setting, case: Case, count: int, part: int) -> Tensor:
    """Exact draws of x0 given the observation, with the σ_L of noise that Langevin leaves."""
    random = generator(here.recipe.engine.seed, part)
    x0 = case.oracle.sample(count, random)
    return x0 + here.sigmas[-1] * torch.randn(x0.shape, generator=random, dtype=torch.float64)


def _floor(here: Setting, case: Case) -> Floor:
    return fresh_floor(energy_distance, lambda count, seed: _draws(here, case, count, seed),
                       here.recipe.evaluation.samples, pairs=20)


def _known_spread(here: Setting, case: Case) -> float:
    """Root mean square distance of the seen coordinate under the exact posterior at σ_L, by quadrature."""
    table = case.posterior.table(here.sigmas[-1])
    off = table.points[:, case.observed.coordinate] - case.observed.value
    return math.sqrt(float(table.share @ off.square()))


def _marginal(here: Setting, case: Case) -> tuple[Tensor, Tensor]:
    """The hidden coordinate and its exact density at σ_L."""
    table = case.posterior.table(here.sigmas[-1])
    line = table.y if case.hidden == 1 else table.x
    density = table.density.sum(0 if case.hidden == 0 else 1)
    return line, density / (density.sum() * (line[1] - line[0]))


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
                                       known=own.energy, n=count, tolerance="a heuristic: further off than the right λ",
                                       known_name="exact posterior score, same algorithm"), limit))
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
                                number(_known_spread(here, case), 2)))))
    header = ["score and λ"]
    for case in cases:
        header += [f"{case.words}: energy distance", f"of {_AXES[case.hidden]} alone",
                   f"spread of {_AXES[1 - case.hidden]}"]
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
        line, density = _marginal(here, case)
        for row, name in enumerate(names):
            panel = axes[row * len(cases) + column]
            points = found[case.words, name].points[:, case.hidden]
            low, high = float(line[0]), float(line[-1])
            panel.hist(array(points.clamp(low, high)), bins=torch.linspace(low, high, 70).tolist(), density=True,
                       color=COLORS[5])
            panel.plot(array(line), array(density), color=KNOWN, linewidth=1.1, linestyle=DASHED)
            panel.set(ylim=(0, 1.45 * float(density.max())), yticks=[], xlim=(low, high))
            panel.set_title(f"{name}: energy distance {number(found[case.words, name].hidden, 2)}")
        axes[(len(names) - 1) * len(cases) + column].set_xlabel(f"{_AXES[case.hidden]}, given {case.words} ± {NOISE}")
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
        f"where the exact posterior for s = {NOISE} has {number(_known_spread(here, case), 2)}.",
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
        "What is left is that letters are not flat: at large σ the exact posterior also knows how much of a letter "
        "lies at the observed coordinate, which no λ (x − known) can say. So the weights of the strokes are a little "
        "off, while each stroke is met; no constant that is stable here gives either.",
    )
