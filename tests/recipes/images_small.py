"""A model of pictures that is small enough to train in a test."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import Data, Evaluation, ImagesRecipe, Network, Sampling
from genloom.recipes.process import Diffusion, Schedule
from genloom.recipes.registry import recipe
from genloom.recipes.serial import to_yaml
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen


def small(**changes: Any) -> ImagesRecipe:
    """Shapes of 8 × 8 pixels, T = 20, a U-Net of width 8."""
    base: ImagesRecipe = recipe("ddpm-images")
    parts: dict[str, Any] = {
        "data": Data(source="shapes", size=8), "schedule": Schedule(kind="cosine", steps=20),
        "diffusion": Diffusion(times="table", weight="simple", time_input="index"),
        "network": Network(width=8, multipliers=(1, 2), blocks=1, attention=(4,), heads=2),
        "engine": replace(base.engine, steps=4, batch_size=16, tensorboard=False, precision="32"),
        "sampling": Sampling(sampler="ddpm"), "evaluation": Evaluation(samples=12, features="pixels")}
    return replace(base, **(parts | changes))


def trained(folder: Path, chosen: ImagesRecipe) -> ImagesExperiment:
    """The experiment after its training in `folder`."""
    experiment = ImagesExperiment(chosen)
    run = RunFolder.create(folder, to_yaml(chosen), ["genloom"], {})
    fit(replace(experiment.job(), judge=None, draw=None), run, screen=Screen("quiet"))
    return experiment
