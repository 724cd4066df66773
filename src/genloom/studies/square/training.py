"""S2.2 and S2.4: the network that predicts the noise, and how its loss came down to the smallest that is possible."""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from genloom.diffusion.oracle.bayes import bayes_loss
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.schedule import Schedule
from genloom.recipes.judge_points import LOSS_TOLERANCE, judge_loss
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import fixed, near, number
from genloom.report.plots import lines, loss_curve
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.square.draws import Square, one_core, square
from genloom.studies.study import Answer, deliverable
from genloom.training.files import read_rows

_TIMES, _POINTS = 33, 20_000
_TAIL = 0.1  # the part of the run whose mean loss is called the loss at its end


def bayes_loss_at(schedule: Schedule, times: Tensor, nodes: int = 4001) -> Tensor:
    """The smallest possible ε loss at times (L,) for data uniform in [−1, 1]^D and α = 1, by quadrature.

    The coordinates are independent and E[ε | x] = −σ p'(x)/p(x), so that the loss is one minus a Fisher information,

        1 − σ² ∫ p'(x)²/p(x) dx,   p = [Φ((x+1)/σ) − Φ((x−1)/σ)]/2,   p' = [φ((x+1)/σ) − φ((x−1)/σ)]/(2σ)

    The integrand is symmetric; x runs from 0 to 1 + 9σ, even in (x − 1)/σ, by the trapezoidal rule.
    """
    sigma = schedule.sigma(times.double())[:, None]
    z = torch.maximum(-1 / sigma, torch.full_like(sigma, -9.0))
    u = z + (9 - z) * torch.linspace(0, 1, nodes, dtype=torch.float64)  # (x − 1)/σ; farther inside p' is 0
    far = u + 2 / sigma
    p = (torch.erfc(u / 2**0.5) - torch.erfc(far / 2**0.5)) / 4
    slope = (_phi(far) - _phi(u)) / (2 * sigma)
    inside = slope.square() / p.clamp(min=1e-300)
    return 1 - sigma[:, 0] ** 2 * 2 * torch.trapezoid(inside, dim=1) * (u[:, 1] - u[:, 0]) * sigma[:, 0]


def bayes_loss_of(schedule: Schedule, nodes: int = 64) -> float:
    """Its mean over t ~ U(0, 1), by Gauss–Legendre quadrature."""
    x, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(nodes))
    return float((weights / 2 * bayes_loss_at(schedule, (x + 1) / 2)).sum())


def _phi(x: Tensor) -> Tensor:
    return (-0.5 * x.square()).exp() / math.sqrt(2 * math.pi)


class ByTime(NamedTuple):
    """At `times` (L,): the smallest possible loss, and how far the network's lies above it, with its standard error."""

    times: Tensor
    best: Tensor
    excess: Tensor
    error: Tensor


@one_core()
def loss_by_time(here: Square) -> ByTime:
    """E‖ε̂ − E[ε | x_t]‖²/D at each time: what the network's loss on fresh data has above the optimum."""
    times = torch.linspace(0, 1, _TIMES, dtype=torch.float64)
    random, found = generator(here.seed, 1020), []
    for t in times.tolist():
        x0 = here.oracle.sample(_POINTS, random)
        x = x0 + here.schedule.level(t).sigma * torch.randn(x0.shape, generator=random, dtype=torch.float64)
        with torch.no_grad():
            gap = here.network(x.float(), t).eps - here.oracle(x, t).eps
        each = gap.double().square().mean(1)
        found.append((each.mean(), each.std() / _POINTS**0.5))
    mean, error = (torch.stack(part) for part in zip(*found, strict=True))
    return ByTime(times, bayes_loss_at(here.schedule, times), mean, error)


