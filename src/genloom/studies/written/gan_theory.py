"""S4.1 to S4.3: the best discriminator, what the objective is there, and why its gradient vanishes."""

import math

import torch
from torch import Tensor

from genloom.gan.losses import minimax, non_saturating
from genloom.gan.oracle import best_value, jensen_shannon, shortfall, value
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import array
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.gan_theory.measures import printed
from genloom.studies.gan_theory.pairs import LINE, PLANE, pair, shifted
from genloom.studies.gan_theory.pushes import at_best, divergence_slope, naive, slope
from genloom.studies.written.proof import Checked, Written

_ROUNDING = 1e-10
_TRIED = 100
_CHANGES = ((1.0, 0.0), (1.0, 0.0), (0.03, 0.0), (0.03, 0.0), (0.0, 0.03), (0.0, -0.03))
"""Deviation and mean of what is added to the best logits: small changes would find a best one that is a little off."""
_SEARCHED = 1e-6  # a maximum is flat: values tell its place to the root of their rounding
_GOLDEN = (math.sqrt(5) - 1) / 2
_CURVES = ((1.0, 1.0), (1.0, 0.25), (0.4, 1.0), (0.0, 0.6))
_THETAS = (1.0, 3.0, 6.0)
_SURE = -20.0


def check_best(context: Context) -> Checked:
    """D* by its formula, beside its closed form, beside a search at single points, and beside other discriminators."""
    random = generator(context.seed, 340)
    table = shifted(2.0).table
    best = table.log_p - table.log_q
    closed = (best.sigmoid() - torch.sigmoid(2 - 2 * table.points[:, 0])).abs().max()
    weights = torch.rand(_TRIED, 2, generator=random, dtype=torch.float64)
    a, b = weights.unbind(1)
    searched = _searched(a, b)
    gains, apart = [], []
    for name in (*LINE, *PLANE):
        each = pair(name).table
        known = (each.log_p - each.log_q).nan_to_num(nan=0.0)
        known = known.clamp(-30, 30)  # where D* is 0 or 1 the best logit is infinite
        for scale, shift in _CHANGES:
            other = known + shift + scale * torch.randn(len(known), generator=random, dtype=torch.float64)
            missing = shortfall(other, each)
            gains.append(value(other, each) - best_value(each))
            apart.append(abs(-gains[-1] - missing))
    return Checked(figures=(_figure(context),), results=(
        near(Result(name="two normals: largest difference of p/(p + q) from 1/(1 + exp(2x − 2))", value=float(closed),
                    known=0.0, known_name="closed form"), 1e-12),
        at_most(Result(name="largest difference of a/(a + b) from the best y of a search, a log y + b log(1 − y)",
                       value=float((searched - a / (a + b)).abs().max()), known=0.0, n=_TRIED,
                       known_name="the maximum, by values alone"), _SEARCHED),
        at_most(Result(name="most that V gains when the logits of D* are changed, by much and by little",
                       value=max(gains), known=0.0, known_name="nothing beats the best", n=len(gains)), 0.0),
        at_most(Result(name="V(G, D*) − V(G, D) beside ∫ (p + q) KL(D*, D), largest difference", value=max(apart),
                       known=0.0, known_name="the same number", n=len(apart)), 1e-9),
    ), text=("Five pairs of densities that are known, on the line and in the plane, by quadrature. Trained networks "
             "beside D* on the same pairs: `genloom study gan-theory --only S4.1`.",))


