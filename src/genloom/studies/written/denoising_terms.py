"""S3.15: the bound with q(x_{t−1} | x_t, x_0) for a target, and what its terms do to the denoising steps."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from genloom.diffusion import loss
from genloom.diffusion.prediction import data as data_row
from genloom.diffusion.schedule import VariancePreserving
from genloom.report.figures import canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written import two_points, whole_paths
from genloom.studies.written.bound_terms import (
    POINT,
    agreement,
    drawn_denoising,
    drawn_surgery,
    low,
    terms_table,
    waterfall,
)
from genloom.studies.written.gaussian_chain import (
    BETAS,
    Chain,
    exact_chain,
    example_data,
    point,
    standard,
    wrong_chain,
)
from genloom.studies.written.proof import Checked, Written
from genloom.studies.written.two_points_figure import points_figure

DRAWS = 1 << 17
COUNTS = (4, 8, 16, 32, 64, 128, 256)
"""Steps of the chains on two points."""
_EXACT = 1e-10  # nats; rounding is 1e-13
_ORDER = 0.12  # by how much the order between the two finest chains may differ from its limit


def check_denoising(context: Context, draws: int = DRAWS) -> Checked:
    """The terms and their sum, their least value over the data, their weight as a loss, and steps of two points."""
    model, x0 = wrong_chain(example_data()), torch.tensor(POINT, dtype=torch.float64)
    terms, whole = model.denoising(x0), whole_paths.bound(model, x0)
    exact = torch.cat((terms.first[None], terms.steps, terms.last[None]))
    states = model.walk(point(x0), draws, generator(context.seed, 315))
    drawn = drawn_denoising(model, states)
    parts, together = variation(model, states)
    names = ("log p(x₀ | x₁)", *(f"−L′{low(t)}" for t in range(2, len(terms.steps) + 2)), "C")
    costs = {steps: two_points.cost(steps) for steps in COUNTS}
    return Checked(
        results=(
            near(Result(name="sum of the terms", value=float(terms.total), known=float(whole), unit="nats",
                        known_name="the bound by matrices of whole paths"), _EXACT),
            agreement("each term by drawn paths", exact, drawn),
            _least_result(), _weight_result(),
            at_most(Result(name="standard deviation of −L′ₜ with the mean over xₜ₋₁ in closed form, over without: "
                                "the largest of all t", value=float(parts.max()), n=draws, known=1.0,
                           known_name="the law of total variance"), 1.0),
            *_point_results(costs)),
        figures=(_terms_figure(context, model, x0, exact), points_figure(context, costs)),
        tables=(terms_table(names, exact, drawn, whole),),
        text=(*_text(costs), _variation_text(parts, together)),
    )


def least_terms(chain: Chain) -> Tensor:
    """The mean of L'_t over the data of the example at the chain's kernels, t = 2 … T.

    L'_t is a sum of one square of each coordinate of x0, so the mean over two points, one standard deviation to either
    side, is that over the normal.
    """
    data = example_data()
    both = [chain.denoising(data.mean + sign * data.variance.sqrt()).steps for sign in (-1, 1)]
    return -torch.stack(both).mean(0)


def _least_result() -> Result:
    """That the least of Σ L'_t over the data is a difference of two informations."""
    data, chain = example_data(), exact_chain(example_data(), end=standard(2))
    noise = [1 - math.prod(1 - beta for beta in betas) for betas in (BETAS[:1], BETAS)]
    laws = chain.laws(data)
    first, last = (0.5 * float((law.variance / v).log().sum()) for law, v in zip((laws[1], laws[-1]), noise,
                                                                                 strict=True))
    return near(Result(name="Σ L′ₜ over the data at the best kernels, q(xₜ₋₁ | xₜ)", known=first - last, unit="nats",
                       value=float(least_terms(chain).sum()),
                       known_name="I(x₀; first state) − I(x₀; last state), which is not 0",
                       formula="E L′ₜ = I(x₀; xₜ₋₁ | xₜ) + E KL(q(xₜ₋₁ | xₜ), p(xₜ₋₁ | xₜ))"), _EXACT)


