"""All attempts of S2.21 and the exact answers that they stand beside."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import classifier_free, masked, toward
from genloom.diffusion.oracle.posterior import condition
from genloom.diffusion.probability_flow import ode_decode, ode_encode
from genloom.recipes.build_points import PointsExperiment
from genloom.report.numbers import fixed
from genloom.rng import SampleNoise, fold, generator
from genloom.studies.context import Trained
from genloom.studies.square.attempts import (
    NOISY_STEPS,
    Attempt,
    Goal,
    bridge,
    chosen_noise,
    flow_inverse,
    learned_class,
    optimised_start,
    overshoot,
    scaled,
    solved_start,
    walk,
)
from genloom.studies.square.likelihoods import precise, sampled_prior
from genloom.studies.square.setting import Setting

TARGET = (4.0, 5.5)
_STEPS = 1000
SPREAD = 0.1
_AWAY, _SCALE = "left", -2.0



class Bonus(NamedTuple):
    """All attempts, in the order of the figure, and what the text says of them.

    start_log_density   of each attempt, log p_1 of its start
    vector              norm of the learned class vector, and the largest norm of a trained one
    round_trip          error of encoding and decoding the target with the exact denoiser
    exact_start         where the exact denoiser's flow starts, and its log p_1
    exact_noise         Σ‖z‖² that the closed form costs with the exact denoiser
    posterior           mean of the exact posterior of the square, given a noisy look at the target
    flow_by_ddim        output of 1000 steps of DDIM from the flow's start
    ordinary            mean of log p_1 over ordinary starts
    """

    attempts: list[Attempt]
    start_log_density: list[float]
    vector: tuple[float, float]
    round_trip: float
    exact_start: tuple[float, float]
    exact_noise: float
    posterior: Tensor
    flow_by_ddim: Tensor
    ordinary: float


def bonus(free: Trained, here: Setting, seed: int) -> Bonus:
    """All attempts on the unconditional model, and two on the conditional one."""
    experiment = free.experiment
    assert isinstance(experiment, PointsExperiment)
    target = torch.tensor([TARGET], dtype=torch.float64)
    prior, oracle = sampled_prior(experiment), experiment.oracle
    start = prior.sample(SampleNoise(fold(seed, 21), 1, (2,), dtype=torch.float64))
    goal = Goal(experiment.denoiser(precise(free)), prior, start, target)
    told, vector = learned_class(here.experiment, precise(here.trained), start, target)
    attempts = [*_starts(goal), *_guided(goal), _away(here, start), chosen_noise(goal), told]
    table = here.trained.networks["denoiser"].get_parameter("label.weight")
    known = Goal(oracle, prior, start, target)
    far = ode_encode(oracle, target)
    inverse = next(each for each in attempts if each.name == "inverse of the flow")
    return Bonus(
        attempts, [float(prior.log_density(each.path[:1])) for each in attempts],
        (float(vector.norm()), float(table.detach().norm(dim=1).max())),
        float((ode_decode(oracle, far) - target).norm()), (float(far.norm()), float(oracle.log_density(far, 1.0))),
        float(bridge(known, known.levels(NOISY_STEPS, clean=False)).square().sum()),
        condition(oracle, target[0], torch.ones(2), SPREAD).sample(4096, generator(seed, 23)).mean(0),
        walk(goal.denoiser, inverse.path[:1], goal.levels(_STEPS))[-1],
        float(prior.log_density(prior.sample(SampleNoise(fold(seed, 24), 4096, (2,), dtype=torch.float64))).mean()))


def _starts(goal: Goal) -> list[Attempt]:
    naive = Attempt("start at the target", "start = the target", walk(goal.denoiser, goal.target, goal.levels(_STEPS)))
    far = scaled(goal)
    return [naive, overshoot(goal), optimised_start(goal), far, solved_start(goal, far.path[:1]), flow_inverse(goal)]


def _guided(goal: Goal) -> list[Attempt]:
    point, levels = goal.target[0], goal.levels(_STEPS)

    def path(denoiser: Denoiser) -> Tensor:
        return walk(denoiser, goal.start, levels)

    return [Attempt("guided as a posterior", f"likelihood N(target; x0, {SPREAD:g}²)",
                    path(masked(goal.denoiser, point, torch.ones(2), noise=SPREAD))),
            Attempt("guided, constant pull", "x̂0 + ½ (target − x̂0)", path(toward(goal.denoiser, point, 0.5))),
            Attempt("guided, rising pull", "x̂0 + (1 − t)(target − x̂0)", path(toward(goal.denoiser, point)))]


def _away(here: Setting, start: Tensor) -> Attempt:
    """Guidance with a negative scale pushes samples out of the square, away from a class, but not to a chosen place."""
    label = torch.tensor([here.names.index(_AWAY) if _AWAY in here.names else 0])
    networks = precise(here.trained)
    told, free = here.experiment.denoiser(networks, label), here.experiment.denoiser(networks)
    goal = Goal(classifier_free(told, free, _SCALE), sampled_prior(here.experiment), start, start)
    return Attempt(f"away from “{here.names[int(label)]}”", f"classifier-free guidance of scale {fixed(_SCALE, 0)}",
                   walk(goal.denoiser, start, goal.levels(_STEPS)))
