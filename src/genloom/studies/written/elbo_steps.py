"""S3.10: what the terms of S3.9 do to the reverse kernels, and where each is largest."""

from itertools import accumulate
from typing import NamedTuple

import torch

from genloom.report.figures import COLORS, DASHED, GRAY, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, number
from genloom.report.plots import array
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.bound_terms import POINT, low
from genloom.studies.written.gaussian_chain import (
    Chain,
    Kernel,
    Law,
    exact_chain,
    example_data,
    expected_log,
    point,
    standard,
    wrong_chain,
)
from genloom.studies.written.proof import Checked, Written

DRAWS = 1 << 16
STEP = 4
"""t of the kernel p(x_t | x_{t+1}) that is fitted."""
_PAIR = (f"x{low(STEP)}", f"x{low(STEP + 1)}")
_REVERSED, _TOLD, _FORWARD = "q(xₜ | xₜ₊₁)", "q(xₜ | xₜ₊₁, x₀)", "q(xₜ | xₜ₋₁)"
_FAR = 4.5  # standard errors
_EXACT = 1e-10


class Fit(NamedTuple):
    """A kernel found by raising L_t on draws.

    kernel   of x_t given x_{t+1}
    way      L_t after each evaluation
    off      the farthest of its parameters from those of `known`, in standard errors
    """

    kernel: Kernel
    known: Kernel
    way: list[float]
    off: float


def check_steps(context: Context, draws: int = DRAWS) -> Checked:
    """Kernels that are fitted by raising L_t, beside q(x_t | x_{t+1}); what the printed answer would cost."""
    data, chain = example_data(), exact_chain(example_data(), end=standard(2))
    over_data = fitted(chain, data, draws, context.seed)
    one = fitted(chain, point(torch.tensor(POINT, dtype=torch.float64)), draws, context.seed)
    return Checked(
        results=(*_fit_results(over_data, one, draws), *_value_results(chain, data)),
        figures=(_steps_figure(context, chain, over_data, one),),
        tables=(_kernels_table(chain, over_data, one),),
        text=_steps_text(chain, data, over_data, one),
    )


def fitted(chain: Chain, start: Law, draws: int, seed: int) -> Fit:
    """The best normal kernel for x_t given x_{t+1} by gradients of L_t, on drawn pairs, from N(x_{t+1}, I)."""
    states = chain.walk(start, draws, generator(seed, 310))
    earlier, later = states[STEP], states[STEP + 1]
    entropy = chain.forward[STEP - 1].entropy
    one = torch.ones(2, dtype=torch.float64)
    parts = [part.clone().requires_grad_() for part in (one, 0 * one, 0 * one)]
    optimizer = torch.optim.LBFGS(parts, max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-15,
                                  line_search_fn="strong_wolfe")
    way: list[float] = []

    def loss() -> float:
        optimizer.zero_grad()
        value = -(Kernel(parts[0], parts[1], parts[2].exp()).at(later).log_density(earlier).mean() + entropy)
        value.backward()  # type: ignore[no-untyped-call]
        way.append(-value.item())
        return value.item()

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    slope, shift, log_variance = (part.detach() for part in parts)
    known = chain.turned(start)[STEP]
    return Fit(Kernel(slope, shift, log_variance.exp()), known, way,
               _off(Kernel(slope, shift, log_variance.exp()), known, chain.laws(start)[STEP + 1], draws))


def _off(kernel: Kernel, known: Kernel, law: Law, draws: int) -> float:
    """By the standard errors of a regression on inputs of this law."""
    errors = Kernel((known.variance / law.variance / draws).sqrt(),
                    (known.variance * (1 + law.mean.square() / law.variance) / draws).sqrt(),
                    known.variance * (2 / draws) ** 0.5)
    return max(float(((a - b).abs() / error).max()) for a, b, error in zip(kernel, known, errors, strict=True))


def _fit_results(over_data: Fit, one: Fit, draws: int) -> list[Result]:
    return [at_most(Result(name=f"slope, shift and variance that raise L{low(STEP)} the most, {where}: the farthest "
                                f"from {law}", value=fit.off, known=0.0, n=draws, unit="standard errors",
                           known_name="by Bayes' rule", tolerance=f"all within {_FAR} standard errors"), _FAR)
            for where, law, fit in (("over the data", _REVERSED, over_data), ("for one x₀", _TOLD, one))]


