"""S0.20: one step back, given the end, is a normal distribution: its mean and its variance."""

from itertools import pairwise

import torch

from genloom.diffusion.samplers import ddpm
from genloom.diffusion.samplers.state import shared
from genloom.diffusion.schedule import VariancePreserving, cosine, linear
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import array
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.written.one_step_back import (
    CHAINS,
    Regressed,
    coefficients,
    printed,
    regressed,
    symbolic,
    way_back,
)
from genloom.studies.written.proof import Checked, Written

T = 50
"""Steps of the cosine schedule on which chains are drawn."""
TIMES = (2, 10, 30)
_KOLMOGOROV = 2.5  # √n sup|Fₙ − F| is beyond it once in 130,000 times


def check(context: Context) -> Checked:
    """The square completed by algebra, chains regressed, the program's own numbers, and the printed ones."""
    schedule = cosine(T)
    each = {t: regressed(schedule, t, context.seed) for t in TIMES}
    return Checked(
        results=(*_symbolic(), *_regressed(schedule, each), *_program(), *_printed(schedule)),
        figures=(_figure(context, schedule),), tables=(_table(schedule),),
        text=("The regression knows nothing of the formula: it sees chains that were made step by step from a start "
              "that is not normal. It finds the two factors and the variance, and residuals that are normal and "
              "equally wide everywhere, which is what a normal posterior with a constant variance means.",
              "With the root over both factors, as it is printed, the steps back no longer pass through q(xₜ | x₀), "
              "although the end is given and nothing is left to a network. Where 1 − ᾱ is small its root is much "
              "larger, so every one of the last steps multiplies what it is given, and the way back explodes."))


def _symbolic() -> list[Result]:
    return [near(Result(name=f"by computer algebra: terms that are left of {name}", known=0.0,
                        value=float(0 if left == 0 else len(left.as_ordered_terms())),
                        known_name="an identity of rational functions", tolerance="no term may be left"), 0.0)
            for name, left in symbolic().items()]


def _regressed(schedule: VariancePreserving, each: dict[int, Regressed]) -> list[Result]:
    right, found = coefficients(schedule), []
    for t, seen in each.items():
        for name, (value, error), known in (("factor of xₜ", seen.keep, right.keep),
                                            ("factor of x₀", seen.data, right.data),
                                            ("variance", seen.variance, right.variance)):
            found.append(near(Result(
                name=f"t = {t}: {name}, by regression", value=value, n=CHAINS, known=float(known[t - 1]),
                interval=(value - 1.96 * error, value + 1.96 * error), known_name="closed form",
                tolerance="within 4.5 standard errors"), 4.5 * error))
    found.append(at_most(Result(
        name="√n sup|Fₙ − F| of the residuals, the largest of the times", known=0.0, known_name="normal", n=CHAINS,
        value=max(seen.misfit for seen in each.values()), tolerance=f"at most {_KOLMOGOROV}"), _KOLMOGOROV))
    found.append(at_most(Result(
        name="√n × correlation of squared residuals with xₜ² and x₀², the largest", known=0.0, n=CHAINS,
        known_name="a variance that depends on neither", value=max(seen.spread for seen in each.values()),
        tolerance="at most 5"), 5.0))
    return found


def _program() -> list[Result]:
    found = []
    for name, schedule in (("linear, T = 1000", linear()), (f"cosine, T = {T}", cosine(T))):
        steps = len(schedule.betas)
        levels = shared(schedule.levels([k / steps for k in range(steps + 1)]))
        made = [ddpm.posterior(now, before) for before, now in pairwise(levels)]
        taken = torch.tensor([[q.keep, q.data, q.small] for q in made], dtype=torch.float64)
        apart = (taken - torch.stack(coefficients(schedule), 1)).abs().max()
        found.append(near(Result(name=f"{name}: numbers of this program's sampler, largest difference",
                                 value=float(apart), known=0.0, known_name="closed form"), 1e-12))
    return found


