"""S3.13: a sample of x_τ at once, at a cost that does not grow, and what only steps give."""

import math

import torch

from genloom.diffusion.schedule import VariancePreserving, linear
from genloom.report.figures import COLORS, MARKERS, canvas, styled
from genloom.report.numbers import near
from genloom.report.results import Figure, Result
from genloom.studies.context import Context
from genloom.studies.written.forward_cost import (
    DIMENSION,
    SAMPLES,
    TAUS,
    Cost,
    Noise,
    T,
    by_steps,
    cost,
    counted,
    in_one,
    law,
)
from genloom.studies.written.proof import Checked, Written

PAIR = (100, 300)
"""Two times whose states are looked at together."""


def check(context: Context) -> Checked:
    """The same law at a cost that does not grow, and the joint law of two times, which one step cannot give."""
    schedule = linear(T)
    steps, one = context.once("written cost by steps", lambda: cost(by_steps, context.seed)), cost(in_one, context.seed)
    return Checked(
        results=(*law("one step", in_one, schedule, context.seed), *counted("one step", one, 0.0),
                 *_together(schedule, context.seed)),
        figures=(_figure(context, steps, one),),
        text=("The table of ᾱ takes T multiplications of single numbers, made once and read ever after; without the "
              "table one sample would need τ of them, still without touching the picture more than once. So it is the "
              "cost of a sample, not of the schedule, that does not depend on τ.",
              "One step gives the law of one state alone. Two states of one path are correlated, and two draws with "
              "their own noise are not, once x₀ is given: whoever needs a path takes steps, or draws the later state "
              "from the earlier one."))


def _together(schedule: VariancePreserving, seed: int) -> list[Result]:
    """Covariances of (x_s, x_t) given x_0: of one path, of two draws, and of a draw of x_t from x_s."""
    early, late = PAIR
    kept = schedule.log_alpha_bar.exp()
    ratio = float((kept[late] / kept[early]).sqrt())
    known = ratio * float(1 - kept[early])
    noise, start = Noise(seed, 313), torch.zeros((SAMPLES, 1), dtype=torch.float64)
    first = by_steps(start, early, schedule, noise)
    rest = VariancePreserving(schedule.betas[early:])
    path, jump = by_steps(first, late - early, rest, noise), in_one(first, late - early, rest, noise)
    apart = in_one(start, late, schedule, noise)
    error = math.sqrt(float(1 - kept[early]) * float(1 - kept[late]) * 2 / SAMPLES)
    found = []
    for name, other, answer, formula in (
            ("one path", path, known, "√(ᾱₜ/ᾱₛ) (1 − ᾱₛ)"), ("xₜ drawn from xₛ at once", jump, known, "the same"),
            ("two draws from x₀", apart, 0.0, "independent given x₀")):
        value = float((first * other).mean())
        found.append(near(Result(
            name=f"covariance of xₛ and xₜ given x₀, s = {early} and t = {late}: {name}", value=value, n=SAMPLES,
            known=answer, known_name=formula, tolerance="within 4.5 standard errors at most"), 4.5 * error))
    return found


@styled()
def _figure(context: Context, steps: Cost, one: Cost) -> Figure:
    figure, (left, right) = canvas(9.2, 3.4, 1, 2)
    for k, (name, spent) in enumerate((("τ steps", steps), ("one step", one))):
        left.plot(TAUS, spent.drawn, color=COLORS[k], marker=MARKERS[k], label=name)
        right.plot(TAUS, [1e3 * each for each in spent.seconds], color=COLORS[k], marker=MARKERS[k], label=name)
    for panel, title in ((left, "normal numbers drawn"), (right, "milliseconds of processor time")):
        panel.set(xscale="log", yscale="log", xlabel="τ", title=title)
        panel.legend()
    return context.figure(figure, "direct", caption=f"What one sample of {DIMENSION} numbers costs, by τ steps and "
                                                   "at once: normal numbers, counted, and time, measured.",
                          alt="On logarithmic axes one line rises with slope one and the other is level")


DIRECT = Written(
    number="S3.13",
    title="A noised sample at once",
    statement=r"Describe a way to draw $x_\tau$ from $q(x_\tau \mid x_0) = \mathcal{N}(\sqrt{\bar\alpha_\tau}\,x_0, "
              r"(1-\bar\alpha_\tau) I)$, and say how its time depends on $\tau$.",
    derivation=(
        r"Once and for all, before any sample is drawn, make a table of the products by $\bar\alpha_0 = 1$ and "
        r"$\bar\alpha_t = \alpha_t\, \bar\alpha_{t-1}$ for $t = 1, \dots, T$. Then, for a sample at any $\tau$, look "
        r"up $\bar\alpha_\tau$, draw one noise, and set",
        r"$$\epsilon \sim \mathcal{N}(0, I), \qquad x_\tau = \sqrt{\bar\alpha_\tau}\,x_0 + \sqrt{1-\bar\alpha_\tau}\;"
        r"\epsilon.$$",
        r"An affine function of a normal vector is normal, with mean $\sqrt{\bar\alpha_\tau}\,x_0$ and covariance "
        r"$(1-\bar\alpha_\tau) I$; by S3.12 that is the law of the chain after $\tau$ steps.",
        r"It takes a look-up, $d$ draws, $2d$ multiplications and $d$ additions, and $\tau$ occurs in none of these "
        r"numbers: the time is $O(1)$ in $\tau$, against $O(\tau)$ by steps. The table costs $T$ multiplications of "
        r"single numbers in all, however many samples are drawn. This is what makes training cheap: a step of training "
        r"takes a random $\tau$ for each picture and sees only $x_\tau$, never the way there.",
        r"What is drawn so is one state. For two times $s < t$ of one path the noises up to $s$ are in both states, "
        r"and",
        r"$$\mathrm{Cov}(x_s, x_t \mid x_0) = \sqrt{\bar\alpha_t/\bar\alpha_s}\; (1-\bar\alpha_s)\, I,$$",
        r"since $x_t = \sqrt{\bar\alpha_t/\bar\alpha_s}\,x_s$ plus noise that is independent of $x_s$. Two draws at "
        r"once, each with a noise of its own, have covariance 0. Drawing $x_t$ at once from the $x_s$ that is there, "
        r"with $\bar\alpha_t/\bar\alpha_s$ for $\bar\alpha_\tau$, gives the right pair.",
    ),
    source="S3, problem 4.5",
    carried=(("studies.written.forward_cost.in_one",
              "studies/written/test_forward_cost.py::test_at_once_draws_the_same_whatever_tau_is"),
             ("diffusion.schedule.VariancePreserving",
              "diffusion/test_schedule.py::test_table_is_the_running_product_of_one_minus_beta")),
    check=check,
)