def check_value(context: Context) -> Checked:
    """Both sides of the identity by their own definitions, and the printed expression."""
    each = {name: pair(name).table for name in (*LINE, *PLANE)}
    same, far = shifted(0.0).table, shifted(24.0).table
    return Checked(results=(
        *(near(Result(name=f"{name}: V(G, D*) as the integral of its definition",
                      value=value((table.log_p - table.log_q).nan_to_num(nan=0.0), table), known=best_value(table),
                      known_name="2 JSD − log 4 by the divergences"), _ROUNDING) for name, table in each.items()),
        near(Result(name="V(G, D*) for p = q", value=value(same.log_p - same.log_q, same), known=-math.log(4),
                    known_name="−log 4: JSD = 0"), _ROUNDING),
        near(Result(name="V(G, D*) at a distance of 24 standard deviations", value=value(far.log_p - far.log_q, far),
                    known=0.0, known_name="JSD = log 2"), 1e-6),
        near(Result(name="the printed expression for p = q", value=printed(same), known=0.5 - math.log(2),
                    known_name="½ − log 2, where V is −log 4"), _ROUNDING),
        near(Result(name="the printed expression at a distance of 24", value=printed(far), known=1.0,
                    known_name="1, where V is 0, the most that it can be"), 1e-6),
    ), text=(
        f"Without its second logarithm the expression is {number(printed(same), 5)} where both densities are equal and "
        f"{number(printed(far), 3)} where they have nothing in common: it is another function. Trained networks, which "
        "give a lower bound, and what the discriminators of other games measure: "
        "`genloom study gan-theory --only S4.2`.",
    ))


def check_vanishing(context: Context) -> Checked:
    """The slopes at a sure discriminator, and what a generator is pushed by at the best one."""
    at = torch.tensor([_SURE], dtype=torch.float64)
    sure = math.exp(_SURE) / (1 + math.exp(_SURE))
    results = [
        near(Result(name=f"slope of log(1 − D) at the logit {number(_SURE)} of a fake", value=float(slope(minimax, at)),
                    known=-sure, known_name="−D"), 1e-15),
        near(Result(name="the same of −log D", value=float(slope(non_saturating, at)), known=sure - 1,
                    known_name="−(1 − D)"), 1e-12),
        Result(name="the same written as −log(sigmoid(l) + 10⁻⁸), which loses it again", known=sure - 1,
               value=float(slope(naive, at)), known_name="−(1 − D)"),
    ]
    for theta in _THETAS:
        falling = divergence_slope(theta)
        results += [
            near(Result(name=f"θ = {theta:g}: push of log(1 − D) at D*", value=at_best("minimax", theta), known=falling,
                        known_name="d/dθ 2 JSD, by differences"), 1e-7),
            near(Result(name=f"θ = {theta:g}: push of −log D at D*", value=at_best("non-saturating", theta),
                        known=theta - falling, known_name="d/dθ [KL(q, p) − 2 JSD], KL(q, p) = θ²/2"), 1e-7),
        ]
    results.append(near(Result(name=f"θ = {_THETAS[-1]:g}: log 2 − JSD", value=math.log(2)
                               - jensen_shannon(shifted(_THETAS[-1]).table), known=0.0,
                               known_name="the ceiling, where the divergence is flat"), 0.01))
    return Checked(results=results, text=(
        "Real data are N(0, 1), and a generator makes N(θ, 1) and can only change θ. The push is the gradient of its "
        "loss at the best discriminator, by the losses that this program trains with. At θ = 6 it is "
        f"{number(at_best('minimax', 6.0), 2)} by log(1 − D) and {number(at_best('non-saturating', 6.0), 3)} by "
        "−log D.",
        "Other losses, and discriminators that are trained until they know too much: "
        "`genloom study gan-theory --only S4.3`.",
    ))


def _searched(a: Tensor, b: Tensor) -> Tensor:
    """The y in (0, 1) at which a log y + b log(1 − y) is largest, by golden sections: nothing is differentiated."""

    def f(y: Tensor) -> Tensor:
        return torch.xlogy(a, y) + torch.xlogy(b, 1 - y)

    low, high = torch.zeros_like(a), torch.ones_like(a)
    for _ in range(60):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        rising = f(left) < f(right)
        low, high = torch.where(rising, left, low), torch.where(rising, high, right)
    return (low + high) / 2