def _printed(schedule: VariancePreserving) -> list[Result]:
    mean, deviation = way_back(schedule, coefficients(schedule))
    alpha_bar = schedule.log_alpha_bar.exp().flip(0)
    apart = torch.maximum((mean - alpha_bar.sqrt()).abs(), (deviation - (1 - alpha_bar).sqrt()).abs())
    wrong_mean, wrong = way_back(schedule, printed(schedule))
    return [
        near(Result(name="the way back with x₀ = 1: mean and deviation, largest difference", known=0.0,
                    value=float(apart.max()), known_name="√ᾱₜ and √(1 − ᾱₜ)"), 1e-12),
        at_least(Result(name="the same by the printed Eq. 18: deviation of x₁", value=float(wrong[-2]),
                        known=float(deviation[-2]), known_name="√(1 − ᾱ₁)",
                        tolerance="at least twice as large: the printed factor is wrong"), 2 * float(deviation[-2])),
        at_least(Result(name="the same: how far the mean is off, at most", known=0.0, known_name="√ᾱₜ x₀",
                        value=float((wrong_mean - alpha_bar.sqrt()).abs().max()),
                        tolerance="at least 0.1: the printed factor is wrong"), 0.1),
    ]


def _table(schedule: VariancePreserving) -> Table:
    right, wrong = coefficients(schedule), printed(schedule)
    rows = tuple((str(t), *(number(float(each[t - 1]), 4) for each in (
        right.keep, right.data, right.variance, schedule.betas, wrong.keep))) for t in (1, 2, 5, 10, 25, 40, 50))
    return Table(header=("t", "factor of xₜ", "factor of x₀", "variance", "βₜ", "factor of xₜ as printed"),
                 rows=rows, caption=f"Cosine schedule, T = {T}. At t = 1 the variance is 0 and the mean is x₀.")


@styled()
def _figure(context: Context, schedule: VariancePreserving) -> Figure:
    figure, (first, second) = canvas(9.6, 3.6, 1, 2)
    right, wrong, t = coefficients(schedule), printed(schedule), torch.arange(1, T + 1)
    first.plot(array(t), array(right.keep), color=COLORS[0], label="factor of $x_t$")
    first.plot(array(t), array(right.data), color=COLORS[2], label="factor of $x_0$")
    first.plot(array(t), array(wrong.keep), color=COLORS[1], linestyle=(0, (1, 1.2)), label="of $x_t$, as printed")
    first.set(xlabel="t", title="the mean's two factors")
    first.legend()
    back = torch.arange(T, 0, -1)
    for taken, color, name in ((right, COLORS[0], "by the closed form"), (wrong, COLORS[1], "as printed")):
        second.plot(array(back), array(way_back(schedule, taken)[1][:-1]), color=color, label=name)
    truth = (1 - schedule.log_alpha_bar.exp()).sqrt().flip(0)[:-1]
    second.plot(array(back), array(truth), color=KNOWN, linestyle=DASHED, label="√(1 − ᾱₜ)")
    second.set(xlabel="t, from the right to the left", yscale="log", title="deviation of $x_t$ on the way back")
    second.legend()
    return context.figure(
        figure, "posterior", caption="Left: what a step back takes from xₜ and from x₀. Right: steps back from "
                                     "the end of the chain, x₀ given; only the right factor stays on the dashed line.",
        alt="Left, a rising and a falling curve that cross, and a dotted one above; right, one curve on a dashed line, "
            "another that leaves it")


