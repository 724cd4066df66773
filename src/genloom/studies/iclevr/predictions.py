"""S1.8: what the network predicts and how its error is weighed: one loss in several words, and models of each."""

from collections.abc import Iterator

import torch
from torch import Tensor

from genloom.diffusion import loss
from genloom.diffusion import schedule as schedules
from genloom.diffusion.prediction import Row as Prediction
from genloom.diffusion.prediction import expand, prediction, solve
from genloom.diffusion.schedule import Level, VariancePreserving
from genloom.report.figures import canvas
from genloom.report.numbers import near
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.iclevr import ablation
from genloom.studies.iclevr.ablation import draw_errors, rows
from genloom.studies.study import Answer, deliverable

_COUNT, _T = 64, 1000
_ROUNDING = 1e-9  # relative, of float64 through differences of 1 − ᾱ


@deliverable("S1.8", "What is predicted",
             question="Choose what the network predicts: the mean, the noise (weighted or simplified), or v.")
def predictions(context: Context) -> Answer:
    """The text's four losses as one with four weights, and models of each on one budget."""
    found = rows(context, "prediction")
    return Answer(
        text=(
            "x_t holds data and noise in known shares, so that whoever knows one of x_0, ε, v or the posterior mean at "
            "x_t knows them all: they are linear in each other. The losses therefore differ by a factor of the error "
            "that depends on t alone. The text's first two losses are one and the same function of the network's x̂0, "
            "to rounding; its third drops the factor, and that of v is the one of x̂0 times 1 + α²/σ².",
            "What differs is what the network must output by itself, and which times weigh most. Where hardly any "
            "signal is left, an error of ε̂ is one of x̂0 that is 1/α times as large; where hardly any noise is left, an "
            "error of x̂0 is one of ε̂ that is 1/σ times as large. v is in between everywhere.",
            ablation.budget(context), _said(found) + ablation.broken(context, "prediction")),
        figures=(_figure(context, found),),
        tables=(_losses(), ablation.table(context, found, "The recipe with each prediction and weight.")),
        results=(*identities(), *ablation.results(context, found)),
        formula="‖μ̃ − μ_θ‖²/2σ̃² = β²/(2 σ̃² α_t (1 − ᾱ_t)) ‖ε − ε_θ‖²;   v = √ᾱ ε − √(1 − ᾱ) x_0,   "
                "x̂0 = √ᾱ x_t − √(1 − ᾱ) v̂",
        source="Ho et al. 2020, Eq. 8, 12 and 14; Salimans & Ho 2022, App. D; Hang et al. 2023 (min-SNR)",
    )


def identities() -> Iterator[Result]:
    """The text's formulas, written out, beside genloom's losses at random times, states and outputs, in float64."""
    random, schedule = generator(0, 0x534F4C56), schedules.linear(_T)
    x0, eps, wrong = (torch.randn(_COUNT, 12, generator=random, dtype=torch.float64) for _ in range(3))
    t = torch.randint(2, _T + 1, (_COUNT,), generator=random)
    level = schedule.level(t.double() / _T)
    x = expand(level.alpha, x0) * x0 + expand(level.sigma, x0) * eps
    bar, before, beta = _entries(schedule, t)
    small = beta * (1 - before) / (1 - bar)
    guess = (x - (1 - bar).sqrt() * wrong) / bar.sqrt()  # x̂0 of a network that says `wrong` is the noise
    mean = (_posterior(each, x, bar, before, beta) for each in (x0, guess))
    first = (next(mean) - next(mean)).square().sum(1) / (2 * small[:, 0])
    second = (beta**2 / (2 * small * (1 - beta) * (1 - bar)))[:, 0] * (eps - wrong).square().sum(1)
    yield _same("the text's loss of the mean from its weighted loss of the noise", second, first)
    for name, answer in (("posterior-mean", _posterior(guess, x, bar, before, beta)), ("noise", wrong),
                         ("data", guess), ("velocity", bar.sqrt() * wrong - (1 - bar).sqrt() * guess)):
        row = prediction(name, schedule)
        known = _posterior(x0, x, bar, before, beta) if name == "posterior-mean" else _target(row, level, x0, eps)
        found = _weighed(row, level, schedule, answer - known)
        yield _same(f"genloom's weighted loss of {name} from the text's loss of the mean", found, first)
    v = bar.sqrt() * wrong - (1 - bar).sqrt() * guess
    text = bar.sqrt() * x - (1 - bar).sqrt() * v
    yield _same("the text's x̂0 of v from genloom's", text, solve(x, v, level, prediction("velocity", schedule)).x0)
    yield _same("v's squared error from (1 + α²/σ²) times that of x̂0",
                (v - _target(prediction("velocity", schedule), level, x0, eps)).square().sum(1),
                (1 + bar / (1 - bar))[:, 0] * (guess - x0).square().sum(1))


