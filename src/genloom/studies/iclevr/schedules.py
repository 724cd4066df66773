"""S1.7: noise schedules, their curves beside their formulas, and what they are worth on one small budget."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import torch

from genloom.diffusion import schedule as known_schedules
from genloom.diffusion.schedule import Schedule
from genloom.recipes.process_parts import make_schedule
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import near, number
from genloom.report.plots import lines
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr import ablation
from genloom.studies.iclevr.ablation import SCHEDULES, draw_errors, rows
from genloom.studies.iclevr.work import ddpm_recipe
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

T = 1000
_SHORT = 50
_CLIPPED = 0.001  # the least α_t of cosine and sigmoid


@deliverable("S1.7", "Noise schedule",
             question="Choose a noise schedule: linear, cosine, or another.")
def schedules(context: Context) -> Answer:
    """Curves and ends of three schedules, and models of each on one budget."""
    found, recipe = rows(context, "schedule"), ddpm_recipe(context)
    curves = named(context)
    return Answer(
        text=(
            "x_t = α x_0 + σ ε with α² + σ² = 1. Linear: β_t rises from 1e−4 to .02 in 1,000 steps. Cosine: ᾱ_t falls "
            "along cos². Sigmoid: ᾱ_t falls along a sigmoid. What a schedule chooses is how many of its steps lie at "
            "which ratio of noise to signal; the cosine spends more in the middle, where it is decided what is there.",
            f"The recipe takes {recipe.schedule.kind}. What is left of the data's signal at t = 1, α²/σ², is "
            f"{', '.join(f'{number(each.terminal_snr, 2)} ({name})' for name, each in curves.items())}; sampling "
            "begins with the mean and the variance that x_1 has, nearly those of N(0, I). A table that is cut short "
            f"keeps too much: {_SHORT} entries over the range of the linear β end at ᾱ = {number(_cut(), 2)}.",
            ablation.budget(context), _said(context) + ablation.broken(context, "schedule")),
        figures=(_curves(context, curves), _errors(context)),
        tables=(_ends(curves), ablation.table(context, found, "The recipe with each schedule.")),
        results=(*_known(curves), *ablation.results(context, found)),
        formula="β_t = β_1 + (β_T − β_1)(t − 1)/(T − 1);   ᾱ_t = cos²(π/2 · (t/T + s)/(1 + s))/cos²(π/2 · s/(1 + s));"
                "   ᾱ_t = [σ(3 − 6t/T) − σ(−3)]/[σ(3) − σ(−3)]",
        source="Ho et al. 2020, §4; Nichol & Dhariwal 2021, Eq. 17; Jabri et al. 2022; Chen 2023",
    )


def named(context: Context) -> dict[str, Schedule]:
    """The three schedules, and the recipe's where it is another."""
    found: dict[str, Schedule] = {"linear": known_schedules.linear(T), "cosine": known_schedules.cosine(T),
                                  "sigmoid": known_schedules.sigmoid(T)}
    own = ddpm_recipe(context).schedule
    if own.kind not in found:
        found[own.kind] = make_schedule(own)
    return found


def alpha_bars(kind: str, steps: int = T) -> list[float]:
    """ᾱ_1 … ᾱ_T written out in plain numbers, entry by entry: a second opinion on genloom's tables."""
    if kind == "linear":
        betas = [1e-4 + (0.02 - 1e-4) * k / (steps - 1) for k in range(steps)]
    else:
        curve = _cosine if kind == "cosine" else _sigmoid
        betas = [min(1 - curve((k + 1) / steps) / curve(k / steps), 1 - _CLIPPED) for k in range(steps)]
    product, found = 1.0, []
    for beta in betas:
        product *= 1 - beta
        found.append(product)
    return found


def _cosine(t: float, s: float = 0.008) -> float:
    return math.cos((t + s) / (1 + s) * math.pi / 2) ** 2


