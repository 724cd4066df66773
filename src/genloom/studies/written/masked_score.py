"""S4.8: the score given an observed part of the data, and why its strength must follow the noise."""

import numpy as np
import torch

from genloom.recipes.points import score_letters
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import lines
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.masked_errors import SHARP, TEXT, Errors, bayes, errors, growth
from genloom.studies.written.observed_mixture import Observed, cloud, following, mixture, normal, off_known
from genloom.studies.written.proof import Checked, Written

DRAWS = 4000
_RANGES = {"σ below s": tuple(SHARP / 2**k for k in (6, 5, 4)),
           "σ between s and the data's width": tuple(SHARP * 2**k for k in (3, 4, 5)),
           "σ above the data's width": (16.0, 32.0, 64.0)}
_ORDERS = {"constant": (2, 2, 3), "following": (2, 1, 1)}
_LEVELS = (0.02, 0.1, 0.3, 1.0, 3.0, 10.0)
_LETTERS_NOISE = 0.02  # s in `genloom study letters`
_EXACT, _ORDER = 1e-8, 0.1


def check_masked(context: Context, draws: int = DRAWS) -> Checked:
    """Bayes' rule at every level, the two formulas beside the exact pull, and their orders in σ."""
    sharp, text = mixture(SHARP), mixture(TEXT)
    table = {sigma: errors(text, sigma, draws, context.seed) for sigma in _LEVELS}
    return Checked(
        results=(*_rule_results(context.seed), *_order_results(sharp, draws, context.seed), *_text_results(table),
                 *_step_results()),
        figures=(_figure(context, sharp, draws),),
        tables=(_table(table),),
        text=_text(table),
    )


def _rule_results(seed: int) -> list[Result]:
    x = torch.randn(200, 2, generator=generator(seed, 481), dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(-off_known(x).square().sum(), x)
    wide = normal(0.05, 1e5)
    at = wide.draws(1.0, 200, seed)
    flat = wide.pull(at, 1.0)[:, 0] / (-following(1.0, 0.05) * off_known(at)[:, 0])
    return [
        at_most(Result(name="gradient of −‖(x − known) ⊙ M‖² beside −2 (x − known) ⊙ M, the largest difference",
                       value=float((gradient + 2 * off_known(x.detach())).abs().max()), known=0.0, n=len(x),
                       known_name="by the chain rule"), 1e-12),
        *(at_most(Result(name=f"{name}: posterior score − score − ∇ log p(known|x), times σ, the largest of all levels",
                         value=max(bayes(case, sigma, seed) for sigma in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)), known=0.0,
                         known_name="Bayes' rule holds at every level"), _EXACT)
          for name, case in (("mixture of normals", mixture(0.05)), ("points on a ring", cloud(0.05)))),
        at_most(Result(name="flat data: the pull over −(x − known)/(σ² + s²), largest distance from 1",
                       value=float((flat - 1).abs().max()), known=0.0,
                       known_name="the formula is exact there"), 1e-6),
    ]


def _order_results(case: Observed, draws: int, seed: int) -> list[Result]:
    results = []
    for k, (where, sigmas) in enumerate(_RANGES.items()):
        found = [errors(case, sigma, draws, seed) for sigma in sigmas]
        for name, formula in (("constant", "λ = 1/s²"), ("following", "λ = 1/(σ² + s²)")):
            slope = float(np.polyfit(np.log(sigmas), np.log([getattr(each, name) for each in found]), 1)[0])
            results.append(near(Result(name=f"{formula}, {where}: order in σ of its relative error", value=slope,
                                       known=float(_ORDERS[name][k]), known_name="as derived", n=draws), _ORDER))
    return results


def _text_results(table: dict[float, Errors]) -> list[Result]:
    return [
        at_least(Result(name="the printed λ = 2 with its own likelihood: relative error at σ = 1",
                        value=table[1.0].constant, known=0.0, known_name="an exact pull would have 0",
                        tolerance="at least 0.5"), 0.5),
        at_least(Result(name="share of the exact pull that acts on the hidden coordinate, at σ = 1",
                        value=table[1.0].hidden, known=0.0, known_name="(x − known) ⊙ M has none",
                        tolerance="at least 0.05"), 0.05),
    ]