@styled()
def _figure(context: Context) -> Figure:
    y = torch.linspace(0.003, 0.997, 400, dtype=torch.float64)
    figure, (axes,) = canvas(6.8, 3.6)
    for k, (a, b) in enumerate(_CURVES):
        curve = torch.xlogy(torch.tensor(a).double(), y) + b * (1 - y).log()
        axes.plot(array(y), array(curve), color=COLORS[k], label=f"p = {a:g}, q = {b:g}")
        best = a / (a + b)
        top = sum(weight * math.log(share) for weight, share in ((a, best), (b, 1 - best)) if weight)
        axes.plot([best], [top], "o", color=COLORS[k], markeredgecolor="white", markersize=8, zorder=3)
        axes.axvline(best, color=KNOWN, linewidth=0.8, linestyle=DASHED)
    axes.set(xlabel="y = D(x)", ylabel="p log y + q log(1 − y)", ylim=(-3, 0.1))
    axes.legend(loc="lower center")
    return context.figure(
        figure, "best-at-a-point",
        caption="What the objective has to say of a single x, by the value of D there, for four pairs of densities. "
                "Each curve is largest at p/(p + q), dashed; where only fakes are, at the end of the interval.",
        alt="Four curves over the interval from 0 to 1, each with a dot at its top on a dashed vertical line")


BEST = Written(
    number="S4.1",
    title="The best discriminator",
    statement=r"The generator $\mathcal{G}$ is fixed. Which discriminator $\mathcal{D}^*$ maximises the objective "
              r"$\mathbb{E}_{p_r}[\log \mathcal{D}(x)] + \mathbb{E}_{z}[\log(1 - \mathcal{D}(\mathcal{G}(z)))]$, as a "
              r"function of the densities $p_r(x)$ of real data and $p_g(x)$ of generated ones?",
    derivation=(
        r"$\mathcal{G}(z)$ has the density $p_g$, so both expectations are integrals over the same $x$, and the "
        r"objective is a single one:",
        r"$$V(\mathcal{G}, \mathcal{D}) = \int p_r(x) \log \mathcal{D}(x) + p_g(x) \log(1 - \mathcal{D}(x)) \, dx$$",
        r"Nothing ties $\mathcal{D}$ at one place to $\mathcal{D}$ at another, so each $x$ can be settled alone. Let "
        r"$a = p_r(x)$ and $b = p_g(x)$, not both $0$, and $y = \mathcal{D}(x)$. In $(0, 1)$",
        r"$$\begin{align*} f(y) &= a \log y + b \log(1 - y) \\ f'(y) &= \frac{a}{y} - \frac{b}{1 - y} \\ f''(y) &= "
        r"-\frac{a}{y^2} - \frac{b}{(1 - y)^2} < 0 \end{align*}$$",
        r"The slope is $0$ where $a (1 - y) = b y$, at $y = a/(a + b)$ and nowhere else. Since $f$ is concave, this is "
        r"its maximum. If $b = 0$, $f = a \log y$ rises all the way to $y = 1 = a/(a + b)$, and if $a = 0$ it falls "
        r"from $y = 0$, so that the formula holds at the ends of the interval too:",
        r"$$\mathcal{D}^*(x) = \frac{p_r(x)}{p_r(x) + p_g(x)}$$",
        r"A function that is largest at every $x$ has the largest integral. Where neither density is, any value is as "
        r"good.",
        r"Two things are in this answer. $\mathcal{D}^*$ is the posterior probability that $x$ is real when half of "
        r"what is shown is. And its logit is the logarithm of a ratio of densities, $\log p_r(x) - \log p_g(x)$: a "
        r"discriminator is a way to learn the ratio of two densities of which only draws are at hand.",
    ),
    source="problem 1.1; Goodfellow et al. 2014, Proposition 1",
    carried=(("gan.oracle.best_logit", "gan/test_oracle.py::test_no_output_has_a_smaller_loss_than_the_best"),
             ("gan.oracle.shortfall", "gan/test_oracle.py::test_the_shortfall_is_the_difference_of_the_values")),
    check=check_best,
)

