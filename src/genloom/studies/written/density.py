"""S4.5: whether the density of a diffusion model can be had: not from the chain, but from its probability flow."""

import torch
from torch import Tensor

from genloom.diffusion.likelihood import elbo
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.prior import OraclePrior
from genloom.diffusion.probability_flow import ode_log_likelihood
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import array, convergence
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context, Trained
from genloom.studies.written.density_ways import (
    CELLS,
    SMOOTH,
    Cells,
    Points,
    exact_gaps,
    filled_cells,
    fresh_points,
    log10_draws,
    model_of,
    naive,
    trained,
)
from genloom.studies.written.proof import Checked, Written

STEPS = (100, 200, 400, 800, 1600)
"""T of the bounds of the exact denoiser."""
DRAWS, FRESH, BOUND_DRAWS, EXACT_DRAWS, NAIVE = 16_384, 256, 1 << 13, 1 << 18, 1 << 20
_INSIDE = ((0.0, 0.0), (0.6, -0.3), (-0.9, 0.9), (1.0, 0.0), (1.01, 0.5))
_FLOW, _MASS, _ORDER, _FAR = 1e-6, 0.01, 0.05, 4.5
_DIMS = ((2, "a point in the plane"), (64, "an 8 × 8 digit"), (784, "MNIST"), (3072, "32 × 32 in colour"))


def check_density(context: Context, steps: int | None = None, fresh: int = FRESH, draws: int = DRAWS) -> Checked:
    """The flow's density of a trained model held against its own draws and the data, and the bound beside it.

    steps   of training, where they are not those of the recipe
    """
    free = trained(context, steps)
    oracle = model_of(free)[0].oracle
    gaps = exact_gaps(oracle, STEPS, EXACT_DRAWS, context.seed)
    points = fresh_points(free, fresh, BOUND_DRAWS, context.seed)
    return Checked(
        results=(*_exact_results(oracle, gaps, context.seed), *_cell_results(filled_cells(free, draws, context.seed)),
                 *_data_results(points)),
        figures=(_figure(context, free, gaps),),
        tables=(_draws_table(oracle),),
        text=_text(points, gaps),
    )


def _exact_results(oracle: Oracle, gaps: list[float], seed: int) -> list[Result]:
    points = torch.tensor(_INSIDE, dtype=torch.float64)
    error = ode_log_likelihood(oracle, points, OraclePrior(oracle)) - oracle.log_density(points, 0.0)
    logs = torch.log(torch.tensor(STEPS, dtype=torch.float64)), torch.log(torch.tensor(gaps, dtype=torch.float64))
    x, y = (each - each.mean() for each in logs)
    p, (estimate, spread) = float(oracle.log_density(points[:1], 0.0).exp()), naive(oracle, NAIVE, seed)
    return [
        at_most(Result(name="exact denoiser: log p by the flow less log p in closed form, the largest of all points",
                       value=float(error.abs().max()), known=0.0, n=len(points), unit="nats",
                       known_name="the blurred square"), _FLOW),
        near(Result(name="exact denoiser: order in 1/T at which the bound nears log p", value=float(-(x @ y) / (x @ x)),
                    known=1.0, known_name="sums over T levels for an integral", n=EXACT_DRAWS), _ORDER),
        near(Result(name="p in the middle as a mean of decoder densities over draws", value=estimate, known=p, n=NAIVE,
                    known_name="closed form; the error is nearly √(p/(4πσ²N))",
                    interval=(estimate - 1.96 * spread, estimate + 1.96 * spread),
                    tolerance="within 4.5 standard errors"), _FAR * spread),
    ]


def _cell_results(cells: Cells) -> list[Result]:
    return [
        near(Result(name="trained model: the flow's density integrates to", value=float(cells.mass.sum()), known=1.0,
                    known_name=f"a density, whatever the network; at σ = {SMOOTH}", n=CELLS**2), _MASS),
        at_most(Result(name=f"its probabilities of {CELLS}×{CELLS} cells, and the shares of its own draws there: "
                            "the farthest apart", value=cells.farthest, known=0.0, n=cells.draws,
                       unit="standard errors", known_name="the flow's draws have the flow's density",
                       tolerance=f"all within {_FAR} standard errors"), _FAR),
    ]


def _data_results(points: Points) -> list[Result]:
    results = []
    for name, by in (("its flow", points.flow), ("its bound", points.bound)):
        gap, error = points.below(by)
        results.append(at_least(Result(
            name=f"mean over fresh data of exact log p less log p by {name}", value=gap, known=0.0, n=len(by),
            unit="nats", known_name="no density has a larger mean than the data's own",
            interval=(gap - 1.96 * error, gap + 1.96 * error),
            tolerance="above 0, but for 4.5 standard errors"), -_FAR * error))
    return results