def _step_results() -> list[Result]:
    recipe = score_letters()
    first, last, epsilon = recipe.schedule.sigma_max, recipe.schedule.sigma_min, recipe.sampling.epsilon
    constant = growth(lambda sigma: _LETTERS_NOISE**-2, first, last, epsilon)
    follows = growth(lambda sigma: following(sigma, _LETTERS_NOISE), first, last, epsilon)
    return [
        at_least(Result(name=f"Langevin at σ = {first:g} with λ = 1/s² = {_LETTERS_NOISE**-2:.0f}: a distance from the "
                             "posterior is multiplied in one step by", value=constant, known=1.0,
                        known_name="above 1 it diverges", formula="|1 − α (λ + 1/σ²)|,  α = ε σ²/σ_L²"), 1.0),
        at_most(Result(name="the same with λ = 1/(σ² + s²)", value=follows, known=1.0,
                       known_name="below 1 it is stable"), 1.0),
    ]


def _table(table: dict[float, Errors]) -> Table:
    rows = tuple((number(sigma, 2), number(each.size, 2), number(each.size * each.constant, 2),
                  number(each.size * each.following, 2), number(each.best, 2), number(following(sigma, TEXT), 2),
                  number(each.hidden, 2)) for sigma, each in table.items())
    return Table(header=("σ", "exact pull", "error of λ = 2", "error of λ = 1/(σ² + ½)", "best λ", "1/(σ² + ½)",
                         "share on the hidden"), rows=rows,
                 caption="The printed likelihood, an observation with s² = ½, on a mixture of three normals. Pull and "
                         "errors are times σ, as parts of the noise that a sampler sees; root mean squares over the "
                         "noisy states of the posterior.")


@styled()
def _figure(context: Context, case: Observed, draws: int) -> Figure:
    figure, (left, right) = canvas(9.4, 3.8, 1, 2)
    sigmas = [SHARP * 2.0**k for k in range(-6, 18)]
    found = [errors(case, sigma, draws, context.seed) for sigma in sigmas]
    lines(left, sigmas, {"best λ for the exact pull": [each.best for each in found]}, log="xy", xlabel="σ", ylabel="λ")
    for name, values, color in (("1/(σ² + s²)", [following(sigma, case.noise) for sigma in sigmas], COLORS[2]),
                                ("1/s²", [case.noise**-2] * len(sigmas), COLORS[1]),
                                ("2", [2.0] * len(sigmas), KNOWN)):
        left.plot(sigmas, values, color=color, linestyle=DASHED, linewidth=1.2, label=name)
    left.legend(loc="lower left")
    for name, values, color in (("λ = 1/s²", [each.constant for each in found], COLORS[1]),
                                ("λ = 1/(σ² + s²)", [each.following for each in found], COLORS[2])):
        right.plot(sigmas, values, color=color, label=name)
    right.axhline(1, color=KNOWN, linewidth=0.8)
    right.set(xscale="log", yscale="log", xlabel="σ", ylabel="relative error")
    right.legend(loc="lower right")
    for axes in (left, right):
        axes.axvline(case.noise, color=KNOWN, linewidth=0.8, linestyle=(0, (1, 2)))
    right.annotate(" σ = s", (case.noise, min(each.following for each in found)), fontsize=8)
    return context.figure(
        figure, "s4-8-strength",
        caption=f"An observation of one coordinate with s = {SHARP:g}, of a mixture of three normals. Left: the λ that "
                "is nearest to the exact pull, and three laws. Right: the error of two of them relative to the exact "
                "pull; above the line an error is larger than what it is an error of.",
        alt="Left, a curve that is level up to σ = s and then falls, with one dashed curve on it until σ is 0.3; "
            "right, two rising curves, one far below the other")


