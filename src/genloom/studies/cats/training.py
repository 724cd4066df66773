"""S3.20 and S3.21: the loss and the Fréchet distance over 1,000 steps."""

import json
import math
from pathlib import Path

import torch

from genloom.metrics.features import distance_name
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images_parts import floats
from genloom.recipes.judge_images import linear_denoiser, scores
from genloom.recipes.judge_pictures import REAL, about
from genloom.report.figures import canvas
from genloom.report.numbers import at_most, number
from genloom.report.plots import known_line, lines, loss_curve
from genloom.report.results import Figure, Result
from genloom.report.run_page import read_losses
from genloom.rng import SampleNoise, generator
from genloom.studies.cats.work import Cats, T, first_thousand
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_LAST = 0.2  # share of the run whose mean loss is the result


@deliverable("S3.20", "Loss over 1,000 steps",
             question="Plot the training loss over 1,000 steps with T = 50, 32 × 32, batches of 32, learning rate 1e-3 "
                      "and U-Net width 16.")
def loss(context: Context) -> Answer:
    """The loss beside the best linear denoiser's and that of a network that answers 0."""
    here = first_thousand(context)
    steps, losses = read_losses(here.trained.path / "metrics.jsonl")
    late = losses[-max(1, int(_LAST * len(losses))):]
    linear = linear_loss(here.experiment)
    value = sum(late) / len(late)
    half = 1.96 * torch.tensor(late).std().item() / math.sqrt(len(late))
    parameters = sum(p.numel() for p in here.trained.networks["denoiser"].parameters())
    return Answer(
        text=(
            f"The U-Net has {number(parameters)} parameters. Its loss falls from {number(losses[0], 3)} at step "
            f"{steps[0]} to {number(value, 3)} over the last fifth of the run. The dashed line is the loss of the best "
            "linear denoiser, the Wiener filter, which knows the mean and the covariance of the training pictures and "
            "nothing else: what lies below it has been learned of the shapes of cats.",
        ),
        figures=(_loss_figure(context, here, steps, losses, linear),),
        results=(at_most(Result(name="mean L1 loss of the last fifth of the run", value=value, known=linear,
                                known_name="best linear denoiser", interval=(value - half, value + half),
                                n=len(late) * here.recipe.engine.log_every * here.recipe.engine.batch_size,
                                seeds=(context.seed,)), linear),
                 Result(name="the same for a network that answers 0", value=math.sqrt(2 / math.pi),
                        formula="E|ε| = √(2/π)")),
        formula="L = E‖ε − ε_θ(x_t, t)‖₁/D, t uniform on 1 … T", source="problem text, Eq. 21",
    )


@deliverable("S3.21", "Fréchet distance over 1,000 steps",
             question="Plot the FID at every 100th of 1,000 steps.")
def distance(context: Context) -> Answer:
    """The distance at every hundredth step, between the floor of real pictures and that of noise."""
    here = first_thousand(context)
    extractor = here.experiment.extractor
    name = distance_name(extractor)
    steps, values = read_evaluations(here.trained.path / "evaluations.jsonl", name)
    final = context.once("cats-1000 scores", lambda: scores(here.experiment, here.trained.networks, context.seed))
    floor = here.experiment.floor
    return Answer(
        text=_about(name, final.n, extractor.dim),
        figures=(_distance_figure(context, here, name, steps, values, floor.frechet),),
        results=(
            at_most(Result(name=f"{name} at step {steps[-1]}", value=final.frechet, known=floor.frechet,
                           known_name=REAL, interval=final.frechet_interval, n=final.n,
                           seeds=(context.seed,),
                           formula=about(extractor, final),
                           tolerance="below that of step 100"), values[0]),
            Result(name=f"{name} at step {steps[0]}", value=values[0], n=final.n),
        ),
        formula="d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^{1/2})", source="Heusel et al. 2017, Eq. 6",
    )


@torch.no_grad()
def linear_loss(experiment: ImagesExperiment, seed: int = 0, rounds: int = 4) -> float:
    """The mean L1 loss of the best linear denoiser on training pictures and uniform steps."""
    linear = linear_denoiser(experiment)
    assert linear is not None
    x0 = floats(experiment.data, experiment.recipe.data.size, 256)
    noise, random, total = SampleNoise(seed, len(x0), experiment.shape), generator(seed, 20), 0.0
    for _ in range(rounds):
        eps = noise()
        t = torch.randint(1, T + 1, x0.shape[:1], generator=random).double() / T
        level = experiment.schedule.level(t)
        x = (torch.as_tensor(level.alpha).view(-1, 1, 1, 1) * x0
             + torch.as_tensor(level.sigma).view(-1, 1, 1, 1) * eps).float()
        total += (linear(x, t).eps - eps).abs().mean().item() / rounds
    return total


def read_evaluations(path: Path, name: str) -> tuple[list[int], list[float]]:
    """Steps and values of one metric of evaluations.jsonl."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [(int(row["step"]), float(row[name])) for row in rows if row.get(name) is not None]
    return [step for step, _ in kept], [value for _, value in kept]


def _about(name: str, n: int, dim: int) -> tuple[str, ...]:
    what = ("the text's FID, in the features of clean-fid's Inception network" if name == "FID" else
            f"not FID: the weights of clean-fid's Inception network were not at hand, so the features are {dim} "
            "numbers of another extractor, and the distance is named after it. Once `genloom data inception --fetch` "
            "has got the weights, this item takes FID")
    return (
        f"{name} is {what}.",
        f"Each point compares {n} samples with the training pictures. The dashed line is what {n} real pictures that "
        "were kept back have: no model can be expected below it, since a set of finitely many pictures is never at "
        "distance 0. Points of one run are not independent draws of anything; the least of them is not reported. "
        "The reference is cut from the middle of each picture, while training cuts and mirrors at random, so that a "
        "perfect model would lie a little above the dashed line.",
    )


def _loss_figure(context: Context, here: Cats, steps: list[int], losses: list[float], linear: float) -> Figure:
    figure, (axes,) = canvas(7.2, 3.6)
    loss_curve(axes, steps, losses, known=linear, known_name="best linear denoiser", window=8)
    return context.figure(figure, "loss", run=here.trained,
                          caption="The training loss over 1,000 steps, and that of the best linear denoiser.",
                          alt="A loss curve that falls steeply in the first hundred steps and then slowly")


def _distance_figure(context: Context, here: Cats, name: str, steps: list[int], values: list[float],
                     floor: float) -> Figure:
    figure, (axes,) = canvas(7.2, 3.6)
    lines(axes, torch.tensor(steps), {name: values}, xlabel="step", ylabel=name, log="y")
    known_line(axes, floor, "other real pictures")
    axes.legend()
    return context.figure(figure, "distance", run=here.trained,
                          caption=f"{name} at every hundredth step, and that of real pictures that were kept back.",
                          alt=f"{name} over the steps: it falls, and stays above a dashed line")
