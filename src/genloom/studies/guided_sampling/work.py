"""What the items share: how much is drawn, the model, its bad version, and pictures with what they cost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.state import State
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import ImagesRecipe, Sampling
from genloom.recipes.process_parts import make_denoiser
from genloom.recipes.registry import recipe
from genloom.rng import SampleNoise
from genloom.studies import at_hand
from genloom.studies.context import Context, Trained
from genloom.training.method import Networks


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is drawn; the time of the study is the number of network calls times the pictures.

    samples         pictures of each sampler at each number of steps
    ddpm, ddim      numbers of steps; η = 1 is DDPM and has its steps
    half            steps of DDIM with η = ½
    fast            steps of DPM-Solver++ and UniPC; `heun` takes two calls a step
    guided          pictures of each way to guide at each scale, drawn in `guided_steps` steps
    scales          of guidance
    references      training pictures that samples are compared with
    real            real pictures of each kind that the metrics are tried on
    counted         pictures whose bits are counted, each at every level of the table
    orders, ends    steps of the fit of the order, and those of the reference; all divide the entries between its ends
    batch           pictures drawn at once
    """

    samples: int = 512
    ddpm: tuple[int, ...] = (10, 25, 50, 100, 1000)
    ddim: tuple[int, ...] = (5, 10, 25, 50, 100)
    half: tuple[int, ...] = (10, 25, 50)
    fast: tuple[int, ...] = (5, 10, 20)
    heun: tuple[int, ...] = (3, 5, 10)
    guided: int = 128
    guided_steps: int = 25
    scales: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0)
    references: int = 5000
    real: int = 512
    counted: int = 16
    orders: tuple[int, ...] = (5, 10, 20, 40)
    ends: int = 400
    batch: int = 64


SIZES = {
    "laptop": Sizes(),
    "gpu": Sizes(samples=2048, ddpm=(10, 25, 50, 100, 250, 1000), ddim=(5, 10, 25, 50, 100, 250, 1000),
                 half=(5, 10, 25, 50, 100, 250, 1000), fast=(5, 10, 20, 50, 100), heun=(3, 5, 10, 25, 50), guided=1000,
                 guided_steps=50, references=10_000, real=2048, counted=128, batch=512),
}
"""By tier."""

SHOWN = 10
"""Pictures of a row: one of each digit."""

BAD = 10
"""The bad version is trained for so many times fewer steps."""


class Digits(NamedTuple):
    """The finished run with its experiment; the networks lie on the machine's fastest device."""

    trained: Trained
    experiment: ImagesExperiment
    sizes: Sizes

    @property
    def recipe(self) -> ImagesRecipe:
        """The recipe of the run."""
        return self.experiment.recipe

    @property
    def networks(self) -> Networks:
        """The trained networks."""
        return self.trained.networks

    @property
    def classes(self) -> int:
        """Number of digits."""
        return self.experiment.classes

    def labels(self, count: int) -> Tensor:
        """The classes in turn, (count,): column k of every figure is digit k."""
        return torch.arange(count) % self.classes

    def raw(self, labels: Tensor | None = None) -> Denoiser:
        """The model neither clipped nor guided; without labels it is told the null class."""
        return self.experiment.denoiser(self.networks, labels, replace(self.recipe.sampling, guidance=1.0, clip=False))

    def exactly(self, labels: Tensor | None = None, network: nn.Module | None = None) -> Denoiser:
        """The same in the network's own precision, for statements to rounding."""
        chosen = network or self.networks["denoiser"]
        told = None if labels is None else labels.to(next(chosen.parameters()).device)
        return make_denoiser(self.recipe.diffusion, self.experiment.schedule, chosen, told)


def digits_recipe(context: Context) -> ImagesRecipe:
    """`ddpm-digits` on the digits at hand."""
    chosen: ImagesRecipe = recipe("ddpm-digits", context.tier)
    data = at_hand.digits(context.data_root, chosen.data.size).data
    return replace(chosen, data=data, engine=replace(chosen.engine, seed=context.seed))


