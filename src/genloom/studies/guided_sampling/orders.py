"""With which power of the step the deterministic samplers approach the curve that they follow."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import centre, to_floats
from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.registry import SAMPLERS, sample
from genloom.diffusion.schedule import Level, Schedule
from genloom.report.figures import canvas
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import convergence
from genloom.report.results import Figure, Result
from genloom.rng import SampleNoise, generator
from genloom.studies.context import Context
from genloom.studies.guided_sampling.axes import plain_log
from genloom.studies.guided_sampling.exact import oracle
from genloom.studies.guided_sampling.work import Digits, digits

SOLVERS = ("ddim", "heun", "dpmpp-2m", "unipc")
HIGH, LOW = 0.9, 0.1
"""Between these times the curve is followed: away from t = 1, where α → 0, and from the last step, which is Euler's."""
EXACT_STEPS, EXACT_END = (20, 40, 80, 160), 800
"""Steps on the mixture, and of its reference; they divide the 800 entries of the table between the two times."""
_PICTURES, _POINTS = 4, 256
_FITTED = 3  # numbers of steps, the largest ones, that the slope is fitted to
_WITHIN = 0.35
_ENTRIES = 20  # of the table on each side of the middle, where the ripple is looked at


class Orders(NamedTuple):
    """Root mean square distances from the reference by sampler, for numbers of steps, with fitted slopes."""

    steps: tuple[int, ...]
    errors: dict[str, list[float]]
    reference: int

    @property
    def slopes(self) -> dict[str, float]:
        """The fitted orders by sampler."""
        return {name: slope(self.steps, each) for name, each in self.errors.items()}


class Found(NamedTuple):
    """On the trained network in float32, and on a mixture of Gaussians, whose denoiser is exact, in float64.

    ripple   how far the network's ε̂ of one state is from a parabola in the time, root mean square over entries
    """

    network: Orders
    mixture: Orders
    ripple: float


def orders(context: Context) -> Found:
    """The errors of all solvers, without clipping, computed once."""
    return context.once("orders", lambda: _orders(digits(context)))


def _orders(here: Digits) -> Found:
    denoiser, start = here.exactly(here.labels(_PICTURES)), _start(here)
    exact = oracle()
    level, random = exact.schedule.level(HIGH), generator(0, 44)
    clean = exact.sample(_POINTS, random)
    noised = level.alpha * clean + level.sigma * torch.randn(clean.shape, generator=random, dtype=torch.float64)
    return Found(_measured(denoiser, start, here.sizes.orders, here.sizes.ends),
                 _measured(exact, noised, EXACT_STEPS, EXACT_END), _ripple(denoiser, start))


def _measured(denoiser: Denoiser, start: Tensor, steps: tuple[int, ...], end: int) -> Orders:
    known = sample("unipc", denoiser, start, _levels(denoiser.schedule, end))

    def error(name: str, count: int) -> float:
        found = sample(name, denoiser, start, _levels(denoiser.schedule, count))
        return (found - known).double().square().mean().sqrt().item()

    return Orders(steps, {name: [error(name, count) for count in steps] for name in SOLVERS}, end)


@torch.no_grad()
def _ripple(denoiser: Denoiser, x: Tensor) -> float:
    times = [0.5 + k / 1000 for k in range(-_ENTRIES, _ENTRIES + 1)]
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


def _levels(schedule: Schedule, steps: int) -> list[Level]:
    """Even times, each of them an entry of the table, whose ends are 800 entries of 1000 apart."""
    return schedule.levels(torch.linspace(HIGH, LOW, steps + 1, dtype=torch.float64).tolist())


def order_results(found: Found) -> list[Result]:
    """The slopes on the mixture beside the orders; on the network DDIM's, and that the others come nearer than DDIM."""
    exact = [_fitted(name, found.mixture, "the mixture", _POINTS) for name in SOLVERS]
    nearer = [_nearer(name, found.network) for name in SOLVERS[1:]]
    return [*exact, _fitted("ddim", found.network, "the network", _PICTURES), *nearer]


def _nearer(name: str, measured: Orders) -> Result:
    last, plain = measured.steps[-1], measured.errors["ddim"][-1]
    result = Result(name=f"distance of {name} from the curve's end, {last} steps, the network",
                    value=measured.errors[name][-1], known=plain, known_name=f"DDIM's at {last} steps", n=_PICTURES,
                    tolerance="below DDIM's, of lower order")
    return at_most(result, plain)


def _fitted(name: str, measured: Orders, where: str, count: int) -> Result:
    order = SAMPLERS[name].order
    assert order is not None
    steps = ", ".join(map(str, measured.steps[-_FITTED:]))
    result = Result(name=f"fitted order of {name}, {where}", value=measured.slopes[name], known=order, n=count,
                    known_name="its paper's order", source=SAMPLERS[name].source,
                    formula=f"slope of log distance over log steps at {steps} steps from t = {HIGH} to {LOW}, from the "
                            f"end of {measured.reference} steps of UniPC")
    return near(result, _WITHIN) if order < 3 else at_least(result, order - _WITHIN)


def order_text(found: Found) -> str:
    """What the slopes say."""
    exact, seen = (", ".join(f"{name} {number(each.slopes[name], 3)}" for name in SOLVERS)
                   for each in (found.mixture, found.network))
    return ("Without new noise a sampler follows one curve, and more steps follow it better: the distance from its end "
            f"falls with a power of the number of steps. Between t = {HIGH} and {LOW} the fitted powers are {exact} on "
            f"a mixture of Gaussians, whose denoiser is exact, and {seen} on the trained network, from noised test "
            "digits. With the power 1 of DDIM ten times the steps leave a tenth of the error, with 2 a hundredth. On "
            "the network many steps come to a floor and single numbers of steps stand out: it is told the time by "
            "sines, the fastest of which turns once in 2π entries of the table, and its ε̂ ripples with them, by "
            f"{number(found.ripple, 2)} root mean square, which no step of several entries resolves.")


def order_figure(context: Context, found: Found) -> Figure:
    """Distances over steps with the slopes that are claimed."""
    figure, axes = canvas(9.2, 4.0, 1, 2)
    claimed = {name: SAMPLERS[name].order or 1 for name in ("ddim", "dpmpp-2m")}
    for axis, each, title in zip(axes, (found.network, found.mixture), ("trained network", "mixture of Gaussians"),
                                 strict=True):
        convergence(axis, each.steps, each.errors, claimed)
        plain_log(axis.xaxis)
        axis.set(xlabel="steps", ylabel="")
        axis.set_title(title)
    axes[0].set_ylabel("distance from the curve's end")
    legend = axes[1].get_legend()
    if legend is not None:
        legend.remove()
    return context.figure(figure, "orders", run=digits(context).trained,
                          caption="Distance of the pictures from the end of the curve that they follow, over the "
                                  "number of steps, on the trained network and where the denoiser is exact. Dotted: "
                                  "slopes 1 and 2.",
                          alt="Two plots of falling lines on logarithmic axes: DDIM's is flat, those of Heun, "
                              "DPM-Solver++ and UniPC are steeper and, on the mixture, straight")
