"""Ways to make a trained model output a given point far from its data: each returns the path that it took."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import functional_call

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.prior import Prior
from genloom.diffusion.probability_flow import ode_path
from genloom.diffusion.samplers.ddpm import posterior
from genloom.diffusion.samplers.registry import states
from genloom.diffusion.samplers.state import shared
from genloom.diffusion.schedule import Level
from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.process_parts import make_denoiser
from genloom.training.method import Networks

NOISY_STEPS, SHORT_STEPS, FAR_STEPS = 50, 20, 100
_FLOW, _SOLVED = 1e-8, 1e-6
_DAMPING = 0.5


class Attempt(NamedTuple):
    """A way to the target and where it led.

    chosen   what was chosen freely, in words
    path     from the start at t = 1 to the output, (L, 2)
    noise    Σ‖z‖² of chosen noises and what chance would give on average; None for a deterministic sampler
    """

    name: str
    chosen: str
    path: Tensor
    noise: tuple[float, float] | None = None

    def missed(self, target: Tensor) -> float:
        """Distance of the output from the target."""
        return float((self.path[-1] - target).norm())


@dataclass(frozen=True)
class Goal:
    """The model, where its sampling starts, an ordinary start (1, 2), and the target (1, 2)."""

    denoiser: Denoiser
    prior: Prior
    start: Tensor
    target: Tensor

    def levels(self, steps: int, *, clean: bool = True) -> list[Level]:
        """The grid of a sampler."""
        return grid(self.denoiser.schedule, steps, clean=clean)


def walk(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], sampler: str = "ddim") -> Tensor:
    """The states of a deterministic sampler from x (1, 2), (L, 2), without a gradient."""
    with torch.no_grad():
        return torch.cat([x, *(state.x for state in states(sampler, denoiser, x, levels))])


def scaled(goal: Goal, steps: int = FAR_STEPS) -> Attempt:
    """Starts further and further out towards the target; the one that ends nearest."""
    factors = torch.logspace(0.5, 3.5, 25).tolist()
    tried = [(factor, walk(goal.denoiser, factor * goal.target, goal.levels(steps))) for factor in factors]
    factor, path = min(tried, key=lambda each: float((each[1][-1] - goal.target).norm()))
    return Attempt("start further out", f"start at {factor:.3g} times the target", path)


def overshoot(goal: Goal) -> Attempt:
    """Euler's method of the text with so few steps that it overshoots; the one that ends nearest."""
    tried = [(steps, walk(goal.denoiser, goal.target, goal.levels(steps, clean=False), "euler-t"))
             for steps in (1, 2, 3, 4)]
    steps, path = min(tried, key=lambda each: float((each[1][-1] - goal.target).norm()))
    return Attempt("too few Euler steps", f"the text's Euler step with T = {steps}", path)


def flow_inverse(goal: Goal, tolerance: float = _FLOW) -> Attempt:
    """Follows the probability flow from the target at t = 0 up to t = 1, and back down by solving it anew.

    A bijection of the plane has a start for every point; what it costs is how unlikely that start is.
    """
    times = torch.linspace(0, 1, 201, dtype=torch.float64).tolist()
    start = ode_path(goal.denoiser, goal.target, [0.0, 1.0], tolerance=tolerance)[-1]
    path = ode_path(goal.denoiser, start, times[::-1], tolerance=tolerance)
    return Attempt("inverse of the flow", "start = the target encoded by the ODE", path[:, 0])


def optimised_start(goal: Goal, iterations: int = 150) -> Attempt:
    """Adam on the coordinates of the start, from the ordinary one, through a short sampler."""
    levels = goal.levels(SHORT_STEPS)
    found = descend(goal.start, lambda free: _end(goal.denoiser, free, levels), goal.target, iterations)
    return Attempt("Adam on the start", "both coordinates of the start", walk(goal.denoiser, found, levels))


def solved_start(goal: Goal, first: Tensor, *, steps: int = FAR_STEPS, iterations: int = 20) -> Attempt:
    """Newton's method on the start of DDIM, from `first` (1, 2): x ← x + h J⁻¹ (target − end(x)), the best h = 2⁻ᵏ.

    It inverts the sampler itself, with the errors of its steps, where `flow_inverse` inverts the equation.
    """
    levels, x = goal.levels(steps), first
    for _ in range(iterations):
        x = x.detach().requires_grad_()
        end = _end(goal.denoiser, x, levels)
        slopes = torch.stack([torch.autograd.grad(end[0, k], x, retain_graph=True)[0][0] for k in range(2)])
        missing = goal.target - end.detach()
        stride = torch.linalg.solve(slopes, missing[0])
        trial = torch.stack([x.detach()[0] + 0.5**k * stride for k in range(10)])
        with torch.no_grad():
            distances = (_end(goal.denoiser, trial, levels) - goal.target).norm(dim=1)
        if float(missing.norm()) < _SOLVED or not distances.min() < missing.norm():
            break
        x = trial[distances.argmin()][None]
    path = walk(goal.denoiser, x.detach(), levels)
    return Attempt("Newton on a far start", f"both coordinates, through {steps} steps", path)