def _sigmoid(t: float) -> float:
    def logistic(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    return (logistic(3 - 6 * t) - logistic(-3)) / (logistic(3) - logistic(-3))


def _cut() -> float:
    """ᾱ at the end of the first entries of the linear table, spread over the whole range of β."""
    return float(known_schedules.linear(_SHORT, rescale=False).alpha(torch.ones(1)).square())


def _known(curves: Mapping[str, Schedule]) -> Iterator[Result]:
    for kind in SCHEDULES:
        schedule = curves[kind]
        times = torch.arange(1, T + 1, dtype=torch.float64) / T
        alpha, sigma = schedule.alpha(times), schedule.sigma(times)
        written = torch.tensor(alpha_bars(kind), dtype=torch.float64)
        apart = float((alpha.square() / written - 1).abs().max())
        yield near(Result(name=f"{kind}: largest relative difference of ᾱ_t from its formula", value=apart, known=0,
                          known_name="the formula, entry by entry", n=T), 1e-6)
        yield near(Result(name=f"{kind}: largest distance of α² + σ² from 1", known=0, n=T, known_name="1",
                          value=float((alpha.square() + sigma.square() - 1).abs().max())), 1e-12)
        yield near(Result(name=f"{kind}: α²/σ² at t = 1", value=schedule.terminal_snr, n=1,
                          known=float(written[-1] / (1 - written[-1])), known_name="the formula"),
                   1e-6 * schedule.terminal_snr + 1e-15)
    yield near(Result(name=f"ᾱ at the end of {_SHORT} entries over the range of the linear β", value=_cut(),
                      known=alpha_bars("linear", _SHORT)[-1], known_name="∏(1 − β): most of the signal is left"), 1e-9)


def _ends(curves: Mapping[str, Schedule]) -> Table:
    rows = []
    for name, schedule in curves.items():
        half = float(schedule.time(torch.ones(1, dtype=torch.float64)))
        first = schedule.level(schedule.first or 1 / T)
        rows.append((name, number(float(first.sigma) / float(first.alpha), 3), number(half, 3),
                     number(schedule.terminal_snr, 3)))
    return Table(header=("schedule", "σ/α of the first step", "t where σ = α", "α²/σ² at t = 1"), rows=tuple(rows),
                 caption=f"Ends and middles for T = {T:,}.")


def _said(context: Context) -> str:
    found = sorted(rows(context, "schedule"), key=lambda each: each.judged.micro.value)
    best, worst = found[-1], found[0]
    return (f"On this budget the most labels are found with {_words(context, best)}, {best.judged.micro.value:.3f}, "
            f"the fewest with {_words(context, worst)}, {worst.judged.micro.value:.3f}; chance is "
            f"{best.judged.chance.micro:.3f}.")


def _words(context: Context, each: ablation.Row) -> str:
    return f"the recipe's {each.variant.recipe.schedule.kind}" if each.variant.group == "recipe" else each.variant.said


def _curves(context: Context, curves: Mapping[str, Schedule]) -> Figure:
    figure, panels = canvas(10.2, 3.3, 1, 3)
    t = torch.arange(1, T + 1, dtype=torch.float64) / T
    lines(panels[0], t, {name: each.alpha(t) for name, each in curves.items()}, markers=False, xlabel="t",
          ylabel="α (full) and σ (dotted)")
    _dotted(panels[0], t, [each.sigma(t) for each in curves.values()])
    legend = panels[0].get_legend()
    if legend is not None:
        legend.remove()  # the same three colours as beside it
    lines(panels[1], t, {name: 2 * (each.alpha(t) / each.sigma(t)).log() for name, each in curves.items()},
          markers=False, xlabel="t", ylabel="log α²/σ²")
    _share(panels[2], {name: 2 * (each.alpha(t) / each.sigma(t)).log() for name, each in curves.items()})
    said = ", ".join(f"{name} {number(2 * math.log(float(each.alpha(t[-1:]) / each.sigma(t[-1:]))), 3)}"
                     for name, each in curves.items())
    return context.figure(figure, "schedules",
                          caption="Signal and noise over time, the logarithm of the signal-to-noise ratio, and how "
                                  "often training sees which ratio where times are uniform.",
                          alt=f"Three panels with a curve for each of {', '.join(curves)}; log SNR at t = 1: {said}")


@styled()
def _dotted(axes: "Axes", t: torch.Tensor, sigmas: list[torch.Tensor]) -> None:
    for k, sigma in enumerate(sigmas):
        axes.plot(t, sigma, color=COLORS[k % len(COLORS)], linestyle=":", linewidth=1.3)


@styled()
def _share(axes: "Axes", density: Mapping[str, torch.Tensor]) -> None:
    for k, (name, values) in enumerate(density.items()):
        axes.hist(values.clamp(-14, 14).numpy(), bins=28, range=(-14, 14), density=True, histtype="step",
                  linewidth=1.6, color=COLORS[k % len(COLORS)], label=name)
    axes.set(xlabel="log α²/σ²", ylabel="share of training times")
    axes.legend()


def _errors(context: Context) -> Figure:
    figure, (axes,) = canvas(7.2, 3.7)
    found = rows(context, "schedule")
    draw_errors(axes, context, found)
    axes.legend()
    return context.figure(figure, "schedule-errors",
                          caption="Error of x̂0 on kept-back pictures after the small budget, root mean square, in "
                                  "units of the best linear denoiser's at the same σ/α.",
                          alt="Curves over σ/α for "
                              f"{', '.join(_words(context, each) for each in found)}, beside a dashed line at 1")
