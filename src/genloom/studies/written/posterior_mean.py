"""S4.7: the mean of one step back, from x_0 and from the noise, and what a network's error in it costs."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from genloom.diffusion.loss import elbo
from genloom.diffusion.prediction import noise, posterior_mean
from genloom.diffusion.schedule import VariancePreserving
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import near
from genloom.report.plots import array
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.noise_sums import SCHEDULES
from genloom.studies.written.one_step_back import Coefficients, coefficients
from genloom.studies.written.proof import Checked, Written

_ROUNDING = 1e-11


def by_regression(schedule: VariancePreserving) -> Coefficients:
    """The same numbers from the covariances of (x_{t−1}, x_t) given x_0, which are carried along the chain, (T,).

    Var x_t = α_t Var x_{t−1} + β_t,  Cov(x_{t−1}, x_t) = √α_t Var x_{t−1},  E x_t = √α_t E x_{t−1}
    """
    mean, variance, rows = 1.0, 0.0, []
    for beta in schedule.betas.tolist():
        step = math.sqrt(1 - beta)
        shared, after = step * variance, step**2 * variance + beta
        slope = shared / after
        rows.append((slope, mean - slope * step * mean, variance - slope * shared))
        mean, variance = step * mean, after
    return Coefficients(*torch.tensor(rows, dtype=torch.float64).T)


def symbolic() -> dict[str, Any]:
    """What is left of the two forms of the mean when a computer algebra system subtracts them, 0 where they agree.

    With r = √α_t, s = √ᾱ_{t−1} and w = √(1 − ᾱ_t): x_0 = (x_t − w ε)/(r s).
    """
    import sympy

    now, eps = sympy.symbols("x_t eps", real=True)
    r, s, w = sympy.symbols("r s w", positive=True)
    start = (now - w * eps) / (r * s)
    mean = r * (1 - s**2) / (1 - r**2 * s**2) * now + s * (1 - r**2) / (1 - r**2 * s**2) * start
    of_noise = (now - (1 - r**2) / w * eps) / r
    apart = sympy.expand(sympy.together(mean - of_noise))
    known = {w**2: 1 - r**2 * s**2}  # the one relation between the three
    left = [sympy.cancel(sympy.together((apart.coeff(symbol) * power).expand().subs(known)))
            for symbol, power in ((now, 1), (eps, w))]
    return {"the factors of xₜ": left[0], "the factors of ε": left[1]}


def draws(schedule: VariancePreserving, seed: int, count: int = 1000) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Steps t in 2 … T, x_0, ε and x_t, each (count,)."""
    random = generator(seed, 47)
    t = torch.randint(2, len(schedule.betas) + 1, (count,), generator=random)
    start, eps = torch.randn((2, count), generator=random, dtype=torch.float64)
    alpha_bar = schedule.log_alpha_bar.exp()[t]
    return t, start, eps, alpha_bar.sqrt() * start + (1 - alpha_bar).sqrt() * eps


def of_noise(schedule: VariancePreserving, t: Tensor, now: Tensor, eps: Tensor) -> Tensor:
    """(x_t − β_t/√(1 − ᾱ_t) ε)/√α_t."""
    beta, alpha_bar = schedule.betas[t - 1], schedule.log_alpha_bar.exp()[t]
    return (now - beta / (1 - alpha_bar).sqrt() * eps) / (1 - beta).sqrt()


def noise_weight(schedule: VariancePreserving) -> Tensor:
    """β_t²/(2 β̃_t α_t (1 − ᾱ_t)) for t = 2 … T: the divergence that an error of 1 in ε costs."""
    beta, after = schedule.betas[1:], schedule.log_alpha_bar.exp()[2:]
    return beta.square() / (2 * coefficients(schedule).variance[1:] * (1 - beta) * (1 - after))


def check(context: Context) -> Checked:
    """Both forms by algebra, by covariances, by this program's rows, and the divergence of two steps back."""
    return Checked(
        results=(*_symbolic(), *(result for name, make in SCHEDULES.items()
                                 for result in _compared(name, make(), context.seed))),
        figures=(_figure(context),),
        text=("The covariances of the chain give the mean a second time, without densities: a conditional mean of "
              "normal variables is their linear regression. Written with the noise, the mean asks a network for one "
              "thing, ε, and an error e of it costs the divergence of the step wₜ e². The figure shows wₜ: it is "
              "large for the first steps, where little noise is left, and again at the end of a schedule whose last "
              "steps wipe out most of what there is. The usual training loss leaves wₜ out, so beside the bound it "
              "cares most for the middle.",))


