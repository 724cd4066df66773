"""S0.19: a chain that adds noise of one size at every step forgets where it started."""

import math
from typing import Any

import torch

from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, canvas, styled
from genloom.report.numbers import number
from genloom.report.plots import array
from genloom.report.results import Figure, Table
from genloom.studies.context import Context
from genloom.studies.written.forgetting import (
    HEAVY,
    PAIR,
    POINT,
    SIZES,
    STARTS,
    TIMES,
    WALKERS,
    C,
    Walked,
    bounds,
    factor,
    from_point,
    heavy,
    rates,
    simulated,
    walk,
)
from genloom.studies.written.proof import Checked, Written
from genloom.studies.written.starts import divergence, log_normal, supremum, wasserstein

_SCATTER = 0.01  # the distance to N(0, 1) of as many draws of N(0, 1) is about half of it


def check(context: Context) -> Checked:
    """Walkers beside closed forms, rates beside (1 − c)^(t/2), and the bounds of the proof."""
    walked = {start.name: walk(start, context.seed) for start in (*STARTS, HEAVY)}
    return Checked(
        results=(*simulated(walked), *rates(), *bounds(), *heavy()),
        figures=(_figure(context, walked), _densities(context)),
        tables=(_table(),),
        text=("Convergence in distribution asks nothing of the start, but its size in numbers depends on what is "
              "measured. From a point, a flat and a wide start W₂ to N(0, 1) falls by the factor √(1 − c) a step in "
              "the end, and the divergence by 1 − c; from two points whose mean is 0 already W₂ falls by 1 − c. From a "
              "Cauchy start both are infinite at every t, while the distribution function converges like all others.",
              "A schedule whose βₜ are all c has α = aᵗ with a = √(1 − c). Its terminal SNR, a²ᵗ/(1 − a²ᵗ) at the last "
              "step, says how much of the start is left, and so how wrong it is to begin sampling from N(0, I)."))


def _table() -> Table:
    rows = []
    for c in SIZES:
        there = next(t for t in range(1, 10_000) if from_point(factor(c, t)) <= 0.01)
        rows.append((number(c, 2), number(math.sqrt(1 - c)), number(1 - c), str(there),
                     number(math.log(0.01 / 3) / (0.5 * math.log1p(-c)), 3)))
    return Table(header=("c", "W₂ a step", "KL a step", "steps until W₂ ≤ 0.01", "by log(0.01/3)/(½ log(1 − c))"),
                 rows=tuple(rows), caption=f"From {POINT.name}.")


@styled()
def _figure(context: Context, walked: dict[str, Walked]) -> Figure:
    figure, axes = canvas(10.4, 3.7, 1, 3)
    times = torch.arange(1, TIMES[-1] + 1, 3).tolist()
    left = [factor(C, t) for t in times]
    for k, start in enumerate((*STARTS, HEAVY)):
        options: dict[str, Any] = {"color": COLORS[k], "label": start.name}
        marks: dict[str, Any] = {"color": COLORS[k], "marker": MARKERS[k], "linestyle": "", "markersize": 4}
        seen = walked[start.name]
        if start is not HEAVY:
            axes[0].plot(times, [wasserstein(start, a) for a in left], **options)
            axes[0].plot(TIMES, [each if each > _SCATTER else math.nan for each in seen.distance], **marks)
            axes[1].plot(times, [divergence(start, a) for a in left], **options)
            axes[1].plot(TIMES, [value if value > 3 * error else math.nan for value, error in seen.divergence], **marks)
        axes[2].plot(times, [supremum(start, a) for a in left], **options)
    for panel, power, up in ((axes[0], 1, "{t/2}"), (axes[1], 2, "t"), (axes[2], 1, "{t/2}")):
        panel.plot(times, [3 * a**power for a in left], color=KNOWN, linestyle=DASHED, linewidth=1.1,
                   label=f"$3\\,(1-c)^{up}$")
        panel.set(yscale="log", xlabel="step t")
    for panel, name in zip(axes, ("W₂ to N(0, 1)", "KL to N(0, 1), nats", "sup|Fₜ − Φ|"), strict=True):
        panel.set_title(name)
    axes[1].set_ylim(1e-6, 30)
    axes[2].legend(fontsize=7)
    return context.figure(
        figure, "forward-chain",
        caption=f"How far xₜ is from N(0, 1) with c = {C}: lines in closed form, marks from "
                f"{number(WALKERS)} walkers, which end where their scatter begins. From a Cauchy start W₂ and KL are "
                "infinite.",
        alt="Three panels with falling lines on a logarithmic scale, parallel to a dashed line; one start falls faster")


