"""S3.12: q(x_t | x_0) in one step, by adding up the noises of all steps."""

import math

import torch

from genloom.diffusion.schedule import cosine, linear
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import array
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.noise_sums import PERMUTATIONS, SCHEDULES, closed, same_law, stepwise, unrolled
from genloom.studies.written.proof import Checked, Written

POINTS = 500
"""Points of each of two samples in the plane that a test compares."""
_LEAST_P = 0.0009  # one in 1999 permutations may be farther apart


def check(context: Context) -> Checked:
    """The factors of all noises, chains with their own noises, a two-sample test, and the printed formula."""
    return Checked(
        results=(*_factors(), *_drawn(context.seed), *_printed()), figures=(_figure(context),), tables=(_table(),),
        text=("Kept apart, the noises of all steps have factors whose squares add up to 1 − ᾱₜ, so nothing is lost "
              "when one new noise takes the place of all of them: a normal vector is known by its mean and covariance. "
              "The figure shows the factors: what xₜ is made of is mostly the noise of recent steps, since every step "
              "shrinks what came before.",))


def _factors() -> list[Result]:
    found = []
    for name, make in SCHEDULES.items():
        schedule = make()
        parts, kept = unrolled(schedule.betas), schedule.log_alpha_bar.exp()[1:]
        for what, value in (("factor of x₀ against √ᾱₜ", (parts.start - kept.sqrt()).abs().max()),
                            ("sum of the noises' squared factors against 1 − ᾱₜ",
                             (parts.noise.square().sum(1) - (1 - kept)).abs().max()),
                            ("each noise's factor against √(βᵢ ᾱₜ/ᾱᵢ)",
                             (parts.noise - closed(schedule)).abs().max())):
            found.append(near(Result(name=f"{name}: {what}, largest difference", value=float(value), known=0.0,
                                     known_name="by taking all steps"), 1e-12))
    return found


def _drawn(seed: int) -> list[Result]:
    schedule, random = cosine(50), generator(seed, 121)
    start, noise = torch.randn(64, generator=random).double(), torch.randn(
        (50, 64), generator=random, dtype=torch.float64)
    kept = float(schedule.log_alpha_bar[-1].exp())
    one = (unrolled(schedule.betas).noise[-1] @ noise) / math.sqrt(1 - kept)
    apart = stepwise(start, noise, schedule.betas) - (math.sqrt(kept) * start + math.sqrt(1 - kept) * one)
    found = [near(Result(name="50 steps against one with the noises added up, largest difference", known=0.0,
                         value=float(apart.abs().max()), known_name="equal, number by number"), 1e-12)]
    for t in (5, 25, 45):
        test = same_law(t, seed, POINTS)
        found.append(at_least(Result(
            name=f"t = {t}: p-value that steps and one step have one law, on points of a circle", value=test.p_value,
            n=2 * POINTS, known=0.5, known_name="its mean where they have",
            formula=f"energy test, {PERMUTATIONS} permutations", tolerance=f"at least {_LEAST_P}"), _LEAST_P))
    return found


def _printed() -> list[Result]:
    schedule = linear()
    true, wrong = 1 - float(schedule.log_alpha_bar[-1].exp()), float(schedule.betas[-1])
    mistaken = float((1 - schedule.log_alpha_bar.exp()[1:] - schedule.betas).abs().max())
    return [
        at_most(Result(name="variance of the noise at t = T by the printed Eq. 15, linear, T = 1000", value=wrong,
                       known=true, known_name="1 − ᾱ of the last step",
                       tolerance="at most 0.05: the bar is missing"), 0.05),
        at_least(Result(name="the same: largest error over all t", value=mistaken, known=0.0,
                        known_name="1 − ᾱₜ", tolerance="at least 0.9: the bar is missing"), 0.9),
    ]