def _value_results(chain: Chain, data: Law) -> list[Result]:
    best, wrong = chain.surgery(data).steps, wrong_chain(data).surgery(data).steps
    laws, others = chain.laws(data), wrong_chain(data).backward
    spans = range(1, len(chain.forward))
    highest = torch.stack([chain.forward[t - 1].entropy - chain.backward[t].entropy for t in spans])
    lost = torch.stack([chain.backward[t].divergence(others[t], laws[t + 1]) for t in spans])
    own = point(torch.tensor(POINT, dtype=torch.float64))
    single = Chain(chain.forward, _with_decoder(chain, own), chain.end).surgery(own).steps
    return [
        at_most(Result(name=f"Lₜ at {_REVERSED} and the difference of two entropies: the largest distance of all t",
                       value=float((best - highest).abs().max()), known=0.0, unit="nats", n=len(best),
                       known_name="max Lₜ = H(xₜ | xₜ₋₁) − H(xₜ | xₜ₊₁)"), _EXACT),
        at_most(Result(name=f"what other kernels lose of it, beside their divergence from {_REVERSED}",
                       value=float((best - wrong - lost).abs().max()), known=0.0, unit="nats", n=len(best),
                       known_name="E KL(q(xₜ | xₜ₊₁), p(xₜ | xₜ₊₁))"), _EXACT),
        at_least(Result(name=f"what the printed optimum, the kernel of {_FORWARD}, loses of L{low(STEP)}",
                        value=printed_loss(chain, data), known=0.0, unit="nats", known_name="an optimum loses nothing",
                        tolerance="at least 0.1"), 0.1),
        at_least(Result(name="the largest Lₜ of all, for one x₀ and its best kernels", value=float(single.max()),
                        known=0.0, unit="nats", known_name="printed: always negative",
                        tolerance="above 0 by at least 0.1"), 0.1),
    ]


def printed_loss(chain: Chain, data: Law) -> float:
    """By how much L_t falls where p(x_t | x_{t+1}) is the kernel of q(x_t | x_{t−1}), of the state that it has."""
    laws, forward = chain.laws(data), chain.forward
    return float(expected_log(chain.backward[STEP], laws[STEP], forward[STEP])
                 - expected_log(forward[STEP - 1], laws[STEP], forward[STEP]))


def _with_decoder(chain: Chain, start: Law) -> tuple[Kernel, ...]:
    """The best kernels for one x_0; the first, which would have no variance, is left as it is."""
    return (chain.backward[0], *chain.turned(start)[1:])


def _kernels_table(chain: Chain, over_data: Fit, one: Fit) -> Table:
    rows = []
    for name, kernel in (("fitted over the data", over_data.kernel), (_REVERSED, over_data.known),
                         ("fitted for one x₀", one.kernel), (_TOLD, one.known),
                         (f"printed: {_FORWARD}", chain.forward[STEP - 1])):
        rows.append((name, *(", ".join(number(value, 4) for value in part.tolist()) for part in kernel)))
    return Table(header=("kernel", "slope", "shift", "variance"), rows=tuple(rows),
                 caption=f"Kernels of {_PAIR[0]} given {_PAIR[1]}, in both coordinates.")