@styled()
def _densities(context: Context) -> Figure:
    figure, axes = canvas(9.0, 3.1, 1, 2, sharey=True)
    x = torch.linspace(-5, 5, 401, dtype=torch.float64)
    for panel, start in zip(axes, (PAIR, HEAVY), strict=True):
        for k, t in enumerate((2, 5, 10, 20)):
            panel.plot(array(x), array(start.log_pdf(x, factor(C, t)).exp()), color=COLORS[k], label=f"t = {t}")
        panel.plot(array(x), array(log_normal(x).exp()), color=KNOWN, linestyle=DASHED, label="N(0, 1)")
        panel.set(title=start.name, xlabel="x")
    axes[0].set_ylabel("density of xₜ")
    axes[1].legend()
    return context.figure(figure, "forward-chain-densities", caption=f"The density on its way, c = {C}.",
                          alt="Two panels of curves that come to lie on the dashed bell of the standard normal")


CONVERGENCE = Written(
    number="S0.19",
    title="The forward chain ends in standard noise",
    statement=r"Every step of a chain adds noise of one size, $x_t = \sqrt{1-c}\,x_{t-1} + \sqrt{c}\,\epsilon_t$ with "
              r"$0 < c \le 1$ and independent $\epsilon_t \sim \mathcal{N}(0, I)$. Show that $x_t$ converges to "
              r"$\mathcal{N}(0, I)$ in distribution as $t \to \infty$, whatever the start $x_0$ is.",
    derivation=(
        r"Write $a = \sqrt{1-c}$, so that $0 \le a < 1$. The first claim is that for every $t \ge 1$ there is an "
        r"$\bar\epsilon_t \sim \mathcal{N}(0, I)$, independent of $x_0$, with",
        r"$$x_t = a^t x_0 + \sqrt{1 - a^{2t}}\;\bar\epsilon_t.$$",
        r"For $t = 1$ this is the step itself, with $\bar\epsilon_1 = \epsilon_1$, because $1 - a^2 = c$. If it holds "
        r"for $t - 1$, then one more step gives",
        r"$$\begin{align*} x_t &= a\left(a^{t-1} x_0 + \sqrt{1 - a^{2t-2}}\;\bar\epsilon_{t-1}\right) "
        r"+ \sqrt{c}\,\epsilon_t \\ &= a^t x_0 + \left(\sqrt{a^2 - a^{2t}}\;\bar\epsilon_{t-1} "
        r"+ \sqrt{c}\,\epsilon_t\right). \end{align*}$$",
        r"The bracket is the sum of two independent normal vectors, since $\epsilon_t$ is independent of all that came "
        r"before. So it is normal with mean 0, and its variances add up to $(a^2 - a^{2t}) + c = 1 - a^{2t}$, because "
        r"$a^2 = 1 - c$. Divided by $\sqrt{1 - a^{2t}}$ it is $\bar\epsilon_t$; it is made of "
        r"$\epsilon_1, \dots, \epsilon_t$ alone, hence independent of $x_0$. That proves the claim.",
        r"Now let $\varphi_0(u) = \mathbb{E}\,e^{\mathrm{i} u^\top x_0}$ be the characteristic function of the start. "
        r"By independence that of $x_t$ is a product, and for every fixed $u$",
        r"$$\mathbb{E}\,e^{\mathrm{i} u^\top x_t} = \varphi_0(a^t u)\; e^{-(1 - a^{2t}) \|u\|^2 / 2} "
        r"\;\longrightarrow\; \varphi_0(0)\; e^{-\|u\|^2 / 2} = e^{-\|u\|^2 / 2} \qquad (t \to \infty),$$",
        r"since $a^t \to 0$ and since a characteristic function is continuous and equal to 1 at 0. The limit is the "
        r"characteristic function of $\mathcal{N}(0, I)$, so by Lévy's continuity theorem $x_t$ converges to it in "
        r"distribution. (The limits of mean and variance alone would not do, since two moments do not determine a "
        r"distribution.) Nothing was asked of $x_0$, not even a mean. For $c = 1$ there is no limit to take: "
        r"$x_1 = \epsilon_1$.",
        r"How fast? Start a second chain at $z_0 \sim \mathcal{N}(0, I)$, coupled with $x_0$ in the best way, and give "
        r"it the same noise. It stays $\mathcal{N}(0, I)$, because $a^2 + c = 1$, and the noise cancels in the "
        r"difference, $x_t - z_t = a (x_{t-1} - z_{t-1}) = \dots = a^t (x_0 - z_0)$. A coupling bounds Wasserstein's "
        r"distance from above, and the distance of the means bounds it from below:",
        r"$$(1-c)^{t/2}\,\|\mathbb{E} x_0\| \;\le\; W_2(x_t, \mathcal{N}(0, I)) \;\le\; "
        r"(1-c)^{t/2}\; W_2(x_0, \mathcal{N}(0, I)).$$",
        r"So the rate is exactly $\sqrt{1-c}$ a step for every start whose mean is not 0 and whose second moment is "
        r"finite. In the Kullback–Leibler divergence it is the square of that. From below this is Talagrand's "
        r"inequality, $\frac{1}{2} W_2(x_t, \mathcal{N}(0, I))^2 \le \mathrm{KL}(x_t \,\|\, \mathcal{N}(0, I))$; from "
        r"above it is a short calculation. Given $x_0$, $x_t$ is normal with mean "
        r"$a^t x_0$ and covariance $(1 - a^{2t}) I$, whose divergence from $\mathcal{N}(0, I)$ is "
        r"$\frac{1}{2}(\mathrm{tr}\,\Sigma + \|\mu\|^2 - d - \log\det\Sigma)$; and the divergence is convex in its "
        r"first argument, so that of the mixture over $x_0$ is at most the mean of these:",
        r"$$\mathrm{KL}(x_t \,\|\, \mathcal{N}(0, I)) \;\le\; \frac{1}{2} \left( a^{2t}\,\mathbb{E}\|x_0\|^2 "
        r"- d\,a^{2t} - d \log(1 - a^{2t}) \right).$$",
        r"It is an equality for a start at one point, and falls like $\frac{1}{2} (1-c)^t\,\mathbb{E}\|x_0\|^2$. Where "
        r"the start consists of points the divergence is infinite at $t = 0$ and finite from the first step on.",
        r"Without a second moment both are infinite for ever: $\mathbb{E}\|x_t\|^2 = \infty$ at every $t$, which puts "
        r"$x_t$ at an infinite $W_2$ from every law that has a second moment, and by Talagrand's inequality the "
        r"divergence is infinite with it. Convergence in distribution does not mind. From a standard Cauchy start on "
        r"the line, $\varphi_0(u) = e^{-|u|}$, and inverting the characteristic functions gives, with Dawson's "
        r"function $D$,",
        r"$$F_t(x) - \Phi(x) = \frac{1}{\pi} \int_0^\infty \frac{\sin ux}{u} \left( e^{-a^t u - (1 - a^{2t}) u^2/2} "
        r"- e^{-u^2/2} \right) du = -\frac{\sqrt{2}}{\pi}\, a^t\, D\!\left(\frac{x}{\sqrt{2}}\right) + O(a^{2t}).$$",
    ),
    source="S0, section 3, first question; Lévy's continuity theorem; Talagrand 1996, Theorem 1.1",
    carried=(("diffusion.schedule.VariancePreserving",
              "diffusion/test_schedule.py::test_table_is_the_running_product_of_one_minus_beta"),
             ("studies.written.starts.wasserstein",
              "studies/written/test_starts.py::test_distances_at_the_start_are_the_limit_of_the_map"),
             ("studies.written.starts.divergence",
              "studies/written/test_starts.py::test_normal_starts_have_their_closed_forms")),
    check=check,
)
