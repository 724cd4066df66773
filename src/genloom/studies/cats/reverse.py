"""S3.18: the reverse process, beside the text's own functions written out."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from genloom.diffusion.guidance import clipped
from genloom.diffusion.samplers.ddpm import posterior
from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.samplers.state import shared
from genloom.diffusion.schedule import cosine
from genloom.recipes.process_parts import make_denoiser
from genloom.report.numbers import at_most
from genloom.report.results import Result
from genloom.rng import SampleNoise
from genloom.studies.cats.work import Cats, T, Tables, extract, first_thousand, tables
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_COUNT = 4

Network = Callable[[Tensor, Tensor], Tensor]


@deliverable("S3.18", "Reverse process",
             question="Write sample, p_sample, p_sample_loop and extract, with x̂_0 clamped to [−1, 1].")
def reverse_process(context: Context) -> Answer:
    """genloom's `ddpm` beside the text's loop, on the same network and the same noise."""
    here = first_thousand(context)
    ours, text = _ours(here, context.seed, clip=True), _theirs(here, context.seed, clip=True)
    wild = _theirs(here, context.seed, clip=False)
    return Answer(
        text=(
            "One step estimates the noise, makes x̂_0 from it, clamps that to the range of pictures, and draws x_{t−1} "
            "from q(x_{t−1} | x_t, x̂_0); the last step returns x̂_0 itself. The text's four functions, written out "
            "with its tables, and the sampler `ddpm`, which knows only α(t) and σ(t), give the same pictures from "
            "the same noise.",
            f"Without the clamp the largest pixel of the same {_COUNT} pictures is {wild.abs().max():.3g}, where a "
            "picture ends at 1: at t = T the division by √ᾱ_T blows the network's error up a thousandfold.",
        ),
        results=(
            at_most(Result(name="largest difference of pixels, the sampler ddpm from p_sample_loop",
                           value=(ours - text).abs().max().item(), known=0.0, known_name="the text's functions",
                           n=ours.numel(), tolerance="at most half of a byte's step, 1/255"), 1 / 255),
            at_most(Result(name="largest |pixel| with the clamp", value=ours.abs().max().item(), known=1.0,
                           known_name="range of pictures"), 1.0),
            _posterior(),
        ),
        formula="μ̃_t = [√α_t (1 − ᾱ_{t−1}) x_t + √ᾱ_{t−1} (1 − α_t) x̂_0]/(1 − ᾱ_t),   "
                "σ_t² = (1 − α_t)(1 − ᾱ_{t−1})/(1 − ᾱ_t)",
        source="Ho et al. 2020, Eq. 7; ERRATA: in the text's Eq. 18 the root stands over too much",
    )


def p_sample(network: Network, x: Tensor, t: int, noise: Tensor, table: Tables, *, clip: bool) -> Tensor:
    """One step from t to t − 1 as the text writes it."""
    steps = torch.full((len(x),), t)
    alpha, alpha_bar = (extract(column, steps, x) for column in table)
    before = extract(table.alpha_bar, steps - 1, x) if t > 1 else torch.ones_like(alpha_bar)
    eps = network(x, (steps - 1).float())
    x0 = (x - (1 - alpha_bar).sqrt() * eps) / alpha_bar.sqrt()
    if clip:
        x0 = x0.clamp(-1, 1)
    mean = (alpha.sqrt() * (1 - before) * x + before.sqrt() * (1 - alpha) * x0) / (1 - alpha_bar)
    return mean + ((1 - before) / (1 - alpha_bar) * (1 - alpha)).sqrt() * noise if t > 1 else mean


def p_sample_loop(network: Network, noise: SampleNoise, steps: int, *, clip: bool) -> Tensor:
    """From noise to pictures in all steps."""
    x, table = noise(), tables(steps)
    for t in range(steps, 0, -1):
        x = p_sample(network, x, t, noise() if t > 1 else torch.zeros_like(x), table, clip=clip)
    return x


@torch.no_grad()
def _theirs(here: Cats, seed: int, *, clip: bool) -> Tensor:
    network = here.trained.networks["denoiser"]
    return p_sample_loop(lambda x, t: network(x, t, None), _noise(here, seed), T, clip=clip)


def _ours(here: Cats, seed: int, *, clip: bool) -> Tensor:
    """The sampler at full precision, from N(0, I), as the text starts."""
    experiment, noise = here.experiment, _noise(here, seed)
    denoiser = make_denoiser(here.recipe.diffusion, experiment.schedule, here.trained.networks["denoiser"])
    levels = experiment.levels(replace(here.recipe.sampling, steps=0))
    return sample("ddpm", clipped(denoiser) if clip else denoiser, noise(), levels, noise=noise)


def _noise(here: Cats, seed: int) -> SampleNoise:
    return SampleNoise(seed, _COUNT, here.experiment.shape)


def _posterior() -> Result:
    """The variance that `ddpm` draws with, against the product of two normals in x_{t−1}, which is Bayes' rule."""
    table, levels = tables(T), shared(cosine(T).levels([t / T for t in range(1, T + 1)]))
    alpha, before = table.alpha[1:], table.alpha_bar[:-1]
    precision = alpha / (1 - alpha) + 1 / (1 - before)  # of q(x_t | x_{t−1}) and of q(x_{t−1} | x_0)
    drawn = torch.tensor([posterior(now, then).small for then, now in pairwise(levels)], dtype=torch.float64)
    return at_most(Result(name="largest relative difference of ddpm's variance from Bayes' rule",
                          value=(drawn * precision - 1).abs().max().item(), known=0.0,
                          known_name="1/(α_t/(1 − α_t) + 1/(1 − ᾱ_{t−1}))", n=T - 1), 1e-9)