def _table() -> Table:
    rows = []
    for name, make in SCHEDULES.items():
        schedule = make()
        kept, steps = schedule.log_alpha_bar.exp(), len(schedule.betas)
        for t in (1, steps // 4, steps // 2, steps):
            factors = (kept[t].sqrt(), (1 - kept[t]).sqrt(), schedule.betas[t - 1].sqrt())
            rows.append((name, str(t), *(number(float(each), 4) for each in factors)))
    return Table(header=("schedule", "t", "√ᾱₜ", "√(1 − ᾱₜ)", "√(1 − αₜ), as in the printed Eq. 15"),
                 rows=tuple(rows), caption="The factors of x₀ and of the one noise, beside the printed one.")


@styled()
def _figure(context: Context) -> Figure:
    figure, axes = canvas(9.6, 3.3, 1, 2)
    for panel, (name, make) in zip(axes, SCHEDULES.items(), strict=True):
        schedule = make()
        steps = len(schedule.betas)
        parts = unrolled(schedule.betas)
        for k, t in enumerate((steps // 4, steps // 2, steps)):
            i = torch.arange(1, t + 1)
            panel.plot(array(i), array(parts.noise[t - 1, :t].square().cumsum(0)), color=COLORS[k], label=f"t = {t}")
            panel.plot(steps * 1.02, 1 - float(schedule.log_alpha_bar[t].exp()), marker="<", color=COLORS[k])
        panel.axhline(1, color=KNOWN, linestyle=DASHED, linewidth=1)
        panel.set(title=name, xlabel="noises up to step i")
        panel.legend()
    axes[0].set_ylabel("part of the variance of $x_t$")
    return context.figure(
        figure, "one-step", caption="The squared factors of the noises in xₜ, added up from the first one on; marks at "
                                    "the right are 1 − ᾱₜ, where each curve must end.",
        alt="Rising curves that end at the heights of the marks on the right, below a dashed line at one")


REPARAMETERISED = Written(
    number="S3.12",
    title="Many steps of noise are one",
    statement=r"A step draws $q(x_t \mid x_{t-1}) = \mathcal{N}(\sqrt{\alpha_t}\,x_{t-1}, (1-\alpha_t) I)$. Show with "
              r"the reparameterisation $x = \mu + \sigma \epsilon$ that $q(x_t \mid x_0) = "
              r"\mathcal{N}(\sqrt{\bar\alpha_t}\,x_0, (1 - \bar\alpha_t) I)$ with "
              r"$\bar\alpha_t = \prod_{i \le t} \alpha_i$.",
    derivation=(
        r"Written with noise, a step is $x_t = \sqrt{\alpha_t}\,x_{t-1} + \sqrt{1-\alpha_t}\,\epsilon_t$ with "
        r"$\epsilon_t \sim \mathcal{N}(0, I)$, and the noises of different steps are independent. Put the step before "
        r"into it:",
        r"$$\begin{align*} x_t &= \sqrt{\alpha_t} \left( \sqrt{\alpha_{t-1}}\,x_{t-2} + \sqrt{1-\alpha_{t-1}}\,"
        r"\epsilon_{t-1} \right) + \sqrt{1-\alpha_t}\,\epsilon_t \\ &= \sqrt{\alpha_t \alpha_{t-1}}\,x_{t-2} + "
        r"\sqrt{\alpha_t (1-\alpha_{t-1})}\,\epsilon_{t-1} + \sqrt{1-\alpha_t}\,\epsilon_t. \end{align*}$$",
        r"The last two terms are independent normal vectors with mean 0, so their sum is normal with mean 0, and "
        r"variances (not deviations) add: $\alpha_t (1-\alpha_{t-1}) + (1-\alpha_t) = 1 - \alpha_t \alpha_{t-1}$. It "
        r"may be written with one noise $\bar\epsilon \sim \mathcal{N}(0, I)$, which is independent of $x_{t-2}$:",
        r"$$x_t = \sqrt{\alpha_t \alpha_{t-1}}\,x_{t-2} + \sqrt{1 - \alpha_t \alpha_{t-1}}\;\bar\epsilon.$$",
        r"This has the form of one step whose $\alpha$ is the product, so the argument can be repeated. Precisely: "
        r"suppose $x_t = \sqrt{A}\,x_s + \sqrt{1-A}\;\bar\epsilon$ with $A = \alpha_t \cdots \alpha_{s+1}$ and "
        r"$\bar\epsilon$ independent of $x_s$. Putting in the step to $x_s$ gives the factor $\sqrt{A \alpha_s}$ of "
        r"$x_{s-1}$ and the variance $A (1-\alpha_s) + 1 - A = 1 - A \alpha_s$. By induction down to $s = 0$",
        r"$$x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1 - \bar\alpha_t}\;\epsilon, \qquad \epsilon \sim \mathcal{N}(0, I) "
        r"\text{ independent of } x_0,$$",
        r"which is the claim. Nothing is approximated, as one sees when the noises are kept apart. With $\bar\alpha_0 "
        r"= 1$,",
        r"$$x_t = \sqrt{\bar\alpha_t}\,x_0 + \sum_{i=1}^t \sqrt{\frac{\bar\alpha_t}{\bar\alpha_i} (1-\alpha_i)}\;"
        r"\epsilon_i, \qquad \sum_{i=1}^t \frac{\bar\alpha_t}{\bar\alpha_i} (1-\alpha_i) = \bar\alpha_t \sum_{i=1}^t "
        r"\left( \frac{1}{\bar\alpha_i} - \frac{1}{\bar\alpha_{i-1}} \right) = 1 - \bar\alpha_t.$$",
    ),
    erratum=r"In the printed chain of equations the line that merges two noises has lost the root over their sum, and "
            r"the last but one has the noise under its root; variances add, as above, and the noise stands outside. "
            r"Where the text uses the result, its Eq. 15 has $\sqrt{1 - \alpha_t}$ for $\sqrt{1 - \bar\alpha_t}$: "
            r"without the bar almost no noise is added. Its Eq. 14 lacks the brackets of $(1 - \alpha_t) I$.",
    source="S3, problem 4.4, and Eq. 14 and 15; Ho et al. 2020, Eq. 4",
    carried=(("diffusion.schedule.VariancePreserving",
              "diffusion/test_schedule.py::test_table_is_the_running_product_of_one_minus_beta"),
             ("studies.written.noise_sums.unrolled",
              "studies/written/test_noise_sums.py::test_a_short_chain_is_unrolled_by_hand")),
    check=check,
)