@deliverable("S2.2", "The denoiser", question="Build a network that predicts the noise in x_t at time t, and train it.")
def s2_2(context: Context) -> Answer:
    """Its layers, its loss on fresh data beside the Bayes optimum, and where in time the difference lies."""
    here = square(context)
    loss, check = _loss_beside_quadrature(judge_loss(here.experiment, here.trained.networks), here.schedule)
    by_time = loss_by_time(here)
    assert loss.value is not None
    assert loss.known is not None
    early, late = (float(by_time.excess[chosen].mean()) for chosen in (by_time.times < 0.3, by_time.times > 0.5))
    recipe = here.experiment.recipe
    count = sum(p.numel() for p in here.experiment.network.parameters())
    text = (
        f"{recipe.network.depth} linear layers with LeakyReLU between them, {count:,} numbers in all, trained with "
        f"Adam for {recipe.engine.steps:,} steps on all {len(here.points):,} points at once (learning rate "
        f"{recipe.optimizer.lr:g}, falling along a cosine; the text has 0.001). The network is told t by "
        f"{recipe.network.frequencies} sines and as many cosines of it, because near t = 0 the answer changes within a "
        "step of .01, which a bare number hardly shows.",
        "Noise cannot be predicted perfectly, so the loss does not go to 0. For the square the best answer E[ε | "
        f"x_t] is known, and its loss is {number(loss.known)} (by quadrature; {number(check.value)} by Sobol "
        f"points). The network's loss on {loss.n:,} fresh points is {number(loss.value)}: "
        f"{number(loss.value - loss.known, 2)} above.",
        f"By time: at t = 1 the optimum is {number(float(by_time.best[-1]), 3)}, since much of x_1 must be noise; at "
        f"t = 0 it is {number(float(by_time.best[0]), 3)}, since nobody can tell a little noise from a point that "
        f"lies elsewhere. The network is {number(early, 2)} above the optimum where t < .3 and {number(late, 2)} "
        "where t > .5: at small σ the answer is 0 inside the square and changes within a few σ at its edge, which is "
        "sharper than this small network can follow.",
        "What the network says of the noise is all that sampling needs: x̂_0 = x_t − σ(t) ε̂, and the score is "
        "−ε̂/σ(t). (The sign of the drift in the text's Eq. 5 is wrong for a process that shrinks; here nothing "
        "shrinks, f = 0.)",
    )
    return Answer(
        text=text,
        figures=[_time_figure(context, here, by_time)],
        tables=[_layers(here.experiment.network)],
        results=[loss, check],
        formula="min_θ E ‖ε − ε_θ(x_0 + σ(t) ε, t)‖²,  t ~ U(0, 1)",
        source="S2 §2.1.2; optimum E[ε | x_t] = −σ ∇ log p_t(x_t)",
    )


def _loss_beside_quadrature(loss: Result, schedule: Schedule) -> tuple[Result, Result]:
    """The loss beside the optimum to all digits, to which its own is moved; and that one beside this."""
    assert loss.value is not None
    assert loss.known is not None
    assert loss.interval is not None
    exact = bayes_loss_of(schedule)
    gap, shift = loss.value - loss.known, exact - loss.known
    moved = replace(
        loss,
        value=exact + gap,
        known=exact,
        known_name="Bayes optimum, by quadrature",
        interval=(loss.interval[0] + shift, loss.interval[1] + shift),
        tolerance="",
    )
    check = Result(
        name="Bayes optimum by Sobol points", value=loss.known, known=exact, known_name="by quadrature",
        formula="1 − σ² ∫ p'²/p, over t by Gauss–Legendre",
    )  # fmt: skip
    return near(moved, LOSS_TOLERANCE), near(check, 5e-4)


def _layers(network: nn.Module) -> Table:
    rows = []
    for name, module in network.named_modules():
        own = sum(p.numel() for p in module.parameters(recurse=False))
        if isinstance(module, nn.Linear):
            rows.append((name, f"linear, {module.in_features} → {module.out_features}", f"{own:,}"))
        elif own:
            rows.append((name, type(module).__name__, f"{own:,}"))
    total = sum(p.numel() for p in network.parameters())
    return Table(
        header=("layer", "what it is", "parameters"),
        rows=(*rows, ("all", "", f"{total:,}")),
        caption="The network; LeakyReLU follows every linear layer but the last.",
    )


@styled()
def _time_figure(context: Context, here: Square, by_time: ByTime) -> Figure:
    figure, (left, right) = canvas(8.4, 3.4, 1, 2)
    times, best, excess = by_time.times.numpy(), by_time.best.numpy(), by_time.excess.numpy()
    lines(left, times, {"network": best + excess}, known={"Bayes optimum": best}, xlabel="time t", ylabel="ε loss")
    left.set_title("loss at each time")
    half = 1.96 * by_time.error.numpy()
    right.fill_between(times, np.maximum(excess - half, 1e-6), excess + half, color=COLORS[0], alpha=0.2, linewidth=0)
    right.plot(times, excess, color=COLORS[0], marker="o", markersize=3.5)
    right.set(xlabel="time t", ylabel="loss − Bayes optimum", title="what is left to learn", ylim=(0, None))
    return context.figure(
        figure,
        "s2-02-loss-by-time",
        run=here.trained,
        caption="Left: the network's loss over time on the smallest possible one. Right: their "
        f"difference, with 95 % intervals from {_POINTS:,} fresh points at each time.",
        alt="Left: two curves that fall from one towards about a third and coincide to the eye. Right: their small "
        "difference over time.",
    )


