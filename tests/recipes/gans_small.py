"""A GAN of pictures that is small enough to train in a test."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.gans import Evaluation, GanRecipe, Latent, Network
from genloom.recipes.images import Data
from genloom.recipes.registry import recipe
from genloom.recipes.serial import to_yaml
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen

TOLD = Network(kind="tables", told="concatenate", judging="projection")
"""A pair that is told the class."""


def small(**changes: Any) -> GanRecipe:
    """Scikit-learn's digits at 16 × 16, the pair of S4's tables, four steps."""
    base: GanRecipe = recipe("tiny-gan")
    parts: dict[str, Any] = {
        "data": Data(source="digits", size=16, channels=1, zoom=1.0, flip=False), "latent": Latent(size=8),
        "engine": replace(base.engine, steps=4, batch_size=8, threads=1, tensorboard=False, precision="32", log_every=1,
                          sample_every=2, evaluate_every=2),
        "evaluation": Evaluation(samples=40, quick=20, features="pixels")}
    return replace(base, **(parts | changes))


def built(**changes: Any) -> GanExperiment:
    """The experiment of it, its networks in eval mode."""
    experiment = GanExperiment(small(**changes))
    for network in experiment.networks.values():
        network.eval()
    return experiment


def trained(folder: Path, **changes: Any) -> tuple[GanExperiment, dict[str, nn.Module]]:
    """The experiment after its training in `folder`, and its networks in eval mode."""
    chosen = small(**changes)
    experiment = GanExperiment(chosen)
    job = experiment.job()
    fit(job, RunFolder.create(folder, to_yaml(chosen), ["genloom"], {}), screen=Screen("quiet"))
    return experiment, {name: network.eval() for name, network in job.networks.items()}