def descend(first: Tensor, end: Callable[[Tensor], Tensor], target: Tensor, iterations: int,
            rate: float = 0.1) -> Tensor:
    """Adam on ‖end(free) − target‖², from `first`; the best that was found, and no further once it is within 1e-5."""
    free = first.clone().requires_grad_()
    optimizer = torch.optim.Adam([free], lr=rate)
    best, least = first, float("inf")
    for _ in range(iterations):
        loss = (end(free) - target).square().sum()
        if loss.item() < least:
            best, least = free.detach().clone(), loss.item()
        if least < 1e-10:
            break
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return best


def chosen_noise(goal: Goal, *, steps: int = NOISY_STEPS, iterations: int = 12) -> Attempt:
    """The noises of DDPM's sampler, of the smallest norm that ends at the target, from the ordinary start.

    Gauss–Newton on min Σ‖z‖² with x_end(z) = target, damped, from the closed form of `bridge`; the last noise then
    settles what is left. The grid ends at σ(0), so that the last step is noisy too.
    """
    levels = goal.levels(steps, clean=False)
    z = bridge(goal, levels)
    for _ in range(iterations):
        z = z.requires_grad_()
        end = _noisy(goal, z, levels)[-1]
        slopes = torch.stack([torch.autograd.grad(end[k], z, retain_graph=True)[0].flatten() for k in range(2)])
        flat = z.detach().flatten()
        missing = goal.target[0] - end.detach() + slopes @ flat
        least = slopes.T @ torch.linalg.solve(slopes @ slopes.T, missing)
        z = (flat + _DAMPING * (least - flat)).reshape(z.shape)
    last = posterior(*shared(levels[-2:])).small ** 0.5
    with torch.no_grad():
        z[-1] += (goal.target[0] - _noisy(goal, z, levels)[-1]) / last
        path = _noisy(goal, z, levels)
    return Attempt("chosen noise", f"the {steps} noises of DDPM, smallest Σ‖z‖²", path,
                   (float(z.square().sum()), 2.0 * steps))


def bridge(goal: Goal, levels: Sequence[Level]) -> Tensor:
    """Noises (L − 1, 2) that take DDPM's sampler along the mean path of a model whose data is the target alone.

    z = (keep·x + data·target − mean)/std: each is what the model's mean lacks.
    """
    x, found = goal.start, []
    for now, then in pairwise(shared(levels)):
        with torch.no_grad():
            x0 = goal.denoiser(x, now.t).x0
        q = posterior(now, then)
        wanted = goal.target if then.t == levels[-1].t else q.keep * x + q.data * goal.target
        found.append((wanted - q.keep * x - q.data * x0) / q.small**0.5)
        x = wanted
    return torch.cat(found)


def learned_class(experiment: PointsExperiment, networks: Networks, start: Tensor, target: Tensor,
                  iterations: int = 250) -> tuple[Attempt, Tensor]:
    """A class that did not exist: Adam on a class vector of the frozen conditional network, and the vector found.

    The start is an ordinary one and no noise is chosen. [Gal et al. 2022, "An image is worth one word", for a class]
    """
    network = networks["denoiser"]
    plain = make_denoiser(experiment.recipe.diffusion, experiment.schedule, network)
    table = network.get_parameter("label.weight")

    def told(vector: Tensor) -> Denoiser:
        weights = {"label.weight": vector.expand_as(table)}
        return replace(plain, network=lambda x, t, labels: functional_call(network, weights, (x, t, labels)))

    levels = grid(experiment.schedule, SHORT_STEPS)
    vector = descend(table[-1:].detach(), lambda free: _end(told(free), start, levels), target, iterations)
    return Attempt("a learned class", "the class vector, by Adam", walk(told(vector), start, levels)), vector


def _end(denoiser: Denoiser, x: Tensor, levels: Sequence[Level]) -> Tensor:
    """The last x of DDIM, with a gradient."""
    end = x
    for state in states("ddim", denoiser, x, levels):
        end = state.x
    return end


def _noisy(goal: Goal, z: Tensor, levels: Sequence[Level]) -> Tensor:
    """The states of DDPM's sampler under the noises z, (L, 2), with a gradient."""
    noises = iter(z[:, None])
    reached = states("ddpm", goal.denoiser, goal.start, levels, noise=lambda: next(noises))
    return torch.cat([goal.start, *(state.x for state in reached)])
