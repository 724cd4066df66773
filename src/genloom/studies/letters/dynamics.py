"""S4.21: annealed Langevin dynamics: its step, its other write-ups, and where it stops being stable."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.schedule import Level
from genloom.errors import InputError
from genloom.metrics.energy import energy_distance
from genloom.recipes.judge_points import fresh
from genloom.recipes.points_parts import make_levels
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import near, number
from genloom.report.plots import lines
from genloom.report.results import Figure, Result, Table
from genloom.rng import Noise, SampleNoise, fold
from genloom.studies.context import Context
from genloom.studies.letters.work import NAMES, Setting, inside, setting, walk
from genloom.studies.study import Answer, deliverable

_BELOW = (0.2, 0.5, 1.0, 1.5, 1.8)
_GROWTH = (1.9, 2.1)
_STEPS, _COUNT = 200, 4000


class Rule(NamedTuple):
    """A step x ← x + drift·α·s + √(heat·α) z. The stationary law is p^{2·drift/heat} to first order in α."""

    name: str
    drift: float
    heat: float


RULES = (Rule("(α, √2α), the text", 1, 2), Rule("(α/2, √α), other write-ups", 0.5, 1),
         Rule("(α, √α), mixed", 1, 1), Rule("(α/2, √2α), mixed", 0.5, 2))


@deliverable("S4.21", "Annealed Langevin dynamics",
             question="Implement the sampling of Algorithm 2, with the whole trajectory for those who ask for it. What "
                      "does the step size ε mean, and how large may it be?")
def dynamics(context: Context) -> Answer:
    """The step, its conventions and its stability, each measured where the answer is known."""
    here = setting(context)
    spread = {r: _spread(here, r) for r in _BELOW}
    rows = [_convention(here, rule) for rule in RULES]
    return Answer(
        text=_text(here, spread, rows),
        figures=(_figure(context, here, spread),),
        tables=(_levels(here), _conventions(rows)),
        results=(
            near(Result(name="largest difference of (α, √2α) at ε from (α/2, √α) at 2 ε, same noise",
                        value=_twice(here), known=0.0, known_name="the same step", n=64), 1e-9),
            near(Result(name="variance around one point over σ_L², at the recipe's ε", value=_spread(here, here.step),
                        known=1 / (1 - here.step / 2), known_name="1/(1 − ε/2σ_L²)", n=_COUNT,
                        formula="x ← (1 − r) x + √(2r) σ z, r = ε/σ_L²"), 0.1),
            near(Result(name="states of a trajectory", value=len(walk(context, "exact", context.seed).tracks),
                        known=1 + here.per_level * len(here.sigmas), known_name="the start and L·T steps"), 0),
            near(Result(name="refused step sizes among ε = 2 σ_L² and 2.1 σ_L²",
                        value=sum(bool(_refusal(here, r)) for r in (2.0, 2.1)), known=2, known_name="unstable"), 0),
        ),
        formula="x ← x + α_i s(x, σ_i) + √(2α_i) z,  α_i = ε σ_i²/σ_L²,  T steps at each of L levels;  ε < 2σ_L²",
        source="problem 5.3, Algorithm 2; Song & Ermon 2019, Alg. 1 (whose ε is twice this one)",
    )


def plain(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], noise: Noise, *, step: float, per_level: int,
          rule: Rule = RULES[0], look: Callable[[Tensor], None] | None = None) -> Tensor:
    """Algorithm 2 without the refusal, for showing what it refuses; `step` is ε/σ_L²."""
    for level in levels:
        sigma = float(level.sigma)
        a = step * sigma**2
        for _ in range(per_level):
            x = x - rule.drift * a / sigma * denoiser(x, level.t).eps + (rule.heat * a) ** 0.5 * noise()
            if look:
                look(x)
    return x


def _point(here: Setting) -> tuple[CloudOracle, Level]:
    """Data that are one point, and the last level."""
    schedule = here.experiment.schedule
    return CloudOracle(schedule, torch.zeros(1, 2)), schedule.level(here.time(here.sigmas[-1]))


def _spread(here: Setting, r: float) -> float:
    """The variance that Langevin steps of r σ_L² reach around one point, over σ_L²."""
    oracle, level = _point(here)
    noise = SampleNoise(3, _COUNT, (2,), dtype=torch.float64)
    x = plain(oracle, here.sigmas[-1] * noise(), [level], noise, step=r, per_level=_STEPS)
    return float(x.square().mean()) / here.sigmas[-1] ** 2


def _paths(here: Setting, r: float) -> list[float]:
    """Root mean square distance from the point after each step, over σ_L."""
    oracle, level = _point(here)
    noise, found = SampleNoise(4, 400, (2,), dtype=torch.float64), [1.0]
    plain(oracle, here.sigmas[-1] * noise(), [level], noise, step=r, per_level=60,
          look=lambda x: found.append(float(x.square().mean()) ** 0.5 / here.sigmas[-1]))
    return found


def _refusal(here: Setting, r: float) -> str:
    """What the sampler says to a step of r σ_L²; empty if it takes it."""
    oracle, level = _point(here)
    noise = SampleNoise(5, 2, (2,))
    try:
        sample("langevin", oracle, noise(), [level, Level(0.0, 1.0, 0.0)], noise=noise,
               epsilon=float(f"{r * here.sigmas[-1] ** 2:.6g}"), per_level=1)
    except InputError as error:
        return str(error)
    return ""


def _twice(here: Setting) -> float:
    levels = make_levels(here.recipe.sampling, here.recipe.diffusion, here.experiment.schedule)[:-1]

    def run(rule: Rule, step: float) -> Tensor:
        noise = SampleNoise(6, 64, (2,), dtype=torch.float64)
        return plain(here.exact, noise(), levels, noise, step=step, per_level=min(10, here.per_level), rule=rule)

    return float((run(RULES[0], here.step) - run(RULES[1], 2 * here.step)).abs().max())


class Convention(NamedTuple):
    """What a rule of step makes of the letters with the exact score."""

    rule: Rule
    energy: float
    inside: float


def _convention(here: Setting, rule: Rule) -> Convention:
    count, levels = here.recipe.evaluation.samples, make_levels(
        here.recipe.sampling, here.recipe.diffusion, here.experiment.schedule)[:-1]
    noise = SampleNoise(fold(here.recipe.engine.seed, 21), count, (2,), dtype=torch.float64)
    x = plain(here.exact, noise(), levels, noise, step=here.step, per_level=here.per_level, rule=rule)
    data = fresh(here.experiment, count, fold(here.recipe.engine.seed, 22))
    return Convention(rule, energy_distance(x, data), float(inside(here.letters, x).double().mean()))


@styled()
def _figure(context: Context, here: Setting, spread: dict[float, float]) -> Figure:
    figure, (left, right) = canvas(8.6, 3.4, 1, 2)
    r = torch.linspace(0, 1.9, 100)
    lines(left, r, {}, known={"1/(1 − r/2)": 1 / (1 - r / 2)}, xlabel="r = ε/σ_L²", ylabel="variance over σ_L²",
          log="y")
    left.plot(list(spread), list(spread.values()), "o", color=COLORS[0], label="measured")
    left.axvline(2, color=COLORS[1], linewidth=1.2)
    left.annotate("refused from 2 on", (2, 1.15), xytext=(-5, 0), textcoords="offset points", ha="right",
                  color=COLORS[1], fontsize=8.5)
    left.set_xlim(0, 2.15)
    left.set_title("variance that the steps settle at")
    left.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    left.minorticks_off()
    left.legend(loc="upper left")
    steps = range(61)
    lines(right, list(steps), {f"r = {g}": _paths(here, g) for g in _GROWTH}, xlabel="step",
          ylabel="distance from the point, in σ_L", log="y")
    right.set_title("on both sides of the border")
    return context.figure(
        figure, "stability", run=here.trained,
        caption="Langevin steps around data that are one point. Left: the variance that they settle at, on its closed "
                "form. Right: the distance from the point for a step just below the border and one just above.",
        alt="Left, measured dots on a dashed curve that rises steeply towards r = 2; right, one flat curve and one "
            "that grows without end")


def _levels(here: Setting) -> Table:
    rows = tuple((str(i), number(s, 3), number(here.step * s**2, 3), number((2 * here.step) ** 0.5 * s, 3))
                 for i, s in enumerate(here.sigmas, 1))
    return Table(header=("level", "σ_i", "α_i", "√(2α_i)"), rows=rows,
                 caption=f"The steps of the recipe: ε = {number(here.recipe.sampling.epsilon, 2)}, T = "
                         f"{here.per_level}.")


def _conventions(rows: Sequence[Convention]) -> Table:
    return Table(header=("step and noise", "settles at", "energy distance to fresh data", "inside the letters"),
                 rows=tuple((row.rule.name, _power(row.rule), number(row.energy, 3), f"{row.inside:.1%}")
                            for row in rows),
                 caption="The same ε read in four ways, with the exact score.")


def _power(rule: Rule) -> str:
    power = 2 * rule.drift / rule.heat
    return "p" if power == 1 else f"p^{number(power, 2)}"


def _text(here: Setting, spread: dict[float, float], rows: Sequence[Convention]) -> tuple[str, ...]:
    ours, slow, cold, hot = rows
    after = _paths(here, _GROWTH[1])[-1]
    return (
        "Each level's step is the same share of its variance: "
        f"α_i = {number(here.step, 2)} σ_i². One step moves a point by √2α_i = {number((2 * here.step) ** 0.5, 3)} "
        f"σ_i, and the {here.per_level} steps of a level by about "
        f"{number((2 * here.step * here.per_level) ** 0.5, 3)} σ_i if nothing holds it: enough to forget details of "
        "the size σ_i, and not enough to cross the pattern at the small levels.",
        "Around one point a step multiplies the distance by 1 − r, r = ε/σ_L². So it is stable for r < 2 alone, at "
        f"all levels at once, and before that the variance is too large by 1/(1 − r/2): {number(spread[0.2], 3)} "
        f"times σ_L² at r = 0.2, {number(spread[1.8], 3)} times at r = 1.8. Just above the border, at r = "
        f"{_GROWTH[1]}, sixty steps bring the points {number(after, 3)} σ_L away. The program refuses it:",
        f"    {_refusal(here, 2.1)}",
        "Other write-ups of the algorithm step by (α/2, √α). Their ε is twice this one, and the first number below "
        "shows that the paths are then the same. The same ε in their convention is half the step: the energy "
        f"distance is {number(slow.energy, 2)}, with the text's {number(ours.energy, 2)}, since both settle at p and "
        "half the step only takes longer. To mix the two is another matter. With (α, √α) the points are too cold and "
        f"settle at p², at the crests of the density: {cold.inside:.1%} of them are inside the letters, "
        f"{ours.inside:.1%} with the right step. With (α/2, √2α) they are too hot and settle at √p, {hot.inside:.1%} "
        f"inside. All of these runs are with the {NAMES['exact']}, so that no network is to blame.",
    )
