"""Each way to guide beside the truth: a mixture of Gaussians with classes, where all that a network learns is known."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.guidance import (
    Guided,
    autoguidance,
    classifier,
    classifier_free,
    classifier_gradient,
    clean_classifier,
)
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.prediction import Estimate
from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.schedule import Level, cosine
from genloom.metrics.energy import energy_distance
from genloom.metrics.floor import Floor, fresh_floor
from genloom.report.numbers import at_least, at_most, number
from genloom.report.results import Result
from genloom.rng import SampleNoise, generator
from genloom.studies.context import Context

_COUNT, _PAIRS, _STEPS, _ANCESTRAL = 2000, 20, 100, 400
TILTED = 3.0
"""The scale above 1 that is compared with the tilted law."""
_BADNESS = 2.0  # the bad version's error over the model's
_CLASS = 0


class Exact(NamedTuple):
    """Energy distances of each way from the conditional law at scale 1, and from the tilted law at scale 3.

    floor, tilted_floor   the same of two sets of exact samples
    identity              largest difference of the guided ε̂ from the conditional one
    cancelled             the same of autoguidance where the bad version's error is twice the model's, at scale 2
    """

    one: dict[str, float]
    tilted: dict[str, float]
    floor: Floor
    tilted_floor: Floor
    identity: float
    cancelled: float


def exact(context: Context) -> Exact:
    """All of it, computed once; it knows nothing of digits."""
    return context.once("exact guidance", lambda: _exact(context.seed))


def oracle() -> MixtureOracle:
    """Two classes of three Gaussians each, which overlap."""
    means = torch.tensor([[-1.2, 0.0], [0.2, 0.9], [0.4, -0.8], [1.3, 0.1], [-0.2, -0.2], [0.0, 1.6]]).double()
    spread = torch.tensor([0.25, 0.30, 0.20, 0.25, 0.30, 0.20]).double()
    return MixtureOracle(cosine(1000), means, spread.square()[:, None, None] * torch.eye(2).double(),
                         component_labels=torch.tensor([0, 0, 0, 1, 1, 1]))


def tilted(here: MixtureOracle, scale: float, count: int, seed: int) -> Tensor:
    """Draws of p(x) p(y|x)^s / Z, by rejection from p(x|y) with the probability p(y|x)^{s−1}, s ≥ 1."""
    random, found, left = generator(seed, 31), [], count
    while left > 0:
        x = here.with_labels(_CLASS).sample(4 * count, random)
        chance = (here.log_posterior(x, 0.0)[:, _CLASS] * (scale - 1)).exp()
        found.append(x[torch.rand(len(x), generator=random, dtype=torch.float64) < chance][:left])
        left -= len(found[-1])
    return torch.cat(found)


def _exact(seed: int) -> Exact:
    here = oracle()
    told, law = here.with_labels(_CLASS), tilted(here, TILTED, _COUNT, seed)
    truth = told.sample(_COUNT, generator(seed, 32))
    return Exact(
        one={name: energy_distance(_draw(here, name, 1.0, seed), truth) for name in _DRAWN},
        tilted={name: energy_distance(_draw(here, name, TILTED, seed), law) for name in _ABOVE},
        floor=fresh_floor(energy_distance, lambda n, s: told.sample(n, generator(s)), _COUNT, pairs=_PAIRS, seed=seed),
        tilted_floor=fresh_floor(energy_distance, lambda n, s: tilted(here, TILTED, n, s), _COUNT, pairs=_PAIRS,
                                 seed=seed),
        identity=_identity(here, seed), cancelled=_cancelled(told, seed),
    )


def _denoiser(here: MixtureOracle, name: str, scale: float) -> Denoiser:
    told = here.with_labels(_CLASS)
    match name:
        case "classifier, DDIM":
            return classifier(here, lambda x, t: here.log_posterior(x, t)[:, _CLASS], scale)
        case "clean classifier, x̂0":
            return clean_classifier(here, lambda x: here.log_posterior(x, 0.0)[:, _CLASS], scale)
        case "autoguidance":
            return autoguidance(told, _off(told, 1.0), scale)
        case "classifier-free, interval":
            return classifier_free(told, here, scale, interval=(0.3, 3.0))
        case _:
            return classifier_free(told, here, scale)


_EXACT_WAYS = ("classifier, DDPM", "classifier, DDIM", "classifier-free", "classifier-free, interval", "autoguidance")
_DRAWN = (*_EXACT_WAYS, "clean classifier, x̂0")
_ABOVE = ("classifier, DDPM", "classifier, DDIM", "classifier-free", "classifier-free, interval")


def _draw(here: MixtureOracle, name: str, scale: float, seed: int) -> Tensor:
    noise = SampleNoise(seed, _COUNT, (2,), dtype=torch.float64)
    start = noise()
    if name == "classifier, DDPM":
        push = classifier_gradient(lambda x, t: here.log_posterior(x, t)[:, _CLASS], scale)
        return sample("ddpm", here, start, grid(here.schedule, _ANCESTRAL), noise=noise, guide=push)
    return sample("dpmpp-2m", _denoiser(here, name, scale), start, grid(here.schedule, _STEPS))


def _identity(here: MixtureOracle, seed: int) -> float:
    """ε − √(1 − ᾱ) ∇ log p(y | x_t) is the conditional ε: Bayes' rule, to rounding."""
    return _largest(_denoiser(here, "classifier, DDIM", 1.0), here.with_labels(_CLASS), seed)