def _text(table: dict[float, Errors]) -> tuple[str, ...]:
    recipe = score_letters()
    return (
        "Given the observation, the score of a noisy state gains the gradient of log p(known | x), the mean of the "
        "likelihood over what the noisy x says of x₀. For a mixture of normals and for points it has a closed form, "
        "and added to the score it is the exact posterior's score at every level.",
        "The printed formula takes the noisy x for x₀. Even for its own likelihood, an observation with s² = ½, λ = 2 "
        f"is right only without noise: at σ = 0.3 its error is {number(table[0.3].constant, 2)} of the pull, and at "
        f"σ = 10, where the exact pull is {number(table[10.0].size, 1)} beside a noise of size 1, it is "
        f"{number(table[10.0].size * table[10.0].constant, 2)}: the observation is all that a sampler would see. With "
        f"λ = 1/(σ² + s²) it is {number(table[10.0].size * table[10.0].following, 2)}: bounded, and still too much. No "
        "λ has the part of the pull that acts on the coordinate that was not seen, "
        f"{number(table[1.0].hidden, 2)} of its square at σ = 1.",
        "A constant λ also limits the steps. Langevin's grow with σ², and a λ that is right in the end makes them "
        f"diverge at the start of the levels from {recipe.schedule.sigma_max:g} to {recipe.schedule.sigma_min:g}. What "
        "that does to samples, with an exact and a trained score, is in `genloom study letters --only 8`.",
    )