def _symbolic() -> list[Result]:
    return [near(Result(name=f"by computer algebra: terms that are left of {name}", known=0.0,
                        value=float(0 if left == 0 else len(left.as_ordered_terms())), tolerance="no term may be left",
                        known_name="both forms of the mean are one"), 0.0) for name, left in symbolic().items()]


def _compared(name: str, schedule: VariancePreserving, seed: int) -> list[Result]:
    right, steps = coefficients(schedule), len(schedule.betas)
    apart = max(float((a - b).abs().max()) for a, b in zip(right, by_regression(schedule), strict=True))
    t, start, eps, now = draws(schedule, seed)
    mean = right.keep[t - 1] * now + right.data[t - 1] * start
    a, b = posterior_mean(schedule)(schedule.level(t.double() / steps))
    weight = noise_weight(schedule)
    error = torch.linspace(0.1, 1, len(weight), dtype=torch.float64)
    shift = schedule.betas[1:] / ((1 - schedule.log_alpha_bar.exp()[2:]) * (1 - schedule.betas[1:])).sqrt() * error
    deviation = right.variance[1:].sqrt()
    cost = kl_divergence(Normal(torch.zeros_like(shift), deviation), Normal(shift, deviation))
    level = schedule.level(torch.arange(2, steps + 1, dtype=torch.float64) / steps)
    trained = torch.as_tensor(elbo(schedule)(level, noise)) / steps
    found = (("mean and variance by the chain's covariances, largest difference", apart, "closed form"),
             ("the mean from xₜ and ε, largest difference over draws",
              float((of_noise(schedule, t, now, eps) - mean).abs().max()), "from xₜ and x₀"),
             ("this program's row a x₀ + b ε, largest difference over draws",
              float((torch.as_tensor(a) * start + torch.as_tensor(b) * eps - mean).abs().max()), "from xₜ and x₀"),
             ("KL of two steps back whose ε differ by e, largest relative difference",
              float((cost / (weight * error.square()) - 1).abs().max()), "wₜ e²"),
             ("this program's weight of the bound over T, largest relative difference",
              float((trained / weight - 1).abs().max()), "wₜ"))
    return [near(Result(name=f"{name}: {what}", value=value, known=0.0, known_name=beside),
                 1e-8 if "relative" in what else _ROUNDING) for what, value, beside in found]


@styled()
def _figure(context: Context) -> Figure:
    figure, (axes,) = canvas(6.4, 3.4)
    for (name, make), color in zip(SCHEDULES.items(), COLORS, strict=False):
        schedule = make()
        steps = len(schedule.betas)
        axes.plot(array(torch.arange(2, steps + 1) / steps), array(noise_weight(schedule)), color=color, label=name)
    axes.set(yscale="log", xlabel="t/T", ylabel="wₜ, nats for an error of 1 in ε")
    axes.legend()
    return context.figure(figure, "noise-weight",
                          caption="What an error of the noise costs in the divergence of one step back.",
                          alt="Two curves over the time on a logarithmic scale, lowest in the middle, one of them "
                              "steep at the end")