def _weight_result() -> Result:
    """That with the small variance L'_t is the likelihood bound's weight times the squared error of x̂0."""
    schedule = VariancePreserving(torch.tensor(BETAS, dtype=torch.float64))
    x0 = torch.tensor(POINT, dtype=torch.float64)
    guess = torch.tensor([0.3, 0.5], dtype=torch.float64)  # what the model takes x_0 for, whatever x_t is
    chain = exact_chain(example_data())
    model = Chain(chain.forward, chain.turned(point(guess)), chain.end)
    found = -model.denoising(x0).steps
    weight = loss.elbo(schedule)
    error, count = (x0 - guess).square().sum(), len(BETAS)
    known = torch.stack([torch.as_tensor(weight(schedule.level(t / count), data_row)) * error / count
                         for t in range(2, count + 1)])
    return at_most(Result(name="L′ₜ of a model with the small variance, beside ½ (SNR(t − 1) − SNR(t)) "
                               "E‖x₀ − x̂₀‖²", value=float((found / known - 1).abs().max()), known=0.0, n=len(known),
                          known_name="the weight that this program trains with; largest relative distance of all t"),
                   _EXACT)


def variation(model: Chain, states: Sequence[Tensor]) -> tuple[Tensor, float]:
    """Standard deviation with the mean over x_{t−1} taken in closed form, over that without.

    Of each term t = 2 … T by itself, and of the sum over whole paths.
    """
    turned, drawn = model.turned(point(states[0][0])), drawn_denoising(model, states)
    inner = torch.stack([-turned[t].at(states[t + 1]).divergence(model.backward[t].at(states[t + 1]))
                         for t in range(1, len(turned))])
    whole = (drawn[0] + inner.sum(0)).std() / drawn_surgery(model, states).sum(0).std()
    return inner.std(1) / drawn[1:-1].std(1), float(whole)


def _point_results(costs: dict[int, two_points.Cost]) -> list[Result]:
    levels = two_points.chain(1)
    known = two_points.information(levels[0]) - two_points.information(levels[-1])
    off = max(abs(cost.least - cost.shape - known) for cost in costs.values())
    fine, finer = (costs[steps] for steps in COUNTS[-2:])
    orders = [math.log2(getattr(fine, name) / getattr(finer, name)) for name in ("shape", "small")]
    return [
        at_most(Result(name="two points: Σ L′ₜ less the normals' error of shape, beside the informations", value=off,
                       known=0.0, unit="nats", n=len(costs), known_name="I(x₀; first state) − I(x₀; last state), by "
                                                                        "quadrature of other densities; largest "
                                                                        "distance"), 1e-8),
        near(Result(name="two points: order of the normals' error in the number of steps, best variance", known=2.0,
                    value=orders[0], known_name="a skewness of order 3/2 in β, squared, T times"), _ORDER),
        near(Result(name="the same with the small variance", value=orders[1], known=1.0,
                    known_name="a variance that is off by a factor 1 + O(β), squared, T times"), _ORDER),
    ]


@styled()
def _terms_figure(context: Context, model: Chain, x0: Tensor, exact: Tensor) -> Figure:
    figure, (axes,) = canvas(7.6, 3.6)
    names = (r"$\log p(x_0|x_1)$", *(f"$-L'_{t}$" for t in range(2, len(exact))), "$C$")
    waterfall(axes, names, exact, float(model.log_density(x0)))
    return context.figure(
        figure, "s3-15-terms",
        caption="The same bound as in S3.9, in terms of which each after the first is minus a divergence: no step can "
                "win, and how much each loses can be read off.",
        alt="Bars that all go down from 0 to the bound, which lies below a dashed line")


def _text(costs: dict[int, two_points.Cost]) -> tuple[str, ...]:
    few, many = costs[COUNTS[0]], costs[COUNTS[-1]]
    levels = two_points.chain(1)
    known = two_points.information(levels[0]) - two_points.information(levels[-1])
    return (
        "Each term is minus a divergence of two laws of the same state, which is told the same xₜ; only the target is "
        "told x₀ as well. No kernel can be the target of every x₀, so over the data the terms do not go to 0: at the "
        "best kernels they sum to what x₁ says of x₀ and the last state does not. For data that are −1 or 1, and log "
        f"SNR from {two_points.SPAN[0]:g} to {number(two_points.SPAN[1])}, that is {number(known)} nats, however many "
        "steps.",
        "On top of it comes what a normal kernel lacks, since q(xₜ₋₁ | xₜ) of such data is a sum of two normals: "
        f"{number(few.shape, 3)} nats over {COUNTS[0]} steps, {number(many.shape, 2)} over {COUNTS[-1]}. With the "
        "variance of the target in place of the best one it is "
        f"{number(few.small, 3)} and {number(many.small, 2)}. Small steps are what makes normal kernels enough.",
    )


