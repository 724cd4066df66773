"""S4.4: the evidence lower bound of a diffusion model, over which law its mean is taken, and what it misses."""

import math

import torch
from torch import Tensor

from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import array, lines
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written import whole_paths
from genloom.studies.written.bound_terms import POINT, drawn_surgery
from genloom.studies.written.gaussian_chain import Chain, Law, exact_chain, example_data, point, standard, wrong_chain
from genloom.studies.written.proof import Checked, Written

DRAWS = 1 << 17
_GRID = 9  # x0 along each axis of the square on which the gap is looked at
_AVERAGED = tuple(4**k for k in range(7))
_EXACT = 1e-10  # nats; rounding is 1e-13


def check_bound(context: Context, draws: int = DRAWS) -> Checked:
    """The bound, its gap and what it becomes with several paths, on a chain whose log p is known."""
    data, x0 = example_data(), torch.tensor(POINT, dtype=torch.float64)
    model, right = wrong_chain(data), exact_chain(data)
    ratios = drawn_surgery(model, model.walk(point(x0), draws, generator(context.seed, 44, 4))).sum(0)
    averaged = averaged_bounds(ratios)
    return Checked(
        results=(*_gap_results(model, right, data), *_drawn_results(model, x0, ratios)),
        figures=(_bound_figure(context, model, right, averaged),),
        text=_bound_text(model, x0, averaged),
    )


def averaged_bounds(ratios: Tensor) -> dict[int, tuple[float, float]]:
    """E log (1/K) Σ p/q over K paths, and its standard error, by K; from log-ratios (N,). [Burda et al. 2016, Eq. 8]"""
    found = {}
    for k in _AVERAGED:
        each = ratios[: len(ratios) // k * k].reshape(-1, k).logsumexp(1) - math.log(k)
        found[k] = (float(each.mean()), float(each.std() / len(each) ** 0.5))
    return found


def _gap_results(model: Chain, right: Chain, data: Law) -> list[Result]:
    points = _square(data).reshape(-1, 2)
    gaps = torch.stack([model.gap(x).total for x in points])
    bounds = torch.stack([whole_paths.bound(model, x) for x in points])
    log_p = model.log_density(points)
    sums = (log_p - bounds - gaps).abs().max()
    tight = torch.stack([(right.log_density(x) - whole_paths.bound(right, x)).abs() for x in points]).max()
    ended = exact_chain(data, end=standard(2))
    entropy = 0.5 * (data.variance.log() + math.log(2 * math.pi) + 1).sum()
    return [
        at_most(Result(name="log p − bound − Σ KL, the largest of all points", value=float(sums), known=0.0,
                       n=len(points), unit="nats", known_name="the gap is the sum of the T divergences, step by step",
                       formula="log p − ELBO = KL of the end + Σ of the mean KL of each step back, given x₀"), _EXACT),
        at_least(Result(name="the smallest gap of the wrong model", value=float((log_p - bounds).min()), known=0.0,
                        n=len(points), unit="nats", known_name="the bound is never above log p"), 0.0),
        at_most(Result(name="the largest gap of the exact reversal of the noise", value=float(tight), known=0.0,
                       n=len(points), unit="nats",
                       known_name="given x₀, model and noise have one law of the noisy states"), _EXACT),
        near(Result(name="exact kernels that start from N(0, I): mean gap over the data and KL(data, model)",
                    value=float(-entropy - ended.surgery(data).total), known=float(right.end.divergence(ended.end)),
                    known_name="KL(law of the last state, N(0, I)): nothing else is wrong", unit="nats"), _EXACT),
    ]


def _drawn_results(model: Chain, x0: Tensor, ratios: Tensor) -> list[Result]:
    exact, log_p = whole_paths.bound(model, x0), model.log_density(x0)
    top = ratios.max()
    weights = (ratios - top).exp()
    estimate = float(weights.mean().log() + top)
    error = float(weights.std() / weights.mean() / len(weights) ** 0.5)
    own = whole_paths.model_paths(model).given_first(x0)
    above = float(log_p + own.divergence(whole_paths.forward_paths(model, x0)))
    mean, spread = float(ratios.mean()), float(ratios.std() / len(ratios) ** 0.5)
    return [
        near(Result(name="the bound by drawn paths", value=mean, known=float(exact), n=len(ratios), unit="nats",
                    known_name="by matrices of whole paths", interval=(mean - 1.96 * spread, mean + 1.96 * spread),
                    tolerance="within 4.5 standard errors"), 4.5 * spread),
        near(Result(name="the logarithm of the mean of the same ratios", value=estimate, known=float(log_p),
                    n=len(ratios), unit="nats", known_name="log p(x₀) of the model",
                    tolerance="within 4.5 standard errors",
                    interval=(estimate - 1.96 * error, estimate + 1.96 * error)), 4.5 * error),
        at_least(Result(name="the same expression, its mean over the model's law of the noisy states given x₀",
                        value=above, known=float(log_p), known_name="log p(x₀), which is now below", unit="nats"),
                 float(log_p)),
    ]


def _square(data: Law) -> Tensor:
    """Points within three standard deviations of the data, (G, G, 2)."""
    line = torch.linspace(-3, 3, _GRID, dtype=torch.float64)
    return data.mean + data.variance.sqrt() * torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)