MEAN = Written(
    number="S4.7",
    title="The mean of one step back",
    statement=r"Derive the mean of $q(x_{t-1} \mid x_t, x_0)$, the target in $\mathrm{KL}(q(x_{t-1} \mid x_t, x_0) "
              r"\,\|\, p_\theta(x_{t-1} \mid x_t))$.",
    derivation=(
        r"S0.20 completes the square. Here is a second way, without densities. Given $x_0$, the pair $(x_{t-1}, x_t)$ "
        r"is jointly normal, because $x_t$ is a linear function of $x_{t-1}$ and of noise that is independent of it. "
        r"For each coordinate, with $v = 1 - \bar\alpha_{t-1}$,",
        r"$$\mathbb{E}\,x_{t-1} = \sqrt{\bar\alpha_{t-1}}\,x_0, \quad \mathbb{E}\,x_t = \sqrt{\bar\alpha_t}\,x_0, "
        r"\quad \mathrm{Cov}(x_{t-1}, x_t) = \sqrt{\alpha_t}\,v, \quad \mathrm{Var}\,x_t = \alpha_t v + \beta_t = "
        r"1 - \bar\alpha_t.$$",
        r"For jointly normal variables the conditional mean is the linear regression, so",
        r"$$\tilde\mu_t = \mathbb{E}\,x_{t-1} + \frac{\mathrm{Cov}(x_{t-1}, x_t)}{\mathrm{Var}\,x_t} "
        r"(x_t - \mathbb{E}\,x_t) = \sqrt{\bar\alpha_{t-1}}\,x_0 + \frac{\sqrt{\alpha_t}\,(1 - \bar\alpha_{t-1})}"
        r"{1 - \bar\alpha_t} \left( x_t - \sqrt{\bar\alpha_t}\,x_0 \right).$$",
        r"What stands with $x_0$ is, with $\sqrt{\bar\alpha_t} = \sqrt{\alpha_t}\,\sqrt{\bar\alpha_{t-1}}$,",
        r"$$\sqrt{\bar\alpha_{t-1}} \left( 1 - \frac{\alpha_t (1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t} \right) "
        r"= \sqrt{\bar\alpha_{t-1}}\; \frac{1 - \bar\alpha_t - \alpha_t + \bar\alpha_t}{1 - \bar\alpha_t} "
        r"= \frac{\sqrt{\bar\alpha_{t-1}}\;\beta_t}{1 - \bar\alpha_t},$$",
        r"$$\tilde\mu_t(x_t, x_0) = \frac{\sqrt{\alpha_t}\,(1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\,x_t "
        r"+ \frac{\sqrt{\bar\alpha_{t-1}}\;\beta_t}{1 - \bar\alpha_t}\,x_0.$$",
        r"A network sees $x_t$ and not $x_0$. With $x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1 - "
        r"\bar\alpha_t}\,\epsilon$ one may put $x_0 = (x_t - \sqrt{1 - \bar\alpha_t}\,\epsilon)/\sqrt{\bar\alpha_t}$. "
        r"The factor of $x_t$ becomes",
        r"$$\frac{\sqrt{\alpha_t}\,(1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t} + \frac{\beta_t}{(1 - \bar\alpha_t) "
        r"\sqrt{\alpha_t}} = \frac{\alpha_t - \bar\alpha_t + 1 - \alpha_t}{(1 - \bar\alpha_t) \sqrt{\alpha_t}} "
        r"= \frac{1}{\sqrt{\alpha_t}}, \qquad \tilde\mu_t = \frac{1}{\sqrt{\alpha_t}} \left( x_t "
        r"- \frac{\beta_t}{\sqrt{1 - \bar\alpha_t}}\,\epsilon \right).$$",
        r"If the model's step has the same variance $\tilde\beta_t I$ and the mean with $\epsilon_\theta(x_t, t)$ in "
        r"the place of $\epsilon$, then the divergence of two normals of one covariance is half the squared distance "
        r"of the means over the variance, and it is a weighted squared error of the noise:",
        r"$$\mathrm{KL} = \frac{\|\tilde\mu_t - \mu_\theta\|^2}{2 \tilde\beta_t} = "
        r"\frac{\beta_t^2}{2 \tilde\beta_t\,\alpha_t (1 - \bar\alpha_t)}\; \|\epsilon - \epsilon_\theta(x_t, t)\|^2 "
        r"\qquad (t \ge 2).$$",
    ),
    erratum=r"The printed result is right. Its symbol $\mu_\theta$ is not: nothing about $q$ has parameters, and "
            r"$\theta$ comes in only where a network's estimate takes the place of $\epsilon$ or $x_0$.",
    source="S4, problem 2.4; Ho et al. 2020, Eq. 7 to 12",
    carried=(("diffusion.prediction.posterior_mean", "diffusion/test_prediction.py::test_posterior_mean_is_that_of_q"),
             ("diffusion.loss.elbo", "diffusion/test_loss.py::test_elbo_weight_is_the_weighted_noise_loss_of_ddpm_with_"
                                     "the_small_variance")),
    check=check,
)