VALUE = Written(
    number="S4.2",
    title="What the objective measures",
    statement=r"Show that for the best discriminator, minimising the objective over the generator is the same as "
              r"minimising the Jensen–Shannon divergence of $p_r$ and $p_g$.",
    derivation=(
        r"Put $\mathcal{D}^*$ of S4.1 into the objective and let $m = (p_r + p_g)/2$. Then $\mathcal{D}^* = p_r/(2m)$ "
        r"and $1 - \mathcal{D}^* = p_g/(2m)$:",
        r"$$\begin{align*} V(\mathcal{G}, \mathcal{D}^*) &= \mathbb{E}_{p_r} \left[ \log \frac{p_r}{2m} \right] + "
        r"\mathbb{E}_{p_g} \left[ \log \frac{p_g}{2m} \right] \\ &= \mathbb{E}_{p_r} \left[ \log \frac{p_r}{m} \right] "
        r"- \log 2 + \mathbb{E}_{p_g} \left[ \log \frac{p_g}{m} \right] - \log 2 \\ &= \mathrm{KL}(p_r, m) + "
        r"\mathrm{KL}(p_g, m) - \log 4 \end{align*}$$",
        r"The Jensen–Shannon divergence is the mean of these two divergences from the mixture,",
        r"$$\mathrm{JSD}(p_r, p_g) = \frac{1}{2} \mathrm{KL}(p_r, m) + \frac{1}{2} \mathrm{KL}(p_g, m), \qquad "
        r"V(\mathcal{G}, \mathcal{D}^*) = 2 \, \mathrm{JSD}(p_r, p_g) - \log 4$$",
        r"The last term does not depend on $\mathcal{G}$, so the generator that makes the one least makes the other "
        r"least. Both divergences are at least $0$, and $0$ only where $p_r = m = p_g$: the least value is $-\log 4$, "
        r"for $p_g = p_r$ alone, with $\mathcal{D}^* = 1/2$ everywhere. The largest is $0$, where the densities have "
        r"nothing in common: there $m = p_r/2$ wherever $p_r$ is, so that $\mathrm{KL}(p_r, m) = \log 2$, and the same "
        r"for $p_g$.",
        r"For any other discriminator the value is smaller. Subtract under the integral; the difference is a "
        r"divergence of two coins at each place,",
        r"$$V(\mathcal{G}, \mathcal{D}^*) - V(\mathcal{G}, \mathcal{D}) = \int (p_r + p_g) \left[ \mathcal{D}^* \log "
        r"\frac{\mathcal{D}^*}{\mathcal{D}} + (1 - \mathcal{D}^*) \log \frac{1 - \mathcal{D}^*}{1 - \mathcal{D}} "
        r"\right] dx \ge 0$$",
        r"because $p_r = (p_r + p_g) \mathcal{D}^*$. So a trained discriminator gives a lower bound of the divergence, "
        r"$(V(\mathcal{G}, \mathcal{D}) + \log 4)/2$. By Pinsker's inequality the bracket is at least $2 "
        r"(\mathcal{D}^* - \mathcal{D})^2$, so that the mean of $(\mathcal{D}^* - \mathcal{D})^2$, half of it over "
        r"real draws and half over generated ones, is at most a quarter of what is missing.",
    ),
    erratum=r"Its second integrand is $p_g \frac{p_g}{p_r + p_g}$, without the logarithm. That integral is no function "
            r"of the divergence: for $p_g = p_r$ the expression is $\frac{1}{2} - \log 2$ where $V$ is $-\log 4$, and "
            r"for densities that have nothing in common it is $1$, beyond the $0$ that no value of $V$ exceeds. It "
            r"happens to be least for $p_g = p_r$ too, since it is the mean over $p_r$ of a convex function of "
            r"$p_g/p_r$: the conclusion is right and the equation is not.",
    source="problem 1.2; Goodfellow et al. 2014, Theorem 1; Pinsker's inequality: Cover & Thomas 2006, Lemma 11.6.1",
    carried=(("gan.oracle.best_value", "gan/test_oracle.py::test_the_best_value_is_that_of_the_best_logit"),
             ("studies.gan_theory.measures.printed",
              "studies/gan_theory/test_measures.py::test_the_printed_expression_is_another_function")),
    check=check_value,
)

