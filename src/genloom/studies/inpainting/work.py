"""What the items share: three trained models of the same pictures, the doors' two, and everyone's completions."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.masks import MASKS
from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import clipped, masked
from genloom.diffusion.inpainting import dps, posterior_guided, repaint, white_spread
from genloom.diffusion.samplers.registry import states
from genloom.diffusion.samplers.state import State
from genloom.diffusion.schedule import Level
from genloom.gan.inpainting import Inpainting, complete, paste
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.build_inpainting import InpaintingExperiment, Questions
from genloom.recipes.images import ImagesRecipe
from genloom.recipes.inpainting import InpaintingRecipe
from genloom.recipes.judge_inpainting import FILLS
from genloom.recipes.registry import recipe
from genloom.rng import SampleNoise, generator
from genloom.studies import at_hand
from genloom.studies.context import Context, Trained
from genloom.studies.inpainting.doors import Doors, Score, doors, networks, score, train

RESAMPLINGS, JUMP, ZETA = 5, 5, 1.0
SPREAD = 0.5  # standard deviation of the pixels of pictures in [−1, 1], roughly
STEPS, GAME_STEPS, GAME_WEIGHT = 300, 400, 0.1
"""Of the training on doors."""
DOORS = 2000
_DIFFUSED = 1200  # steps of the unconditional model on a laptop
_BATCH = 64


class Completed(NamedTuple):
    """A finished run that completes pictures."""

    trained: Trained
    experiment: InpaintingExperiment


def completing(context: Context, name: str) -> Completed:
    """The run of `inpaint-mse` or `inpaint-gan` on the pictures at hand."""
    chosen: InpaintingRecipe = recipe(name, context.tier)
    data = at_hand.cats(context.data_root, chosen.data.size).data
    trained = context.run(replace(chosen, data=data, engine=replace(chosen.engine, seed=context.seed)), name)
    assert isinstance(trained.experiment, InpaintingExperiment)
    return Completed(trained, trained.experiment)


def diffused(context: Context) -> tuple[Trained, ImagesExperiment]:
    """An unconditional model of the same pictures: `ddpm-cats` at their size, T = 50, trained a little longer."""
    size = completing(context, "inpaint-mse").experiment.recipe.data.size
    chosen: ImagesRecipe = recipe("ddpm-cats", context.tier)
    engine = replace(chosen.engine, seed=context.seed, steps=max(_DIFFUSED, chosen.engine.steps), evaluate_every=0,
                     ema=0.99)
    trained = context.run(replace(chosen, data=at_hand.cats(context.data_root, size).data, engine=engine), "ddpm-cats")
    assert isinstance(trained.experiment, ImagesExperiment)
    return trained, trained.experiment


def questions(context: Context) -> Questions:
    """The kept-back pictures that everyone completes, with the same masks."""
    return context.once("questions", completing(context, "inpaint-mse").experiment.questions)


Sampled = Callable[[Denoiser, Tensor, list[Level], SampleNoise, Tensor, Tensor], Tensor]
"""(denoiser, start, levels, noise, known, mask) -> completed."""


def _last(walk: "object") -> Tensor:
    for state in walk:  # type: ignore[attr-defined] # noqa: B007 # the last one is the answer
        pass
    assert isinstance(state, State)
    return state.x


def _guided(denoiser: Denoiser, x: Tensor, levels: list[Level], noise: SampleNoise) -> Tensor:
    return _last(states("ddpm", clipped(denoiser), x, levels, noise=noise))


def repainted(resamplings: int, jump: int) -> Sampled:
    """RePaint with these options."""
    return lambda denoiser, x, levels, noise, known, mask: _last(repaint(
        denoiser, x, levels, known=known, mask=mask, noise=noise, resamplings=resamplings, jump=jump))


def pulled(zeta: float) -> Sampled:
    """DPS with this step."""
    return lambda denoiser, x, levels, noise, known, mask: _last(dps(
        denoiser, x, levels, known=known, mask=mask, noise=noise, zeta=zeta))


def through_estimate(denoiser: Denoiser, x: Tensor, levels: list[Level], noise: SampleNoise, known: Tensor,
                     mask: Tensor) -> Tensor:
    """DDPM guided through x̂0 with the spread of white data."""
    return _guided(posterior_guided(denoiser, known, mask, spread=white_spread(SPREAD)), x, levels, noise)


def by_state(denoiser: Denoiser, x: Tensor, levels: list[Level], noise: SampleNoise, known: Tensor,
             mask: Tensor) -> Tensor:
    """DDPM guided by x_t itself, the heuristic of S4.8."""
    return _guided(masked(denoiser, known, mask), x, levels, noise)


class Way(NamedTuple):
    """A way to complete by sampling, and how often it calls the network for each step; a gradient counts twice."""

    name: str
    run: Sampled
    calls: int


SAMPLED = (
    Way("guided by x_t", by_state, 1),
    Way(f"RePaint, U = {RESAMPLINGS}, j = {JUMP}", repainted(RESAMPLINGS, JUMP), RESAMPLINGS),
    Way(f"DPS, ζ = {ZETA:g}", pulled(ZETA), 3),
    Way("guided by x̂0", through_estimate, 3),
)
"""Ways with an unconditional diffusion model."""


def completions(context: Context) -> dict[str, Tensor]:
    """Every way's answer to the questions, (N, C, S, S) with the known pixels as they are."""
    return context.once("completions", lambda: _completions(context))