MASKED = Written(
    number="S4.8",
    title="The score with a mask",
    statement=r"A score $s(x, \sigma) \approx \nabla \log p_\sigma(x)$ of noisy data was learned without conditions. "
              r"Some coordinates of $x_0$ are observed: $x_{\mathrm{known}}$, where the mask $M$ is 1. Which score "
              r"samples from the posterior, if $p(x_{\mathrm{known}} \mid x) \propto \exp\left(-\lVert (x - "
              r"x_{\mathrm{known}}) \odot M \rVert^2\right)$? It is also written with a strength $\lambda$; what "
              r"should that be?",
    derivation=(
        r"At one level $\sigma$, Bayes' rule is $p_\sigma(x \mid x_{\mathrm{known}}) = p(x_{\mathrm{known}} \mid x)\, "
        r"p_\sigma(x) / p(x_{\mathrm{known}})$. In the gradient of its logarithm the denominator, which has no $x$ in "
        r"it, is gone:",
        r"$$s(x, \sigma \mid x_{\mathrm{known}}) = s(x, \sigma) + \nabla_x \log p(x_{\mathrm{known}} \mid x)$$",
        r"With the given likelihood, $\log p(x_{\mathrm{known}} \mid x)$ is a constant minus $\sum_i M_i^2 (x_i - "
        r"x_{\mathrm{known}, i})^2$. Its derivative by $x_i$ is $-2 M_i^2 (x_i - x_{\mathrm{known}, i})$, and $M_i^2 "
        r"= M_i$ for a mask of zeros and ones:",
        r"$$s(x, \sigma \mid x_{\mathrm{known}}) = s(x, \sigma) - 2\, (x - x_{\mathrm{known}}) \odot M$$",
        r"An observation with normal noise of standard deviation $s$ has $1/(2 s^2)$ before the square, and "
        r"$\lambda = 1/s^2$ in place of 2; so the given likelihood is an observation with $s^2 = 1/2$.",
        r"That takes $x$ for the clean point. But what was observed is $x_0$, and at level $\sigma$ the state is "
        r"$x = x_0 + \sigma z$. The likelihood of a noisy state is a mean over what it says of the clean one:",
        r"$$p(x_{\mathrm{known}} \mid x) = \int p(x_{\mathrm{known}} \mid x_0)\, p(x_0 \mid x)\,\mathrm{d}x_0$$",
        r"Where the data are flat, on a scale that is wide beside $\sigma$, $x_0$ is normal around $x$ with variance "
        r"$\sigma^2$. Then $x_{\mathrm{known}} - x$ is the sum of two independent errors, with variance $\sigma^2 + "
        r"s^2$, and",
        r"$$\nabla_x \log p(x_{\mathrm{known}} \mid x) = -\lambda(\sigma)\, (x - x_{\mathrm{known}}) \odot M, \qquad "
        r"\lambda(\sigma) = \frac{1}{\sigma^2 + s^2}$$",
        r"So $\lambda$ must fall as $\sigma$ rises, and is $1/s^2$ in the end only. A constant $1/s^2$ is too strong "
        r"by the factor $1 + \sigma^2/s^2$: an error of order $\sigma^2$ relative to the pull.",
        r"How good is the flat formula? Let the observed coordinate be normal with mean $m$ and variance $d^2$. Given "
        r"$x$, $x_0$ is normal with mean $\hat{x}_0$ and variance $r^2$, the observation is normal with variance $s^2 "
        r"+ r^2$ around $\hat{x}_0$, and the chain rule gives the pull:",
        r"""$$\begin{align*}
\hat{x}_0 &= m + \frac{d^2}{d^2 + \sigma^2} (x - m), \qquad r^2 = \frac{d^2 \sigma^2}{d^2 + \sigma^2} \\
\nabla_x \log p(x_{\mathrm{known}} \mid x) &= \frac{d^2}{d^2 + \sigma^2} \cdot
\frac{x_{\mathrm{known}} - \hat{x}_0}{s^2 + r^2}
\end{align*}$$""",
        r"For $\sigma \ll d$ this is the flat formula but for a term $\sigma^2 (x - m)/d^2$ beside "
        r"$x_{\mathrm{known}} - x$, which is of size $\sqrt{\sigma^2 + s^2}$: a relative error of order $\sigma^2$ "
        r"while $\sigma \ll s$, and of order $\sigma$ from there on. For any smooth density the same term is "
        r"$-\sigma^2 \nabla \log p$. For $\sigma \gg d$ a noisy state says nothing of $x_0$ any more: the pull fades "
        r"as $\sigma^{-2}$, but $\lambda(\sigma)(x - x_{\mathrm{known}})$ only as $\sigma^{-1}$, so that its relative "
        r"error grows as $\sigma$, and that of a constant as $\sigma^3$.",
        r"Where coordinates depend on each other, the exact pull moves the hidden ones as well, since an observation "
        r"says something of them; no $\lambda$ does. As $\sigma \to 0$ that part is gone, and the score of the data "
        r"takes care of it. Mixtures of normals and clouds of points have an exact posterior of the same kind, so "
        r"that nothing has to be approximated for them.",
        r"Last, a step of Langevin dynamics of size $\alpha$ multiplies a small distance by $1 - \alpha (\lambda + "
        r"\sigma^{-2})$, and is stable below $\alpha (\lambda + \sigma^{-2}) = 2$. With $\alpha = \epsilon \sigma^2 / "
        r"\sigma_L^2$ a constant $\lambda$ breaks that at large $\sigma$; for $\lambda(\sigma) \le \sigma^{-2}$ it "
        r"holds at all levels if $\epsilon < \sigma_L^2$.",
    ),
    erratum=r"The formula follows from the likelihood that it is told to assume, and cannot hold at more than one "
            r"level: that likelihood is one of $x_0$, and is used for the noisy $x$. The constant $\lambda$ that it "
            r"recommends as a hyperparameter is a heuristic; $\lambda$ should depend on $\sigma$, as $1/(\sigma^2 + "
            r"s^2)$ where the data are wide, and for points and mixtures the exact posterior is at hand.",
    source="problem 2.5; Song et al. 2021, Appendix I; Chung et al. 2023, section 3; Song, Vahdat, Mardani & Kautz "
           "2023",
    carried=(("diffusion.oracle.posterior.condition", "diffusion/oracle/test_posterior.py::"
              "test_posterior_is_the_reweighted_prior"),
             ("diffusion.guidance.masked", "diffusion/test_guidance.py::"
              "test_masked_guidance_adds_the_stated_gradient_to_the_score"),
             ("diffusion.guidance.flat_strength", "diffusion/test_guidance.py::"
              "test_the_default_strength_is_exact_for_flat_data"),
             ("studies.written.observed_mixture.Observed", "studies/written/test_observed_mixture.py::"
              "test_the_pull_is_the_difference_of_the_scores")),
    check=check_masked,
)