@styled()
def _bound_figure(context: Context, model: Chain, right: Chain, averaged: dict[int, tuple[float, float]]) -> Figure:
    figure, (left, middle) = canvas(9.0, 3.5, 1, 2)
    data = example_data()
    line = torch.linspace(-3, 3, 61, dtype=torch.float64)
    points = data.mean + data.variance.sqrt() * torch.stack((line, torch.zeros_like(line)), 1)
    bounds = torch.stack([whole_paths.bound(model, x) for x in points])
    lines(left, points[:, 0], {"bound": bounds}, known={"log p of the model": model.log_density(points)},
          xlabel="first coordinate of x₀", ylabel="nats", markers=False)
    left.plot(array(points[:, 0]), array(right.log_density(points)), color=COLORS[2],
              label="bound = log p of the exact reversal")
    left.legend(loc="lower center")
    values = torch.tensor(list(averaged.values()), dtype=torch.float64)
    middle.errorbar(list(averaged), array(values[:, 0]), yerr=array(1.96 * values[:, 1]), marker="o", capsize=3)
    middle.axhline(float(model.log_density(torch.tensor(POINT, dtype=torch.float64))), color=KNOWN, linestyle=DASHED,
                   linewidth=1.1, label="log p")
    middle.set(xscale="log", xlabel="paths K in one logarithm", ylabel="nats")
    middle.legend(loc="lower right")
    return context.figure(
        figure, "s4-4-bound",
        caption="Left: log p and its bound along a line of x₀. The bound of the model that is off stays below its log "
                "p; where the kernels are the exact reversal of the noise there is no gap. Right: at one x₀, the mean "
                "of the logarithm of an average over K paths; K = 1 is the bound.",
        alt="Left, three curves like hills, the dashed one above that of the bound; right, a rising curve that nears "
            "a dashed line")


def _bound_text(model: Chain, x0: Tensor, averaged: dict[int, tuple[float, float]]) -> tuple[str, ...]:
    gap = model.gap(x0)
    return (
        f"The chain of the check has {len(model.forward)} steps in the plane, Gaussian data and a reverse process of "
        "Gaussian kernels that are a little off, so that log p of the model is known and the bound is computed twice: "
        "as one integral over whole paths, which are normal with a matrix for their covariance, and by drawn paths. At "
        f"x₀ = ({', '.join(number(value, 2) for value in x0.tolist())}) log p is {number(float(model.log_density(x0)))}"
        f" and the bound {number(float(model.surgery(point(x0)).total))}.",
        f"The gap of {number(float(gap.total))} is the sum of {len(gap.steps) + 1} divergences between what the noise "
        "does and what the model believes that it did; each is the loss of one step. With 64 paths in one logarithm "
        f"{number(float(model.log_density(x0)) - averaged[64][0], 2)} of it is left. That is cheap in two dimensions: "
        "the paths that are needed grow with the exponential of the gap, which grows with the dimensions.",
    )