@styled()
def _steps_figure(context: Context, chain: Chain, over_data: Fit, one: Fit) -> Figure:
    figure, (left, right) = canvas(9.0, 3.6, 1, 2)
    states = chain.walk(example_data(), 700, generator(context.seed, 311))
    left.scatter(array(states[STEP + 1][:, 0]), array(states[STEP][:, 0]), s=5, color=GRAY, alpha=0.5, linewidths=0)
    line = torch.linspace(-2, 3, 2, dtype=torch.float64)
    for name, kernel, color, style in (("fitted over the data", over_data.kernel, COLORS[0], "-"),
                                       ("fitted for one $x_0$", one.kernel, COLORS[2], "-"),
                                       ("printed optimum", chain.forward[STEP - 1], COLORS[1], "--")):
        left.plot(array(line), array(kernel.slope[0] * line + kernel.shift[0]), color=color, linestyle=style,
                  label=name)
    left.set(xlabel=f"$x_{STEP + 1}$, first coordinate", ylabel=f"$x_{STEP}$")
    left.legend(loc="upper left")
    best = float(chain.surgery(example_data()).steps[STEP - 1])
    tries = range(len(over_data.way))
    right.plot(tries, over_data.way, linestyle="", marker="o", color=COLORS[0], label=f"$L_{STEP}$ of a kernel tried")
    right.plot(tries, list(accumulate(over_data.way, max)), color=COLORS[0], drawstyle="steps-post",
               label="best so far")
    right.axhline(best, color=KNOWN, linestyle=DASHED, linewidth=1.1, label="difference of the entropies")
    right.axhline(best - printed_loss(chain, example_data()), color=COLORS[1], linestyle="--", linewidth=1.1,
                  label="printed optimum")
    right.set(xlabel="evaluation", ylabel="nats", ylim=(best - 1, best + 0.15))  # far below are tries too
    right.legend(loc="lower right")
    return context.figure(
        figure, "s3-10-kernel",
        caption=f"Left: pairs that the noise makes from the data, and the means of three kernels of {_PAIR[0]} given "
                f"{_PAIR[1]}. Right: L{low(STEP)} while slope, shift and variance are fitted to such pairs.",
        alt="Left, a cloud of points with a line through its middle and two others; right, a rising curve that ends on "
            "a dashed line, above another one")


def _steps_text(chain: Chain, data: Law, over_data: Fit, one: Fit) -> tuple[str, ...]:
    best = float(chain.surgery(data).steps[STEP - 1])
    return (
        f"A normal kernel whose slope, shift and variance are fitted by gradients of L{low(STEP)} alone, on pairs "
        f"({', '.join(_PAIR)}) that the noise makes, ends at {_REVERSED}, the reversal of the noise: the value that it "
        f"reaches on these pairs, {number(over_data.way[-1], 3)} nats, is the difference of two entropies, "
        f"{number(best, 3)}. Fitted to the pairs of one x₀ it ends at {_TOLD}, which is narrower, and of no use to a "
        f"model that is not told x₀: its value there is {number(one.way[-1], 3)}.",
        f"The kernel of {_FORWARD} adds noise. As a reverse kernel, of the state that a reverse kernel is given, it "
        f"would lose {number(printed_loss(chain, data))} nats in this one step.",
    )


