"""S3.17: the forward process in one step and in t steps, and the loss."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.loss import denoising_loss
from genloom.diffusion.prediction import prediction
from genloom.diffusion.schedule import cosine
from genloom.report.numbers import at_most, near
from genloom.report.results import Result
from genloom.rng import generator
from genloom.studies.cats.work import Cats, T, extract, first_thousand, tables
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_PICTURES = 64


class Drawn(NamedTuple):
    """Pictures, noise and steps, float64."""

    x0: Tensor
    eps: Tensor
    t: Tensor


@deliverable("S3.17", "Forward process and loss",
             question="Sample q(x_t | x_0) directly (q_sample), and write the training loss (p_loss, L1).")
def forward_process(context: Context) -> Answer:
    """Direct sampling beside the text's formula and beside t single steps; the loss beside the text's."""
    here = first_thousand(context)
    drawn = _draw(here, context.seed)
    return Answer(
        text=(
            "x_t is made in one step from x_0, √ᾱ_t x_0 + √(1 − ᾱ_t) ε, which costs the same for every t. Adding a "
            "little noise t times, √α_i x + √(1 − α_i) ε_i, gives the same distribution at t times the cost: the two "
            "agree in mean and variance up to the scatter of finitely many pictures.",
            "p_loss draws t and ε, makes x_t, and takes the mean absolute difference of the network's output from ε. "
            "A network that answers 0 has the loss E|ε| = √(2/π).",
        ),
        results=(_direct(drawn), *_stepwise(drawn, context.seed), _loss(here, drawn), _guess(drawn)),
        formula="x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε,   L = E‖ε − ε_θ(x_t, t)‖₁/D",
        source="problem text, Eq. 15 and 17; ERRATA: the root covers 1 − ᾱ_t",
    )


def _draw(here: Cats, seed: int) -> Drawn:
    x0, random = here.batch(_PICTURES).double(), generator(seed, 17)
    eps = torch.randn(x0.shape, generator=random, dtype=torch.float64)
    return Drawn(x0, eps, torch.randint(1, T + 1, x0.shape[:1], generator=random))


def q_sample(drawn: Drawn) -> Tensor:
    """x_t as the text writes it."""
    alpha_bar = extract(tables(T).alpha_bar, drawn.t, drawn.x0)
    return alpha_bar.sqrt() * drawn.x0 + (1 - alpha_bar).sqrt() * drawn.eps


def _direct(drawn: Drawn) -> Result:
    level = cosine(T).level(drawn.t.double() / T)
    ours = torch.as_tensor(level.alpha).view(-1, 1, 1, 1) * drawn.x0 \
        + torch.as_tensor(level.sigma).view(-1, 1, 1, 1) * drawn.eps
    return at_most(Result(name="largest difference of x_t from the text's q_sample",
                          value=(ours - q_sample(drawn)).abs().max().item(), known=0.0, known_name="the text's formula",
                          n=_PICTURES), 1e-12)


def _stepwise(drawn: Drawn, seed: int) -> list[Result]:
    """The moments of x_t − √ᾱ_t x_0 after t = 25 single steps."""
    steps, random = T // 2, generator(seed, 18)
    table, x = tables(T), drawn.x0
    for alpha in table.alpha[:steps].tolist():
        x = math.sqrt(alpha) * x + math.sqrt(1 - alpha) * torch.randn(x.shape, generator=random, dtype=torch.float64)
    alpha_bar = float(table.alpha_bar[steps - 1])
    noise, n = x - math.sqrt(alpha_bar) * drawn.x0, x.numel()
    variance = 1 - alpha_bar
    return [
        near(Result(name=f"mean of the noise after {steps} single steps", value=noise.mean().item(), known=0.0,
                    known_name="q(x_t | x_0)", n=n, tolerance="within 4 standard errors"), 4 * (variance / n) ** 0.5),
        near(Result(name=f"variance of the noise after {steps} single steps", value=noise.var().item(), known=variance,
                    known_name="1 − ᾱ_t", n=n, tolerance="within 4 standard errors"), 4 * variance * (2 / n) ** 0.5),
    ]


@torch.no_grad()
def _loss(here: Cats, drawn: Drawn) -> Result:
    """The engine's loss of the trained network on these draws beside the text's, written out."""
    network = here.trained.networks["denoiser"]
    ours = here.experiment.schedule
    chosen = here.recipe.diffusion
    denoiser = NetworkDenoiser(network, ours, prediction(chosen.prediction, ours), lambda level: level.t * T - 1)
    x0, eps = drawn.x0.float(), drawn.eps.float()
    engine = denoising_loss(denoiser, x0, eps, drawn.t.double() / T, distance="l1").mean().item()
    text = (eps - network(q_sample(drawn).float(), (drawn.t - 1).float(), None)).abs().mean().item()
    return near(Result(name="p_loss of the trained network", value=engine, known=text, known_name="the text's formula",
                       n=_PICTURES), 1e-5)


def _guess(drawn: Drawn) -> Result:
    known = math.sqrt(2 / math.pi)
    error = 4 * math.sqrt((1 - known**2) / drawn.eps.numel())
    return near(Result(name="p_loss of a network that answers 0", value=drawn.eps.abs().mean().item(), known=known,
                       known_name="√(2/π)", n=drawn.eps.numel(), tolerance="within 4 standard errors"), error)