BOUND = Written(
    number="S4.4",
    title="The evidence lower bound",
    statement=r"A diffusion model is a chain $p_\theta(x_{0:T}) = p(x_T)\prod_{t=1}^T p_\theta(x_{t-1} \mid x_t)$, and "
              r"the noise is a chain $q(x_{1:T} \mid x_0) = \prod_{t=1}^T q(x_t \mid x_{t-1})$. What is the lower "
              r"bound of $\log p_\theta(x_0)$, and over which law is its mean taken?",
    derivation=(
        r"The density of one $x_0$ is what remains of the joint density when all noisy states are integrated away. "
        r"Multiply and divide by $q(x_{1:T} \mid x_0)$, which is positive everywhere:",
        r"""$$\begin{align*}
p_\theta(x_0) &= \int p_\theta(x_{0:T})\,\mathrm{d}x_{1:T} \\
&= \int q(x_{1:T} \mid x_0)\,\frac{p_\theta(x_{0:T})}{q(x_{1:T} \mid x_0)}\,\mathrm{d}x_{1:T} \\
&= \mathbb{E}_{x_{1:T} \sim q(x_{1:T} \mid x_0)}\left[\frac{p_\theta(x_{0:T})}{q(x_{1:T} \mid x_0)}\right]
\end{align*}$$""",
        "The logarithm is concave, so the logarithm of a mean is at least the mean of the logarithms (Jensen's "
        "inequality):",
        r"""$$\log p_\theta(x_0) \ge \mathbb{E}_{x_{1:T} \sim q(x_{1:T} \mid x_0)}
\left[\log \frac{p_\theta(x_{0:T})}{q(x_{1:T} \mid x_0)}\right] = \mathrm{ELBO}(x_0)$$""",
        r"The mean is over the noisy states $x_1, \ldots, x_T$ that the noise makes of this one $x_0$. The point $x_0$ "
        r"is fixed, and nothing is drawn from the model; that is why the bound can be computed. The noise is easily "
        r"drawn, and both densities of the ratio are products of normal densities that are known.",
        r"What the bound misses can be said exactly. By the definition of a conditional density, $p_\theta(x_{0:T}) = "
        r"p_\theta(x_0)\,p_\theta(x_{1:T} \mid x_0)$, and $p_\theta(x_0)$ does not depend on the states that are "
        r"drawn:",
        r"""$$\begin{align*}
\mathrm{ELBO}(x_0) &= \mathbb{E}_{q(x_{1:T} \mid x_0)}\left[\log p_\theta(x_0)
+ \log \frac{p_\theta(x_{1:T} \mid x_0)}{q(x_{1:T} \mid x_0)}\right] \\
&= \log p_\theta(x_0) - \mathrm{KL}\left(q(x_{1:T} \mid x_0) \,\|\, p_\theta(x_{1:T} \mid x_0)\right)
\end{align*}$$""",
        "A divergence is never negative, which proves the bound once more; it is 0 only where both laws are the same. "
        "So the bound is tight where the model, told the clean point, believes of the noisy states exactly what the "
        "noise does. Whoever raises the bound raises the likelihood, or brings the model's belief closer to the noise.",
        r"Both laws can be taken apart from the end. Given $x_t$ and $x_0$, the state $x_{t-1}$ does not depend on the "
        r"states after $t$, in either chain, so $q(x_{1:T} \mid x_0) = q(x_T \mid x_0) \prod_{t=2}^T q(x_{t-1} \mid "
        r"x_t, x_0)$, and the same with $p_\theta$. The logarithm of the ratio of two products is a sum, and the gap "
        r"becomes one divergence for each step:",
        r"""$$\begin{align*}
\log p_\theta(x_0) - \mathrm{ELBO}(x_0) &= \mathrm{KL}\left(q(x_T \mid x_0) \,\|\, p_\theta(x_T \mid x_0)\right) \\
&\quad + \sum_{t=2}^T \mathbb{E}_{q(x_t \mid x_0)}\left[\mathrm{KL}\left(q(x_{t-1} \mid x_t, x_0) \,\|\,
p_\theta(x_{t-1} \mid x_t, x_0)\right)\right]
\end{align*}$$""",
        r"The law below the mean matters. With $p_\theta(x_{1:T} \mid x_0)$ in place of $q(x_{1:T} \mid x_0)$ the same "
        r"expression is $\log p_\theta(x_0) + \mathrm{KL}\left(p_\theta(x_{1:T} \mid x_0) \,\|\, "
        r"q(x_{1:T} \mid x_0)\right)$, which is above $\log p_\theta(x_0)$: an upper bound, and one that cannot be "
        r"computed. With $q$, but the mean of $K$ ratios inside the logarithm, the bound rises with $K$ to "
        r"$\log p_\theta(x_0)$. For training, the bound is averaged over the data, $x_0 \sim q(x_0)$.",
    ),
    source="problem 2.1 of S4, Eq. 7 of S3; Sohl-Dickstein et al. 2015, Eq. 10; Ho et al. 2020, Eq. 3; several paths: "
           "Burda et al. 2016, Eq. 8",
    carried=(("diffusion.likelihood.elbo", "diffusion/test_likelihood.py::test_a_gaussian_in_closed_form"),
             ("diffusion.likelihood.elbo", "diffusion/test_likelihood.py::"
              "test_the_mean_bound_is_below_minus_the_entropy"),
             ("studies.written.gaussian_chain.Chain", "studies/written/test_gaussian_chain.py::"
              "test_the_gap_is_the_divergence_of_whole_paths")),
    check=check_bound,
)