def digits(context: Context) -> Digits:
    """The one checkpoint that everything is drawn from."""
    return _digits(context, digits_recipe(context), "ddpm-digits")


def bad_digits(context: Context) -> Digits:
    """The same recipe after a tenth of the steps, for autoguidance."""
    chosen = digits_recipe(context)
    engine = replace(chosen.engine, steps=max(1, chosen.engine.steps // BAD), evaluate_every=0)
    return _digits(context, replace(chosen, engine=engine), "ddpm-digits-bad")


def _digits(context: Context, chosen: ImagesRecipe, name: str) -> Digits:
    trained = context.run(chosen, name)
    assert isinstance(trained.experiment, ImagesExperiment)
    trained.networks["denoiser"].to("cuda" if torch.cuda.is_available() else "cpu").requires_grad_(False)
    return Digits(trained, trained.experiment, SIZES[context.tier])


class Drawn(NamedTuple):
    """Pictures, bytes (N, C, S, S), the classes asked for (N,), and what a picture cost.

    seconds   of wall-clock time
    calls     of the denoising networks, without backward passes
    """

    pictures: Tensor
    labels: Tensor
    seconds: float
    calls: float

    def first(self, count: int) -> "Drawn":
        """The first pictures alone."""
        return self._replace(pictures=self.pictures[:count], labels=self.labels[:count])


Walk = Callable[[Tensor, SampleNoise], Iterator[State]]
"""(classes (B,), noise of these samples) -> states."""


@torch.no_grad()
def draw(here: Digits, walk: Walk, count: int, seed: int, *, also: Digits | None = None) -> Drawn:
    """Pictures 0 … count − 1: the start of picture i is a function of (seed, i) alone, whatever draws it.

    also   another model whose calls count too
    """
    labels, found = here.labels(count), []
    for _ in islice(walk(labels[: here.sizes.batch], _noise(here, len(labels[: here.sizes.batch]), seed, 0)), 2):
        pass  # a first step, which is slower than all others, before the clock runs
    networks = [each.networks["denoiser"] for each in (here, also) if each is not None]
    with counting(networks) as calls:
        begun = time.perf_counter()
        for first in range(0, count, here.sizes.batch):
            told = labels[first : first + here.sizes.batch]
            for state in walk(told, _noise(here, len(told), seed, first)):  # noqa: B007 # the last one is the picture
                pass
            found.append(here.experiment.pictures(state.x))
        seconds = time.perf_counter() - begun
    return Drawn(torch.cat(found), labels, seconds / count, calls[0] / count)


def _noise(here: Digits, count: int, seed: int, first: int) -> SampleNoise:
    return here.experiment.noise(here.networks, count, seed, first)


@contextmanager
def counting(networks: list[nn.Module]) -> Iterator[list[int]]:
    """Counts for how many pictures the networks are called, inside a `with`."""
    calls = [0]

    def count(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        calls[0] += len(arguments[0])

    hooks = [network.register_forward_pre_hook(count) for network in networks]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def sampling(here: Digits, sampler: str, steps: int, eta: float = 0.0) -> Sampling:
    """How a sampler draws here: at even steps, clipped, without guidance."""
    return replace(here.recipe.sampling, sampler=sampler, steps=steps, eta=eta, spacing="uniform", guidance=1.0,
                   clip=True)


def drawn(context: Context, sampler: str, steps: int, eta: float = 0.0) -> Drawn:
    """The pictures of a sampler, drawn by the first item that asks for them."""
    here = digits(context)
    chosen = sampling(here, sampler, steps, eta)

    def work() -> Drawn:
        context.screen.say(f"drawing {here.sizes.samples} pictures: {sampler}, {steps} steps")
        return draw(here, lambda labels, noise: here.experiment.walk(
            here.experiment.denoiser(here.networks, labels, chosen), chosen, noise), here.sizes.samples, context.seed)

    return context.once(("drawn", sampler, steps, eta), work)