STEPS = Written(
    number="S3.10",
    title="What the terms of the bound do",
    statement=r"In the bound of S3.9, what is the effect of $\mathcal{L}_t$ on the reverse kernel "
              r"$p_\theta(x_t \mid x_{t+1})$ when the bound is raised, and why? When is this term least?",
    derivation=(
        r"Only one half of $\mathcal{L}_t$ has parameters. The other half is the entropy of one step of the noise, "
        r"which is the same whatever the model does; $\beta_t = 1 - \alpha_t$ is its variance in each of $D$ "
        r"coordinates:",
        r"""$$\begin{align*}
\mathcal{L}_t &= \mathbb{E}_{q(x_t, x_{t+1} \mid x_0)}\left[\log p_\theta(x_t \mid x_{t+1})\right]
+ H(x_t \mid x_{t-1}) \\
H(x_t \mid x_{t-1}) &= -\mathbb{E}\left[\log q(x_t \mid x_{t-1})\right] = \frac{D}{2} \log(2 \pi e \beta_t)
\end{align*}$$""",
        r"So to raise $\mathcal{L}_t$ is maximum likelihood: the noise makes pairs $(x_t, x_{t+1})$, and the kernel is "
        r"to give the earlier state of a pair a high density when it is told the later one. $\mathcal{L}_t$ itself is "
        r"not a divergence: the two densities of its ratio are told different states, one $x_{t+1}$ and the other "
        r"$x_{t-1}$.",
        r"Where is it largest? Add and subtract the logarithm of the noise's own backward kernel. For one $x_0$ that "
        r"is $q(x_t \mid x_{t+1}, x_0)$:",
        r"""$$\begin{align*}
\mathbb{E}\left[\log p_\theta(x_t \mid x_{t+1})\right] &= \mathbb{E}\left[\log q(x_t \mid x_{t+1}, x_0)\right]
- \mathbb{E}\left[\log \frac{q(x_t \mid x_{t+1}, x_0)}{p_\theta(x_t \mid x_{t+1})}\right] \\
&= -H(x_t \mid x_{t+1}, x_0) - \mathbb{E}_{q(x_{t+1} \mid x_0)}\left[
\mathrm{KL}\left(q(x_t \mid x_{t+1}, x_0) \,\|\, p_\theta(x_t \mid x_{t+1})\right)\right]
\end{align*}$$""",
        r"The model is not told $x_0$, and is trained on all of the data: $\mathcal{L}_t$ is averaged over $q(x_0)$ "
        r"too. Then the pairs have the law $q(x_t, x_{t+1})$, and the same step with $q(x_t \mid x_{t+1})$, which is "
        r"proportional to $q(x_{t+1} \mid x_t)\, q(x_t)$ by Bayes' rule, gives",
        r"""$$\mathbb{E}_{q(x_0)}\left[\mathcal{L}_t\right] = H(x_t \mid x_{t-1}) - H(x_t \mid x_{t+1})
- \mathbb{E}_{q(x_{t+1})}\left[
\mathrm{KL}\left(q(x_t \mid x_{t+1}) \,\|\, p_\theta(x_t \mid x_{t+1})\right)\right]$$""",
        r"The first two terms are fixed, and a divergence is never negative. Hence $\mathcal{L}_t$ is largest where "
        r"the divergence is 0: at $p_\theta(x_t \mid x_{t+1}) = q(x_t \mid x_{t+1})$, the exact reversal of this step "
        r"of the noise. That is its effect: each kernel is pulled to undo one step of the noise, on the states that "
        r"the noise visits.",
        r"A normal kernel $\mathcal{N}(\mu(x_{t+1}), v I)$ makes this a regression. $\log p_\theta$ is $-\frac{1}{2 v} "
        r"\lVert x_t - \mu \rVert^2 - \frac{D}{2} \log(2 \pi v)$, so the best mean is $\mathbb{E}[x_t \mid x_{t+1}]$, "
        r"and the best variance is the mean squared residual in each coordinate. Where $q(x_t \mid x_{t+1})$ is not "
        r"normal, these are its moments, and the divergence that is left is that of its shape.",
        r"The largest value is a difference of two entropies and may have either sign. For one $x_0$ and its own best "
        r"kernel it is $\frac{D}{2} \log \frac{\beta_t}{v_t}$ with $v_t = \beta_{t+1} (1 - \bar{\alpha}_t) / "
        r"(1 - \bar{\alpha}_{t+1})$, which is positive wherever $v_t < \beta_t$.",
        r"When is the term least? As a loss, which is $-\mathcal{L}_t$, it is least at the best kernel, $q(x_t \mid "
        r"x_{t+1})$. $\mathcal{L}_t$ itself has no least value: a kernel that is narrow and in the wrong place has one "
        r"as low as one likes.",
    ),
    erratum=r"It reads $\mathcal{L}_t$ as minus a divergence from $q(x_t \mid x_{t-1})$, concludes that it is always "
            r"negative and has to be minimised, and that the reverse kernel should become $q(x_t \mid x_{t-1})$. Its "
            r"KL compares laws of different states. $\mathcal{L}_t$ is maximised, the optimum is $q(x_t \mid "
            r"x_{t+1})$, and the value there can be positive. A reverse kernel that equals the forward one would add "
            r"noise; the check has what that costs.",
    source="problem 4.2; Sohl-Dickstein et al. 2015, section 2.4; Gibbs' inequality",
    carried=(("studies.written.elbo_steps.fitted", "studies/written/test_elbo_steps.py::"
              "test_raising_the_term_on_draws_finds_the_reversal_of_the_noise"),
             ("diffusion.samplers.ddpm.posterior", "diffusion/samplers/test_ddpm.py::"
              "test_the_posterior_is_bayes_rule")),
    check=check_steps,
)