def _draws_table(oracle: Oracle) -> Table:
    sigma = float(oracle.schedule.level(0.0).sigma)
    return Table(header=("data", "coordinates", "draws"),
                 rows=tuple((name, str(dim), f"10^{log10_draws(dim, sigma):.0f}") for dim, name in _DIMS),
                 caption="Draws from the chain for which the mean of decoder densities has an error of 10 %, for a "
                         f"decoder with σ(0) = {number(sigma, 2)} and even data in [−1, 1].")


@styled()
def _figure(context: Context, free: Trained, gaps: list[float]) -> Figure:
    figure, (left, right) = canvas(9.2, 3.6, 1, 2)
    experiment, denoiser, prior = model_of(free)
    line = torch.linspace(-1.3, 1.3, 61)
    along = torch.stack((line, torch.zeros_like(line)), 1)
    flow = ode_log_likelihood(denoiser, along, prior, tolerance=1e-3)
    curves: list[tuple[str, Tensor, str]] = [("model, flow", flow, COLORS[0]),
                                             ("model, bound", elbo(denoiser, along, prior, draws=1 << 12).total,
                                              COLORS[1])]
    for name, values, color in curves:
        left.plot(array(line), array(values), color=color, label=name)
    left.plot(array(line), array(experiment.oracle.log_density(along.double(), 0.0)), color=KNOWN, linestyle=DASHED,
              linewidth=1.2, label="exact")
    left.set(ylim=(-14, 1), xlabel="first coordinate; the second is 0", ylabel="log p, nats")
    left.legend(loc="lower center")
    convergence(right, list(STEPS), {"log p − bound": gaps}, {"log p − bound": 1})
    right.set(xlabel="T", ylabel="nats")
    return context.figure(
        figure, "s4-5-density", run=free,
        caption="Left: log p of a model that was trained on points in a square, along a line through it. Right: the "
                "exact denoiser's bound in the middle of the square nears log p as 1/T.",
        alt="Left, three plateaus that nearly coincide, with steep walls; right, a falling straight line on "
            "logarithmic axes")


def _text(points: Points, gaps: list[float]) -> tuple[str, ...]:
    (flow, flow_error), (bound, bound_error) = points.below(points.flow), points.below(points.bound)
    return (
        "The chain alone gives a bound. The same network without noise gives a density: it integrates to 1, and the "
        "share of the model's own draws in each cell is the cell's integral. Over fresh data, log p by the flow is "
        f"{number(flow, 2)} ± {number(1.96 * flow_error, 1)} nats below the exact one, which is an estimate of the "
        f"model's divergence from the data; the bound is {number(bound, 2)} ± {number(1.96 * bound_error, 1)} below.",
        f"With the exact denoiser nothing is lost by the model, and the bound is {number(gaps[0], 2)} nats low with "
        f"{STEPS[0]} steps and {number(gaps[-1], 2)} with {STEPS[-1]}: what it lacks is the price of steps. Flow and "
        "chain are two models, though they share a network: with an exact score both have the density of the data, "
        "with a wrong score each has its own, and it is the chain's log p that the bound is below.",
    )


