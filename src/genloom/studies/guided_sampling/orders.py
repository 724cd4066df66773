"""With which power of the step the deterministic samplers approach the curve that they follow."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import centre, to_floats
from genloom.diffusion.samplers.registry import SAMPLERS, sample
from genloom.diffusion.schedule import Level
from genloom.report.figures import canvas
from genloom.report.numbers import at_least, near, number
from genloom.report.plots import convergence
from genloom.report.results import Figure, Result
from genloom.rng import SampleNoise
from genloom.studies.context import Context
from genloom.studies.guided_sampling.axes import plain_log
from genloom.studies.guided_sampling.work import Digits, digits

SOLVERS = ("ddim", "heun", "dpmpp-2m", "unipc")
HIGH, LOW = 0.9, 0.1
"""Between these times the curve is followed: away from t = 1, where α → 0, and from the last step, which is Euler's."""
_PICTURES = 4
_FITTED = 3  # numbers of steps, the largest ones, that the slope is fitted to
_WITHIN = 0.35
_ENTRIES = 20  # of the table on each side of the middle, where the ripple is looked at


class Orders(NamedTuple):
    """Root mean square distances from the reference by sampler, for numbers of steps, with fitted slopes.

    ripple   how far ε̂ of one state is from a parabola in the time, root mean square over neighbouring entries
    """

    steps: tuple[int, ...]
    errors: dict[str, list[float]]
    slopes: dict[str, float]
    reference: int
    ripple: float


def orders(context: Context) -> Orders:
    """The errors of all solvers on the trained network, without clipping, in float32."""
    return context.once("orders", lambda: _orders(digits(context)))


@torch.no_grad()
def _orders(here: Digits) -> Orders:
    denoiser = here.exactly(here.labels(_PICTURES))
    start, sizes = _start(here), here.sizes
    known = sample("unipc", denoiser, start, _levels(here, sizes.ends))

    def error(name: str, steps: int) -> float:
        found = sample(name, denoiser, start, _levels(here, steps))
        return (found - known).double().square().mean().sqrt().item()

    errors = {name: [error(name, steps) for steps in sizes.orders] for name in SOLVERS}
    slopes = {name: slope(sizes.orders, each) for name, each in errors.items()}
    return Orders(sizes.orders, errors, slopes, sizes.ends, _ripple(here, start))


@torch.no_grad()
def _ripple(here: Digits, x: Tensor) -> float:
    denoiser, times = here.exactly(here.labels(_PICTURES)), [0.5 + k / 1000 for k in range(-_ENTRIES, _ENTRIES + 1)]
    eps = torch.stack([denoiser(x, t).eps.cpu().double().flatten() for t in times])
    place = torch.linspace(-1, 1, len(times), dtype=torch.float64)
    smooth = torch.stack((place**0, place, place**2), 1)
    return float((eps - smooth @ torch.linalg.lstsq(smooth, eps).solution).square().mean().sqrt())


def slope(steps: Sequence[int], errors: Sequence[float]) -> float:
    """Minus the slope of log error over log steps, by least squares on the last three.

    >>> round(slope([10, 20, 40], [1.0, 0.25, 0.0625]), 6)
    2.0
    """
    x, y = ([math.log(max(value, 1e-300)) for value in values[-_FITTED:]] for values in (steps, errors))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    top = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return -top / sum((a - mean_x) ** 2 for a in x)


def _start(here: Digits) -> Tensor:
    """Real test digits noised to the first time: states that the network knows."""
    own = to_floats(centre(here.experiment.kept.pictures[:_PICTURES], here.recipe.data.size))
    level, noise = here.experiment.schedule.level(HIGH), SampleNoise(0, _PICTURES, here.experiment.shape)
    x = float(level.alpha) * own + float(level.sigma) * noise()
    return x.to(next(here.networks["denoiser"].parameters()).device)


def _levels(here: Digits, steps: int) -> list[Level]:
    """Even times, each of them an entry of the table, whose ends are 800 entries of 1000 apart."""
    return here.experiment.schedule.levels(torch.linspace(HIGH, LOW, steps + 1, dtype=torch.float64).tolist())


def order_results(found: Orders) -> list[Result]:
    """The slopes of DDIM and of the second-order solvers beside their orders; UniPC's without a verdict."""
    fitted = ", ".join(map(str, found.steps[-_FITTED:]))
    said = (f"slope of log distance over log steps at {fitted} steps from t = {HIGH} to {LOW}, from UniPC's "
            f"{found.reference} steps")
    results = []
    for name in SOLVERS:
        order = SAMPLERS[name].order
        assert order is not None
        result = Result(name=f"fitted order of {name}", value=found.slopes[name], known=order, n=_PICTURES,
                        known_name="its paper's order", source=SAMPLERS[name].source, formula=said)
        judged = {1: lambda it: near(it, _WITHIN), 2: lambda it: at_least(it, 2 - 0.5)}
        results.append(judged[order](result) if order in judged else result)
    return results


def order_text(found: Orders) -> str:
    """What the slopes say."""
    slopes = ", ".join(f"{name} {number(found.slopes[name], 3)}" for name in SOLVERS)
    return (f"Without new noise a sampler follows one curve, and more steps follow it better. Between t = {HIGH} and "
            f"{LOW}, started from the same noised digits, the distance from the end that {found.reference} steps of "
            f"UniPC reach falls with this power of the number of steps: {slopes}. DDIM's known power is 1, so that ten "
            "times the steps leave a tenth of the error; a second-order method's is 2. The power holds in between: "
            "very few steps are too long for it, and very many come to a floor. The network is told the time by sines, "
            f"the fastest of which turns once in 2π entries of the table, and its ε̂ ripples with them, by "
            f"{number(found.ripple, 2)} root mean square here: no order sees through that with steps of some entries.")


def order_figure(context: Context, found: Orders) -> Figure:
    """Distances over steps with the slopes that are claimed."""
    figure, (axes,) = canvas(7.2, 3.8)
    claimed = {name: SAMPLERS[name].order or 1 for name in ("ddim", "dpmpp-2m")}
    convergence(axes, found.steps, found.errors, claimed)
    plain_log(axes.xaxis)
    axes.set(xlabel="steps", ylabel="distance from the curve's end")
    return context.figure(figure, "orders", run=digits(context).trained,
                          caption="Distance of the pictures from the end of the curve they follow, over the number of "
                                  "steps, on the trained network. Dotted: the slopes of orders 1 and 2.",
                          alt="Straight falling lines on logarithmic axes: DDIM's is flat, those of Heun, DPM-Solver++ "
                              "and UniPC are steeper")
