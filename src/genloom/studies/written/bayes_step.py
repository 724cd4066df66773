"""S3.14: one step of a chain turned round by Bayes' rule, and what is lost without x_0."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import cosine
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, near
from genloom.report.plots import array
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.one_step_back import coefficients
from genloom.studies.written.proof import Checked, Written
from genloom.studies.written.starts import log_normal

STATES = 5
T = 50
"""Steps of the cosine schedule of the normal chain."""
TIMES = (2, 10, 30)
_MEMORY = 0.01  # probability by which a chain with memory must miss the memoryless identity


class Sides(NamedTuple):
    """Of a joint law of (x_0, x_{t−1}, x_t): the conditional q(x_{t−1} | x_t, x_0) and three right sides, (K, K, K).

    conditional   by its definition, from the joint law
    memoryless    q(x_t | x_{t−1}) q(x_{t−1} | x_0) / q(x_t | x_0)
    general       the same with q(x_t | x_{t−1}, x_0)
    printed       the last but one line of the printed answer, with q(x_t) below the line as well
    """

    conditional: Tensor
    memoryless: Tensor
    general: Tensor
    printed: Tensor


def sides(joint: Tensor) -> Sides:
    """Both sides by sums over a joint law, (K, K, K) with the axes x_0, x_{t−1}, x_t."""
    start, before, now = joint.sum((1, 2)), joint.sum(2), joint.sum(1)
    step = joint.sum(0) / joint.sum((0, 2))[:, None]  # q(x_t | x_{t−1})
    step_of_all = joint / before[:, :, None]  # q(x_t | x_{t−1}, x_0)
    given_start, now_given_start = before / start[:, None], now / start[:, None]
    general = step_of_all * given_start[:, :, None] / now_given_start[:, None, :]
    return Sides(joint / now[:, None, :], step[None] * given_start[:, :, None] / now_given_start[:, None, :], general,
                 general / joint.sum((0, 1)))


def chain(seed: int, states: int = STATES) -> Tensor:
    """A joint law (x_0, x_{t−1}, x_t) without memory: random probabilities of the start and of the two steps."""
    random = generator(seed, 14)
    start, first, second = (_shares(torch.rand(shape, generator=random, dtype=torch.float64))
                            for shape in ((states,), (states, states), (states, states)))
    return start[:, None, None] * first[:, :, None] * second[None]


def with_memory(seed: int, states: int = STATES) -> Tensor:
    """A joint law whose last step depends on x_0 too."""
    whole = torch.rand((states,) * 3, generator=generator(seed, 15), dtype=torch.float64)
    return whole / whole.sum()


def _shares(weights: Tensor) -> Tensor:
    return weights / weights.sum(-1, keepdim=True)


def quotient(t: int, x: Tensor, now: float, start: float) -> Tensor:
    """The right side for the chain with normal steps, at places x of x_{t−1}, in densities."""
    schedule = cosine(T)
    alpha_bar, beta = schedule.log_alpha_bar.exp(), float(schedule.betas[t - 1])
    before, after = float(alpha_bar[t - 1]), float(alpha_bar[t])
    point = torch.tensor(now, dtype=torch.float64)
    log = (_log_density(point, math.sqrt(1 - beta) * x, beta) + _log_density(x, math.sqrt(before) * start, 1 - before)
           - _log_density(point, math.sqrt(after) * start, 1 - after))
    return log.exp()


def posterior(t: int, x: Tensor, now: float, start: float) -> Tensor:
    """The density of N(μ̃_t, β̃_t) of S0.20 at places x."""
    keep, data, variance = (float(each[t - 1]) for each in coefficients(cosine(T)))
    return _log_density(x, keep * now + data * start, variance).exp()


def _log_density(x: Tensor, mean: Tensor | float, variance: float) -> Tensor:
    return log_normal((x - mean) / math.sqrt(variance)) - 0.5 * math.log(variance)


def check(context: Context) -> Checked:
    """The identity by enumeration on a chain of few states, and with densities on the normal chain."""
    markov, other = sides(chain(context.seed)), sides(with_memory(context.seed))
    return Checked(
        results=(*_enumerated(markov, other), *_densities()), figures=(_figure(context),),
        text=("On a chain of five states every probability is a sum over the joint law, so both sides are computed "
              "from their definitions. The identity holds to rounding; on a law whose last step remembers x₀ it "
              "fails, and holds again when q(xₜ | xₜ₋₁, x₀) is put in: the Markov property is what is used.",
              "The figure says why x₀ is given at all. For data at −1 and 1 the step back from xₜ = 0.02 is normal "
              "once x₀ is known. Without it the step is a mixture, and its weights need the density of the data, "
              "which is what nobody has: that is what a network is trained for."))


def _enumerated(markov: Sides, other: Sides) -> list[Result]:
    def apart(a: Tensor, b: Tensor) -> float:
        return float((a - b).abs().max())

    total = markov.printed.sum(1)
    return [
        near(Result(name=f"{STATES} states, no memory: both sides, largest difference", known=0.0,
                    value=apart(markov.conditional, markov.memoryless), known_name="by enumeration"), 1e-14),
        near(Result(name="the same: sum of the right side over xₜ₋₁, farthest from 1", known=0.0,
                    value=apart(markov.memoryless.sum(1), torch.ones_like(total)),
                    known_name="Chapman and Kolmogorov"), 1e-14),
        at_least(Result(name="a law with memory: both sides, largest difference", known=0.0,
                        value=apart(other.conditional, other.memoryless), known_name="without memory",
                        tolerance=f"at least {_MEMORY}: the property is needed"), _MEMORY),
        near(Result(name="the same with q(xₜ | xₜ₋₁, x₀): largest difference", known=0.0,
                    value=apart(other.conditional, other.general), known_name="Bayes' rule alone"), 1e-14),
        at_least(Result(name="the printed line with q(xₜ) below: its least sum over xₜ₋₁", known=1.0,
                        value=float(total.min()), known_name="probabilities of xₜ₋₁",
                        tolerance="at least 1.2: it is 1/q(xₜ), so the line is wrong"), 1.2),
    ]


def _densities() -> list[Result]:
    found = []
    for t in TIMES:
        x = torch.linspace(-6, 6, 4001, dtype=torch.float64)
        pairs = [(quotient(t, x, now, start), posterior(t, x, now, start)) for now in (-1.5, 0.2) for start in (-1, 1)]
        apart = max(float((left - right).abs().max() / right.max()) for left, right in pairs)
        found.append(near(Result(name=f"normal chain, t = {t}: quotient of densities against N(μ̃, β̃), largest "
                                      "difference over the peak", value=apart, known=0.0, known_name="S0.20"), 1e-10))
    return found


@styled()
def _figure(context: Context) -> Figure:
    figure, axes = canvas(10.0, 3.2, 1, 3)
    alpha_bar, now = cosine(T).log_alpha_bar.exp(), 0.02
    x = torch.linspace(-2, 2, 1201, dtype=torch.float64)
    for panel, t in zip(axes, (5, 15, 40), strict=True):
        after = float(alpha_bar[t])
        log = torch.tensor([-(now - math.sqrt(after) * start) ** 2 / (2 * (1 - after)) for start in (-1, 1)])
        weights = log.double().softmax(0).tolist()
        parts = [posterior(t, x, now, start) for start in (-1.0, 1.0)]
        for part, start, color in zip(parts, ("−1", "1"), COLORS, strict=False):
            panel.plot(array(x), array(part), color=color, label=f"$x_0$ = {start}")
        panel.plot(array(x), array(weights[0] * parts[0] + weights[1] * parts[1]), color=KNOWN, linestyle=DASHED,
                   label="$x_0$ not known")
        panel.set(title=f"t = {t}", xlabel="$x_{t-1}$")
    axes[0].set_ylabel("density, given $x_t = 0.02$")
    axes[2].legend()
    return context.figure(
        figure, "bayes-step",
        caption="The step back from xₜ = 0.02 for data at −1 and 1, equally likely: normal given x₀, a mixture "
                "without it.",
        alt="Three panels; early in the chain two narrow bells and a dashed curve with two humps, late in the chain "
            "three curves that nearly agree")


STEP = Written(
    number="S3.14",
    title="Bayes' rule for one step",
    statement=r"For the forward chain and $t \ge 2$, prove that $q(x_{t-1} \mid x_t, x_0) = "
              r"q(x_t \mid x_{t-1})\, q(x_{t-1} \mid x_0) \,/\, q(x_t \mid x_0)$.",
    derivation=(
        r"The chain is given by $q(x_{1:T} \mid x_0) = \prod_t q(x_t \mid x_{t-1})$. Let $q(x_0)$ be any density of "
        r"the start that is positive where it is looked at; it will cancel. By the definition of a conditional density",
        r"$$q(x_{t-1} \mid x_t, x_0) = \frac{q(x_0, x_{t-1}, x_t)}{q(x_0, x_t)}.$$",
        r"Take the numerator apart in the order of time, and the denominator too:",
        r"$$\begin{align*} q(x_0, x_{t-1}, x_t) &= q(x_0)\; q(x_{t-1} \mid x_0)\; q(x_t \mid x_{t-1}, x_0), \\ "
        r"q(x_0, x_t) &= q(x_0)\; q(x_t \mid x_0). \end{align*}$$",
        r"The factor $q(x_0)$ stands in both and goes, which leaves Bayes' rule with everything given $x_0$:",
        r"$$q(x_{t-1} \mid x_t, x_0) = \frac{q(x_t \mid x_{t-1}, x_0)\; q(x_{t-1} \mid x_0)}{q(x_t \mid x_0)}.$$",
        r"So far nothing was said of the chain. Its product form now gives the Markov property. Integrating the joint "
        r"density over $x_1, \dots, x_{t-2}$, which occur in the first $t - 1$ factors alone, leaves",
        r"$$q(x_{t-1}, x_t \mid x_0) = q(x_t \mid x_{t-1}) \int \prod_{i=1}^{t-1} q(x_i \mid x_{i-1})\; "
        r"dx_1 \cdots dx_{t-2} = q(x_t \mid x_{t-1})\; q(x_{t-1} \mid x_0),$$",
        r"where the later factors integrate to 1. Divided by $q(x_{t-1} \mid x_0)$ this is "
        r"$q(x_t \mid x_{t-1}, x_0) = q(x_t \mid x_{t-1})$: given the last state, the start says nothing more of the "
        r"next one. Put into Bayes' rule it is the claim. The denominator is the integral of the numerator over "
        r"$x_{t-1}$, so the right side is a density, as it must be.",
    ),
    erratum=r"The last line is right, but the line before it, after $q(x_0)$ has cancelled, carries one more factor "
            r"$q(x_t)$ below the line. That expression is $q(x_{t-1} \mid x_t, x_0)/q(x_t)$, which "
            r"does not integrate to 1.",
    source="S3, problem 4.6",
    carried=(("diffusion.samplers.ddpm.posterior", "diffusion/samplers/test_ddpm.py::test_the_posterior_is_bayes_rule"),
             ("studies.written.bayes_step.sides",
              "studies/written/test_bayes_step.py::test_a_law_with_memory_needs_the_start_in_its_last_step")),
    check=check,
)