DENSITY = Written(
    number="S4.5",
    title="Whether the density can be had",
    statement=r"Generative models are compared by the likelihood, or density, $p_\theta(x_0)$ of test points. Can a "
              r"diffusion model's be estimated directly?",
    derivation=(
        r"Not from the chain. Its density is an integral over all noisy states, of $T \cdot D$ dimensions and through "
        r"a network in every step, for which there is no closed form:",
        r"$$p_\theta(x_0) = \int p(x_T) \prod_{t=1}^T p_\theta(x_{t-1} \mid x_t)\,\mathrm{d}x_{1:T}$$",
        r"It can be written as a mean over draws of the chain, $p_\theta(x_0) = \mathbb{E}[p_\theta(x_0 \mid x_1)]$, "
        r"and a mean can be estimated without bias. But the last step is narrow. Say it is normal with variance "
        r"$\sigma^2$, and the density is nearly $p$ as far as $\sigma$ reaches. Since the square of a normal density "
        r"is $(4 \pi \sigma^2)^{-D/2}$ times the normal density of half the variance, the mean square of one draw's "
        r"contribution is $p\,(4 \pi \sigma^2)^{-D/2}$, and the relative variance of a mean of $N$ draws is",
        r"$$\frac{1}{N} \left(\frac{1}{p\,(4 \pi \sigma^2)^{D/2}} - 1\right)$$",
        r"which grows exponentially with the dimension $D$: nearly every draw is too far from $x_0$ to count. What the "
        r"chain does give is the bound of S4.4. With the exact denoiser its gap is a matter of the steps and goes to 0 "
        r"as $1/T$; with any other, nobody knows how large it is.",
        r"The way out is to take the noise away. Let the states follow $\mathrm{d}x = f\,\mathrm{d}t + "
        r"g\,\mathrm{d}w$ with laws $p_t$. The Fokker–Planck equation says how $p_t$ changes, and with $\nabla p_t = "
        r"p_t \nabla \log p_t$ its second term takes the form of the first:",
        r"""$$\begin{align*}
\frac{\partial p_t}{\partial t} &= -\nabla \cdot (f p_t) + \frac{g^2}{2} \nabla \cdot \nabla p_t \\
&= -\nabla \cdot \left(\left(f - \frac{g^2}{2} \nabla \log p_t\right) p_t\right) = -\nabla \cdot (v\, p_t)
\end{align*}$$""",
        r"That is the equation of mass which is carried along by the velocity $v$, without any noise. So the "
        r"solutions of $\mathrm{d}x/\mathrm{d}t = v(x, t)$, the probability flow, have the same law $p_t$ at every "
        r"time. Along one of them the density can be followed:",
        r"""$$\begin{align*}
\frac{\mathrm{d}}{\mathrm{d}t} \log p_t(x_t) &= \frac{1}{p_t} \left(\frac{\partial p_t}{\partial t}
+ v \cdot \nabla p_t\right) \\
&= \frac{1}{p_t} \left(-v \cdot \nabla p_t - p_t\, \nabla \cdot v + v \cdot \nabla p_t\right) = -\nabla \cdot v(x_t, t)
\end{align*}$$""",
        r"Follow the flow from $x_0$ to its noise $x_1$, whose density is known, and add up:",
        r"$$\log p_0(x_0) = \log p_1(x_1) + \int_0^1 \nabla \cdot v(x_t, t)\,\mathrm{d}t$$",
        r"For $x_t = x_0 + \sigma(t)\, \varepsilon$ there is no drift and $g^2 = \mathrm{d}\sigma^2/\mathrm{d}t$; with "
        r"$\nabla \log p_t = -\mathbb{E}[\varepsilon \mid x_t]/\sigma$ the velocity is "
        r"$v = \mathbb{E}[\varepsilon \mid x_t]\,\mathrm{d}\sigma/\mathrm{d}t$, so that",
        r"$$\log p_0(x_0) = \log p_1(x_1) + \int_{\sigma(0)}^{\sigma(1)} \operatorname{tr} \frac{\partial}{\partial x} "
        r"\mathbb{E}[\varepsilon \mid x_t = x]\,\mathrm{d}\sigma$$",
        r"With a trained network in place of $\mathbb{E}[\varepsilon \mid x_t]$ the integral is the density, up to "
        r"the solver's tolerance, of what the flow of this network draws: of a model, not of the data, and with "
        r"$\sigma(0) > 0$ of points that carry that much noise. The trace takes $D$ backward passes, or one and a "
        r"vector $u$ of random signs, since $\mathbb{E}[u^\top J u] = \operatorname{tr} J$.",
    ),
    erratum=r"It says no, and that the bound can be taken in its place. That is right of the chain; the network that "
            r"was trained for it has a density all the same, that of its probability flow.",
    source="problem 2.2; flow: Song et al. 2021, Eq. 13 and Eq. 39 to 40; Chen et al. 2018, Theorem 1; bound: Kingma "
           "et al. 2021, Eq. 11 to 13; chain and flow as two models: Song, Durkan, Murray & Ermon 2021, section 4",
    carried=(("diffusion.probability_flow.ode_log_likelihood", "diffusion/test_probability_flow.py::"
              "test_exact_likelihood_of_an_oracle_is_its_density"),
             ("diffusion.probability_flow.ode_log_likelihood", "diffusion/test_probability_flow.py::"
              "test_volume_is_counted_for_any_denoiser_not_only_for_gradients"),
             ("diffusion.likelihood.elbo", "diffusion/test_likelihood.py::test_the_bound_of_s2_at_the_origin"),
             ("studies.written.density_ways.relative_variance", "studies/written/test_density_ways.py::"
              "test_the_error_of_a_mean_of_decoder_densities_is_as_expected")),
    check=check_density,
)