def _cancelled(told: MixtureOracle, seed: int) -> float:
    found = autoguidance(_off(told, 1.0), _off(told, _BADNESS), _BADNESS / (_BADNESS - 1))
    return _largest(found, told, seed)


def _off(truth: Denoiser, much: float) -> Denoiser:
    """A model with an error of a fixed form and the given size."""
    def estimate(x: Tensor, level: Level) -> Estimate:
        x0, eps = truth(x, level.t)
        wrong = 0.3 * much * torch.sin(3 * x)
        sigma, alpha = float(level.sigma), float(level.alpha)
        return Estimate(x0 - sigma / alpha * wrong, eps + wrong)

    return Guided(truth.schedule, estimate)


@torch.no_grad()
def _largest(one: Denoiser, other: Denoiser, seed: int) -> float:
    x = 1.5 * torch.randn(256, 2, generator=generator(seed, 33), dtype=torch.float64)
    return max(float((one(x, t).eps - other(x, t).eps).abs().max()) for t in (0.05, 0.2, 0.5, 0.8, 0.95))


def exact_results(found: Exact) -> list[Result]:
    """Scale 1 within the floor; above 1 beyond it."""
    top = max(*found.floor.values, found.floor.high)
    tilted_top = max(*found.tilted_floor.values, found.tilted_floor.high)
    said = "energy distance of 2-D samples from exact ones of p(x | y)"
    results = [
        at_most(Result(name="largest difference of ε̂: classifier guidance from the conditional", value=found.identity,
                       known=0.0, known_name="Bayes' rule", formula="ε − σ ∇ log p(y | x_t) with the exact classifier"),
                1e-9),
        at_most(Result(name="the same, autoguidance of a model with a bad version twice as wrong, at scale 2",
                       value=found.cancelled, known=0.0, known_name="the errors cancel at k/(k − 1)"), 1e-9),
    ]
    for name, value in found.one.items():
        result = Result(name=f"{name}, scale 1: distance from p(x | y)", value=value, known=found.floor.mean, n=_COUNT,
                        known_name="exact samples against exact samples", formula=said)
        results.append(at_most(result, top) if name in _EXACT_WAYS else result)
    results += [at_least(Result(name=f"{name}, scale {TILTED:g}: distance from p(x) p(y | x)^{TILTED:g}", value=value,
                                known=found.tilted_floor.mean, known_name="exact samples against exact samples",
                                n=_COUNT, tolerance="beyond the floor: another law", source="Du et al. 2023, §3.1"),
                         tilted_top) for name, value in found.tilted.items()]
    return results


def exact_text(found: Exact) -> tuple[str, ...]:
    """What the exact case says."""
    worst = max(found.one[name] for name in _EXACT_WAYS)
    rough, far = found.one["clean classifier, x̂0"], found.tilted["classifier-free"]
    return (
        "Whether a way is right can be seen where everything is known: on a mixture of Gaussians in the plane with two "
        "classes, whose denoiser and classifier are exact. At scale 1 each of them has to give p(x | y): the largest "
        f"energy distance of the five is {number(worst, 2)}, where exact samples among themselves reach "
        f"{number(max(*found.floor.values, found.floor.high), 2)}. The classifier of clean points, asked through x̂_0, "
        f"has {number(rough, 2)}: log p(y | E[x_0 | x_t]) is not log p(y | x_t), so it is not exact even here.",
        f"Above 1 they are often said to sample p(x) p(y | x)^s. They do not: at s = {TILTED:g} classifier-free "
        f"guidance is {number(far, 2)} from that law, whose own samples are at most "
        f"{number(max(*found.tilted_floor.values, found.tilted_floor.high), 2)} from one another. The tilted law has "
        "noised versions of its own, and their score is not the sum that guidance takes.",
    )