@deliverable("S2.4", "The loss over training", question="Present the loss over the training batches.")
def s2_4(context: Context) -> Answer:
    """The training loss beside the Bayes optimum, and what memorising the data would reach."""
    here = square(context)
    rows = [row for row in read_rows(here.trained.path / "metrics.jsonl") if "loss" in row]
    steps, losses = np.array([row["step"] for row in rows]), np.array([row["loss"] for row in rows], dtype=float)
    tail = losses[-max(2, int(_TAIL * len(losses))) :]
    best, memory = bayes_loss_of(here.schedule), _memorising(here)
    error = float(tail.std(ddof=1) / len(tail) ** 0.5)
    end = near(
        Result(
            name=f"training loss, mean of the last {len(tail)} rows",
            value=float(tail.mean()),
            known=best,
            known_name="Bayes optimum",
            interval=(tail.mean() - 1.96 * error, tail.mean() + 1.96 * error),
            n=len(tail),
            seeds=(here.experiment.recipe.engine.seed,),
        ),
        0.004 + 2.6 * error,
    )
    below = float((losses < best).mean())
    when = _first_within(steps, losses, best, 0.01)
    text = (
        f"The loss starts at {fixed(float(losses[0]), 3)}, as it must: a network that says 0 has loss E ε² = 1. "
        + (
            f"The mean of 10 rows first comes within .01 of the optimum after {when:,} steps"
            if when
            else "The mean of 10 rows does not come within .01 of the optimum"
        )
        + f", and that of the last {len(tail)} rows is {fixed(float(tail.mean()), 4)} ± {fixed(1.96 * error, 4)} where "
        f"the Bayes optimum is {fixed(best, 4)}.",
        f"The curve never becomes smooth: each step draws new times and new noise for {len(here.points):,} points, "
        f"and each row is the mean of {here.experiment.recipe.engine.log_every} steps, so rows scatter by "
        f"{fixed(float(tail.std(ddof=1)), 3)} even when nothing is learned any more; {100 * below:.0f} % of all rows "
        "lie below the optimum by luck. That is why the loss has to be judged on many fresh points, as in S2.2, and "
        "not by the lowest batch.",
        f"There is a second floor. A model that knew the {len(here.points):,} training points by heart would have a "
        f"loss of {fixed(memory, 3)} on them, {fixed(best - memory, 3)} less. The training loss does not go there: "
        "the network is too smooth to memorise, so it learns the square and not the points.",
    )
    result = Result(
        name="loss of a model that memorised the training points",
        value=memory,
        known=best,
        n=2**14,
        known_name="Bayes optimum of the square",
        formula="exact denoiser of the cloud of points",
    )
    return Answer(
        text=text,
        figures=[_loss_figure(context, here, steps, losses, best)],
        results=[end, result],
        formula="1/(N D) Σ ‖ε − ε_θ(x_0 + σ(t) ε, t)‖²",
        source="S2 §2.1.2, item 4 of the training step",
    )


@one_core()
def _memorising(here: Square) -> float:
    cloud = CloudOracle(here.schedule, here.points.double())
    return bayes_loss(cloud, 2**14, here.seed, repeats=8).value


def _first_within(steps: "np.ndarray[Any, Any]", losses: "np.ndarray[Any, Any]", best: float, gap: float) -> int:
    """The first step at which the mean of 10 rows is within `gap` of the optimum; 0 if there is none."""
    if len(losses) < 10:
        return 0
    means = np.convolve(losses, np.ones(10) / 10, "valid")
    near_it = np.flatnonzero(means < best + gap)
    return int(steps[near_it[0] + 9]) if len(near_it) else 0


@styled()
def _loss_figure(
    context: Context, here: Square, steps: "np.ndarray[Any, Any]", losses: "np.ndarray[Any, Any]", best: float
) -> Figure:
    figure, (left, right) = canvas(9.0, 3.5, 1, 2, width_ratios=(1, 1.35))
    left.plot(steps, losses, color=COLORS[0], linewidth=1.0)
    left.axhline(best, color=KNOWN, linewidth=1.1, linestyle=DASHED)
    left.set(xlabel="step", ylabel="loss", title="the whole run")
    loss_curve(right, steps, losses, known=best, known_name="Bayes optimum")
    right.set_title("close up")
    return context.figure(
        figure,
        "s2-04-loss",
        run=here.trained,
        caption="The training loss, each row a mean over "
        f"{here.experiment.recipe.engine.log_every} steps, with its running mean and the Bayes optimum (dashed).",
        alt="A curve that falls steeply from one within the first steps and then scatters about the dashed line of "
        "the Bayes optimum.",
    )