def _completions(context: Context) -> dict[str, Tensor]:
    asked = questions(context)
    found = {name: fill(*asked).clamp(-1, 1) for name, fill in FILLS.items()}
    for name, words in NETWORKS.items():
        run = completing(context, name)
        found[words] = run.experiment.complete(run.trained.networks, asked)
    trained, experiment = diffused(context)
    for way in SAMPLED:
        context.screen.say(f"completing {len(asked.x)} pictures: {way.name}")
        parts = [sampled(experiment, trained, way.run, Questions(*part), first, context.seed)
                 for first, part in _parts(asked)]
        found[way.name] = torch.cat(parts)
    return found


NETWORKS = {"inpaint-mse": "U-Net, squared error", "inpaint-gan": "U-Net, with a game"}
"""The trained completions by recipe."""


def _parts(asked: Questions) -> list[tuple[int, tuple[Tensor, Tensor]]]:
    pairs = zip(torch.split(asked.x, _BATCH), torch.split(asked.mask, _BATCH), strict=True)
    return [(_BATCH * i, pair) for i, pair in enumerate(pairs)]


@torch.no_grad()
def sampled(experiment: ImagesExperiment, trained: Trained, run: Sampled, asked: Questions, first: int,
            seed: int) -> Tensor:
    """Pictures completed by an unconditional model; picture i is a function of (seed, i) and its mask."""
    noise = experiment.noise(trained.networks, len(asked.x), seed, first)
    start = experiment.prior.sample(noise)
    known, mask = asked.seen.to(start), asked.mask.to(start)
    found = run(experiment.denoiser(trained.networks), start, experiment.levels(), noise, known, mask)
    return paste(found.float().cpu().clamp(-1, 1), asked.x, asked.mask)


class Rooms(NamedTuple):
    """Doors, many of them hidden, and what completes them.

    errors   squared error of the hidden pixels over the steps, by recipe
    answers  completed pictures (DOORS, 1, S, S) by recipe
    """

    here: Doors
    truth: Tensor
    room: Tensor
    errors: dict[str, list[float]]
    answers: dict[str, Tensor]

    @property
    def mask(self) -> Tensor:
        """One mask for each picture."""
        return self.here.mask.expand(len(self.truth), -1, -1, -1)

    def score(self, completed: Tensor) -> Score:
        """Judge the first pictures, as many as are completed."""
        count = len(completed)
        return score(self.here, completed, self.truth[:count], self.room[:count])


def rooms(context: Context) -> Rooms:
    """Both networks trained on doors, once."""
    return context.once("rooms", lambda: _rooms(context.seed))


def _rooms(seed: int) -> Rooms:
    here = doors()
    truth, room = here.draw(DOORS, generator(seed, 53))
    errors, answers = {}, {}
    for name, weight, steps in (("inpaint-mse", 0.0, STEPS), ("inpaint-gan", GAME_WEIGHT, GAME_STEPS)):
        nets = networks(weight > 0, seed)
        errors[name] = train(here, Inpainting(masks=MASKS["centre"], adversarial=weight), nets, steps, seed)
        nets["generator"].eval()
        with torch.no_grad():
            answers[name] = complete(nets["generator"], truth, here.mask.expand(DOORS, -1, -1, -1))
    return Rooms(here, truth, room, errors, answers)