def _variation_text(parts: Tensor, together: float) -> str:
    return ("A divergence of two normals is known, so the mean over xₜ₋₁ need not be drawn. That makes each term "
            f"vary less, here {number(float(parts.min()), 2)} to {number(float(parts.max()), 2)} times as much, and "
            "training draws one term at a time. It is another matter for all terms of one path together: those of S3.9 "
            "make up for each other, and where the model is the exact reversal their sum does not vary at all. With "
            f"the divergences in closed form the sum varies {number(together, 2)} times as much here.")


DENOISING = Written(
    number="S3.15",
    title="What the denoising terms do",
    statement=r"The bound of S3.9 can also be written $\mathbb{E}_{q(x_1 \mid x_0)}[\log p_\theta(x_0 \mid x_1)] - "
              r"\sum_{t=2}^T \mathcal{L}'_t + C$ with $\mathcal{L}'_t = \mathbb{E}_{q(x_t \mid "
              r"x_0)}\left[\mathrm{KL}\left(q(x_{t-1} \mid x_t, x_0) \,\|\, p_\theta(x_{t-1} \mid x_t)\right)\right]$. "
              r"Why, and what is the effect of $\mathcal{L}'_t$ on the denoising step $p_\theta(x_{t-1} \mid x_t)$?",
    derivation=(
        r"For $t \ge 2$, Bayes' rule turns a step of the noise around (S3.14):",
        r"""$$q(x_t \mid x_{t-1}) = \frac{q(x_{t-1} \mid x_t, x_0)\, q(x_t \mid x_0)}{q(x_{t-1} \mid x_0)}$$""",
        r"In the product over $t$ the factors $q(x_t \mid x_0)$ stand once above and once below the line, and all but "
        r"the last cancel; $q(x_1 \mid x_0)$ of the first step cancels too:",
        r"""$$\begin{align*}
q(x_{1:T} \mid x_0) &= q(x_1 \mid x_0) \prod_{t=2}^T
\frac{q(x_{t-1} \mid x_t, x_0)\, q(x_t \mid x_0)}{q(x_{t-1} \mid x_0)} \\
&= q(x_T \mid x_0) \prod_{t=2}^T q(x_{t-1} \mid x_t, x_0)
\end{align*}$$""",
        "Now both chains run backward, and their factors belong together as they stand:",
        r"""$$\log \frac{p_\theta(x_{0:T})}{q(x_{1:T} \mid x_0)} = \log p_\theta(x_0 \mid x_1)
+ \sum_{t=2}^T \log \frac{p_\theta(x_{t-1} \mid x_t)}{q(x_{t-1} \mid x_t, x_0)}
+ \log \frac{p(x_T)}{q(x_T \mid x_0)}$$""",
        r"Take the mean over $q(x_{1:T} \mid x_0)$, for each term first over $x_{t-1}$ given $x_t$ and $x_0$, then "
        r"over $x_t$. The inner mean is minus a divergence, so the sum is that of the statement, with $C = "
        r"-\mathrm{KL}\left(q(x_T \mid x_0) \,\|\, p(x_T)\right)$, which has no parameters.",
        r"Here both laws are of the same state and are told the same $x_t$. $\mathcal{L}'_t \ge 0$, and to raise the "
        r"bound is to lower it: the denoising step is pulled to $q(x_{t-1} \mid x_t, x_0)$, the step back that one "
        r"would take if one knew where $x_t$ came from. For a single $x_0$ it is 0 where the two are equal.",
        r"But the step is not told $x_0$. Averaged over the data, add and subtract $\log q(x_{t-1} \mid x_t)$; the "
        r"definition of the conditional mutual information gives",
        r"""$$\begin{align*}
\mathbb{E}_{q(x_0)}\left[\mathcal{L}'_t\right]
&= \mathbb{E}\left[\log \frac{q(x_{t-1} \mid x_t, x_0)}{q(x_{t-1} \mid x_t)}\right]
+ \mathbb{E}\left[\log \frac{q(x_{t-1} \mid x_t)}{p_\theta(x_{t-1} \mid x_t)}\right] \\
&= I(x_0; x_{t-1} \mid x_t)
+ \mathbb{E}_{q(x_t)}\left[\mathrm{KL}\left(q(x_{t-1} \mid x_t) \,\|\, p_\theta(x_{t-1} \mid x_t)\right)\right]
\end{align*}$$""",
        r"So the best step is $q(x_{t-1} \mid x_t)$, as in S3.10: the mean of the targets over the $x_0$ from which "
        r"$x_t$ can have come. What is left then is not 0. What the pair $x_{t-1}, x_t$ tells of $x_0$ is $I(x_0; x_t) "
        r"+ I(x_0; x_{t-1} \mid x_t)$; and it is $I(x_0; x_{t-1})$ alone, since $x_t$ is $x_{t-1}$ with noise that "
        r"knows nothing of $x_0$. So each term is a difference, and the sum of all terms is at least",
        r"$$\sum_{t=2}^T I(x_0; x_{t-1} \mid x_t) = \sum_{t=2}^T \left( I(x_0; x_{t-1}) - I(x_0; x_t) \right) = "
        r"I(x_0; x_1) - I(x_0; x_T)$$",
        r"As a loss: the target is normal with mean $\tilde{\mu}_t$ and variance $\tilde{\beta}_t$ (S4.7). Give the "
        r"step the same variance and the mean $\tilde{\mu}_t(x_t, \hat{x}_0)$ with a guess $\hat{x}_0$ for $x_0$. The "
        r"divergence of two normals of one variance is the squared distance of their means over $2 \tilde{\beta}_t$, "
        r"and these differ by $\sqrt{\bar{\alpha}_{t-1}}\, \beta_t / (1 - \bar{\alpha}_t)$ times $x_0 - \hat{x}_0$:",
        r"""$$\begin{align*}
\mathcal{L}'_t &= \frac{1}{2 \tilde{\beta}_t} \cdot \frac{\bar{\alpha}_{t-1} \beta_t^2}{(1 - \bar{\alpha}_t)^2}\,
\mathbb{E}\left[\lVert x_0 - \hat{x}_0 \rVert^2\right]
= \frac{\bar{\alpha}_{t-1} - \bar{\alpha}_t}{2 (1 - \bar{\alpha}_{t-1})(1 - \bar{\alpha}_t)}\,
\mathbb{E}\left[\lVert x_0 - \hat{x}_0 \rVert^2\right] \\
&= \frac{1}{2} \left(\mathrm{SNR}(t-1) - \mathrm{SNR}(t)\right) \mathbb{E}\left[\lVert x_0 - \hat{x}_0 \rVert^2\right],
\qquad \mathrm{SNR}(t) = \frac{\bar{\alpha}_t}{1 - \bar{\alpha}_t}
\end{align*}$$""",
        r"with $\tilde{\beta}_t = \beta_t (1 - \bar{\alpha}_{t-1})/(1 - \bar{\alpha}_t)$ and $\bar{\alpha}_{t-1} "
        r"\beta_t = \bar{\alpha}_{t-1} - \bar{\alpha}_t$. The denoising step learns to guess the clean point; with "
        r"$x_0 - \hat{x}_0 = -\sqrt{(1 - \bar{\alpha}_t)/\bar{\alpha}_t}\,(\varepsilon - \hat{\varepsilon})$, the "
        r"noise.",
    ),
    source="problem 4.7; Ho et al. 2020, Eq. 5, Eq. 12 and Appendix A; Kingma et al. 2021, Eq. 13",
    carried=(("diffusion.loss.elbo", "diffusion/test_loss.py::"
              "test_elbo_weight_is_the_weighted_noise_loss_of_ddpm_with_the_small_variance"),
             ("diffusion.samplers.ddpm.posterior", "diffusion/samplers/test_ddpm.py::test_the_posterior_is_bayes_rule"),
             ("studies.written.denoising_terms.least_terms", "studies/written/test_denoising_terms.py::"
              "test_over_the_data_the_terms_sum_to_a_difference_of_informations")),
    check=check_denoising,
)