MEAN_AND_VARIANCE = Written(
    number="S0.20",
    title="One step back, given the end",
    statement=r"The steps of the chain are $q(x_t \mid x_{t-1}) = \mathcal{N}(\sqrt{\alpha_t}\,x_{t-1}, \beta_t I)$ "
              r"with $\alpha_t = 1 - \beta_t$. Show that $q(x_{t-1} \mid x_t, x_0)$ is a normal distribution, and find "
              r"its mean and its variance.",
    derivation=(
        r"Let $\bar\alpha_t = \prod_{i \le t} \alpha_i$ and $\bar\alpha_0 = 1$. By Bayes' rule and since the chain has "
        r"no memory (S3.14), and with $q(x_t \mid x_0) = \mathcal{N}(\sqrt{\bar\alpha_t}\,x_0, (1-\bar\alpha_t) I)$ "
        r"(S3.12), for $t \ge 2$",
        r"$$q(x_{t-1} \mid x_t, x_0) = \frac{q(x_t \mid x_{t-1})\; q(x_{t-1} \mid x_0)}{q(x_t \mid x_0)}.$$",
        r"All three are normal with multiples of $I$ as covariances, so the coordinates do not mix and one of them may "
        r"be looked at alone. As a function of $x_{t-1}$ the logarithm is, up to a constant,",
        r"$$-\frac{1}{2} \left[ \frac{(x_t - \sqrt{\alpha_t}\,x_{t-1})^2}{\beta_t} "
        r"+ \frac{(x_{t-1} - \sqrt{\bar\alpha_{t-1}}\,x_0)^2}{1 - \bar\alpha_{t-1}} \right],$$",
        r"a quadratic polynomial in $x_{t-1}$ with a negative leading coefficient. A density whose logarithm is such a "
        r"polynomial is normal, which is the first half of the claim. Collecting the powers of $x_{t-1}$ it reads",
        r"$$-\frac{1}{2} \left[ \left( \frac{\alpha_t}{\beta_t} + \frac{1}{1 - \bar\alpha_{t-1}} \right) x_{t-1}^2 "
        r"- 2 \left( \frac{\sqrt{\alpha_t}}{\beta_t}\,x_t + \frac{\sqrt{\bar\alpha_{t-1}}}{1 - \bar\alpha_{t-1}}\,x_0 "
        r"\right) x_{t-1} \right] + \mathrm{const},$$",
        r"and the logarithm of $\mathcal{N}(\tilde\mu, \tilde\beta)$ is $-\frac{1}{2} [\,x_{t-1}^2/\tilde\beta "
        r"- 2\,(\tilde\mu/\tilde\beta)\,x_{t-1}] + \mathrm{const}$. So $1/\tilde\beta_t$ is the first bracket. Since "
        r"$\alpha_t (1 - \bar\alpha_{t-1}) + \beta_t = \alpha_t - \bar\alpha_t + 1 - \alpha_t = 1 - \bar\alpha_t$,",
        r"$$\frac{1}{\tilde\beta_t} = \frac{\alpha_t (1 - \bar\alpha_{t-1}) + \beta_t}{\beta_t (1 - \bar\alpha_{t-1})} "
        r"= \frac{1 - \bar\alpha_t}{\beta_t (1 - \bar\alpha_{t-1})}, \qquad "
        r"\tilde\beta_t = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t}\,\beta_t,$$",
        r"and the mean is $\tilde\beta_t$ times the second bracket:",
        r"$$\tilde\mu_t(x_t, x_0) = \frac{\sqrt{\alpha_t}\,(1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\,x_t "
        r"+ \frac{\sqrt{\bar\alpha_{t-1}}\;\beta_t}{1 - \bar\alpha_t}\,x_0, \qquad "
        r"q(x_{t-1} \mid x_t, x_0) = \mathcal{N}(\tilde\mu_t(x_t, x_0), \tilde\beta_t I).$$",
        r"Precisions add: one opinion of $x_{t-1}$ comes from $x_t$, which is $x_t/\sqrt{\alpha_t}$ with variance "
        r"$\beta_t/\alpha_t$, the other from $x_0$, which is $\sqrt{\bar\alpha_{t-1}}\,x_0$ with variance "
        r"$1 - \bar\alpha_{t-1}$, and the mean weighs them by their precisions. The variance does not depend on where "
        r"$x_t$ and $x_0$ are, and $\tilde\beta_t < \beta_t$, because $\bar\alpha_{t-1} > \bar\alpha_t$. At $t = 1$ "
        r"the formulas give variance 0 and mean $x_0$, which is right, since $x_{t-1}$ is then $x_0$ itself; only the "
        r"division by $1 - \bar\alpha_0 = 0$ on the way is not allowed.",
    ),
    erratum=r"S0 prints none. The text of S3 gives the result as its Eq. 18 with one root over "
            r"$\alpha_t (1 - \bar\alpha_{t-1})$, which would be $\sqrt{\alpha_t}\,\sqrt{1 - \bar\alpha_{t-1}}$; the "
            r"root covers $\alpha_t$ alone. The numbers below show what the printed factor does.",
    source="S0, section 3, second question; Ho et al. 2020, Eq. 6 and 7; S3, Eq. 18",
    carried=(("diffusion.samplers.ddpm.posterior", "diffusion/samplers/test_ddpm.py::test_the_posterior_is_bayes_rule"),
             ("diffusion.prediction.posterior_mean",
              "diffusion/test_prediction.py::test_posterior_mean_of_ddpm_with_its_own_symbols")),
    check=check,
)