VANISHING = Written(
    number="S4.3",
    title="Vanishing gradients",
    statement=r"Why does the original objective have the problem of vanishing gradients? Consider what happens when "
              r"$\mathcal{D}$ tells generated samples from real data perfectly.",
    derivation=(
        r"A fake $x = \mathcal{G}_\theta(z)$ reaches the generator's parameters through the discriminator's logit "
        r"$l(x)$ alone, with $\mathcal{D} = 1/(1 + e^{-l})$. The derivative of $\mathcal{D}$ by $l$ is $\mathcal{D} (1 "
        r"- \mathcal{D})$, so by the chain rule the gradient of the generator's loss for one $z$ is",
        r"$$\nabla_\theta \log(1 - \mathcal{D}(\mathcal{G}_\theta(z))) = -\frac{\mathcal{D} (1 - \mathcal{D})}{1 - "
        r"\mathcal{D}} \nabla_\theta l = -\mathcal{D}(x) \, \nabla_\theta l(\mathcal{G}_\theta(z))$$",
        r"A discriminator that tells everything apart has $\mathcal{D}(x) = 0$ at every fake, so every term of the "
        r"gradient is multiplied by $0$, however far the fakes are from the data and wherever $\nabla_\theta l$ "
        r"points. The better the discriminator, the less the generator is told.",
        r"The cure is in the same formula. The loss $-\log \mathcal{D}$, which wants the same of the fakes, has",
        r"$$\nabla_\theta \left( -\log \mathcal{D}(\mathcal{G}_\theta(z)) \right) = -(1 - \mathcal{D}(x)) \, "
        r"\nabla_\theta l(\mathcal{G}_\theta(z))$$",
        r"with a factor of $-1$ where the other has $0$. Both gradients point the same way at every fake, and differ "
        r"in the weight $\mathcal{D}/(1 - \mathcal{D}) = e^l$ that the first gives it.",
        r"How small it is can be said where the densities are known. At the best discriminator of the present "
        r"generator $V$ is stationary in $\mathcal{D}$, so moving the generator changes $V$ as if $\mathcal{D}^*$ "
        r"moved along: the gradient is that of $2 \, \mathrm{JSD} - \log 4$ (S4.2). Once the densities have little in "
        r"common, the divergence is near its ceiling $\log 2$, where it is flat. Let $q_\theta$ be the generated "
        r"density, $q$ its present value, held fixed, and $\nabla_\theta$ act on $\mathcal{G}_\theta$ alone; since "
        r"$\mathbb{E}_q[\nabla \log q_\theta] = 0$, the gradient of $\mathrm{KL}(q_\theta, p_r)$ is $\mathbb{E}_z "
        r"\nabla_\theta \log (q/p_r)(\mathcal{G}_\theta(z))$, and",
        r"$$\begin{align*} \nabla_\theta \left[ \mathrm{KL}(q_\theta, p_r) - 2 \, \mathrm{JSD} \right] &= \mathbb{E}_z "
        r"\nabla_\theta \left[ \log \frac{q}{p_r} - \log \frac{q}{p_r + q} \right] \\ &= \mathbb{E}_z \nabla_\theta "
        r"\left[ -\log \frac{p_r}{p_r + q} \right] = \mathbb{E}_z \nabla_\theta \left[ -\log "
        r"\mathcal{D}^*(\mathcal{G}_\theta(z)) \right] \end{align*}$$",
        r"So $-\log \mathcal{D}$ follows the slope of $\mathrm{KL}(q_\theta, p_r) - 2 \, \mathrm{JSD}$, which grows "
        r"where the other vanishes. For $p_r = \mathcal{N}(0, 1)$ and $q_\theta = \mathcal{N}(\theta, 1)$ the "
        r"divergence $\mathrm{KL}$ is $\theta^2/2$ and its slope $\theta$.",
    ),
    source="problem 1.3, whose printed answer says that the gradient becomes zero; Goodfellow et al. 2014, section 3; "
           "Arjovsky & Bottou 2017, Theorems 2.4 and 2.5",
    carried=(("studies.gan_theory.pushes.slope",
              "studies/gan_theory/test_pushes.py::test_slopes_are_those_of_the_losses_that_are_trained"),
             ("gan.oracle.push", "gan/test_oracle.py::test_what_the_generator_is_pushed_by_at_the_best_discriminator")),
    check=check_vanishing,
)