def _entries(schedule: VariancePreserving, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """ᾱ_t, ᾱ_{t−1} and β_t, (B, 1)."""
    bar = torch.cat((torch.ones(1, dtype=torch.float64), (1 - schedule.betas).cumprod(0)))
    return bar[t, None], bar[t - 1, None], schedule.betas[t - 1, None]


def _posterior(x0: Tensor, x: Tensor, bar: Tensor, before: Tensor, beta: Tensor) -> Tensor:
    """μ̃_t(x_t, x_0). [Ho et al. 2020, Eq. 7]"""
    return before.sqrt() * beta / (1 - bar) * x0 + (1 - beta).sqrt() * (1 - before) / (1 - bar) * x


def _target(row: Prediction, level: Level, x0: Tensor, eps: Tensor) -> Tensor:
    a, b = row(level)
    return expand(a, x0) * x0 + expand(b, x0) * eps


def _weighed(row: Prediction, level: Level, schedule: VariancePreserving, error: Tensor) -> Tensor:
    """genloom's likelihood weight, which is the sum over all T steps, of one step."""
    weight = torch.as_tensor(loss.elbo(schedule)(level, row)) / _T
    return weight * error.square().sum(1)


def _same(name: str, found: Tensor, known: Tensor) -> Result:
    apart = float(((found - known).abs() / known.abs().clamp(min=1e-12)).max())
    return near(Result(name=f"largest relative difference of {name}", value=apart, known=0, n=_COUNT,
                       known_name="the same function, float64"), _ROUNDING)


def _losses() -> Table:
    body = (
        ("mean, weighted", "posterior-mean, elbo", "SNR(t−1) − SNR(t), halved"),
        ("noise, weighted", "noise, elbo", "the same"),
        ("noise, simplified", "noise, simple", "SNR"),
        ("v", "velocity, simple", "SNR + 1"),
        ("data", "data, simple", "1"),
        ("v, min-SNR", "velocity, min-snr", "min(SNR, 5)"),
    )
    return Table(header=("loss of the text, and two more", "in a recipe", "weight of ‖x̂0 − x_0‖²"), rows=body,
                 caption="Every loss as a weight of the error of x̂0; SNR is α²/σ².")


def _said(found: list[ablation.Row]) -> str:
    ranked = sorted(found, key=lambda each: each.judged.micro.value)
    said = ", ".join(f"{each.variant.said} {each.judged.micro.value:.3f}" for each in reversed(ranked))
    return f"Label accuracy on this budget: {said}; chance is {found[0].judged.chance.micro:.3f}."


def _figure(context: Context, found: list[ablation.Row]) -> Figure:
    figure, (axes,) = canvas(8.4, 3.9)
    draw_errors(axes, context, found)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center")
    return context.figure(figure, "prediction-errors",
                          caption="Error of x̂0 on kept-back pictures after the small budget, root mean square, in "
                                  "units of the best linear denoiser's at the same σ/α.",
                          alt=f"Curves over σ/α for {', '.join(each.variant.said for each in found)}, beside a dashed "
                              "line at 1")
