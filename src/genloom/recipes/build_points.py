"""A points recipe made real: its data, network, method and oracle, trained, sampled and judged by the command line."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.diffusion import loss, times
from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import classifier_free
from genloom.diffusion.method import Denoising
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.oracle.bayes import Measured
from genloom.diffusion.samplers.registry import SAMPLERS, states
from genloom.diffusion.samplers.state import State
from genloom.errors import InputError, UnknownName
from genloom.recipes import rules
from genloom.recipes.class_labels import asked_for
from genloom.recipes.experiment import SampleRequest, drawn_at
from genloom.recipes.points import PointsRecipe, Sampling
from genloom.recipes.points_parts import (
    make_data,
    make_levels,
    make_network,
    make_oracle,
    make_prior,
    sampler_options,
)
from genloom.recipes.process_parts import make_denoiser, make_schedule
from genloom.recipes.requests import SAMPLER, refuse_idle
from genloom.rng import SampleNoise, generator
from genloom.training.engine import Job
from genloom.training.method import Networks
from genloom.training.source import TensorSource

if TYPE_CHECKING:
    from genloom.report.results import Item, Result


class PointsExperiment:
    """Implements `recipes.experiment.Experiment` for `PointsRecipe`; `optima` holds Bayes optima once computed."""

    def __init__(self, recipe: PointsRecipe, data_root: Path | None = None) -> None:
        self.recipe = recipe
        self.data = make_data(recipe.data)
        self.optima: dict[bool, Measured] = {}
        self.schedule = make_schedule(recipe.schedule)
        self.network = make_network(recipe.network, self.data.classes, recipe.engine.seed)
        # refuses a prediction that this schedule cannot have
        make_denoiser(recipe.diffusion, self.schedule, self.network)
        self._check_sampler()

    @cached_property
    def oracle(self) -> Oracle:
        """The exact denoiser of the data."""
        return make_oracle(self.data, self.recipe.data, self.schedule)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, the network's size, and what is left of the signal at t = 1."""
        parameters = sum(p.numel() for p in self.network.parameters())
        return (
            ("data", f"{self.data.description}; {len(self.data.points):,} points"),
            ("network", f"{self.recipe.network.kind}, {parameters:,} parameters"),
            ("terminal SNR", f"{self.schedule.terminal_snr:.3g} at t = 1"),
        )

    def job(self) -> Job:
        """One network, one optimizer, one loss."""
        chosen, classes = self.recipe.diffusion, self.data.classes
        method = Denoising(
            make=lambda network, labels: make_denoiser(self.recipe.diffusion, self.schedule, network, labels),
            times=times.time_law(chosen.times, self.schedule, count=chosen.levels, mean=chosen.times_mean,
                                 std=chosen.times_std),
            weight=loss.loss_weight(chosen.weight, self.schedule, gamma=chosen.gamma, sigma_data=chosen.sigma_data),
            distance=chosen.distance, reduction=chosen.reduction,
            classes=classes, label_dropout=chosen.label_dropout,
        )
        tensors = {"x": self.data.points} | ({"y": self.data.labels} if self.data.labels is not None else {})
        return Job(method=method, networks={"denoiser": self.network}, optimizers={"denoiser": self.recipe.optimizer},
                   source=TensorSource(tensors), options=self.recipe.engine, draw=self._picture, judge=self._gap)

    def denoiser(self, networks: Networks, labels: Tensor | None = None, guidance: float = 1.0) -> Denoiser:
        """The trained network as a denoiser, conditioned on labels (B,) and guided where the scale is not 1."""
        network = networks["denoiser"]
        if labels is not None:
            labels = labels.to(next(network.parameters()).device)
        conditional = make_denoiser(self.recipe.diffusion, self.schedule, network, labels)
        if labels is None or guidance == 1.0:
            return conditional
        return classifier_free(conditional, conditional.with_labels(None), guidance)

    def walk(self, denoiser: Denoiser, sampling: Sampling, count: int, seed: int, *,
             labels: Tensor | None = None) -> Iterator[State]:
        """The start, then every state of the recipe's sampler; sample i is a function of (seed, i) alone.

        labels   the classes that the denoiser is told, (count,): each sample starts from the p_1 of its class
        """
        device = next(self.network.parameters()).device
        noise = SampleNoise(seed, count, (2,), device=device)
        levels = make_levels(sampling, self.recipe.diffusion, self.schedule)
        start = make_prior(sampling.start, self.data.points, self.schedule, known=self.data.labels, labels=labels)
        x = start.sample(noise)
        yield State(levels[0], x, x)
        yield from states(sampling.sampler, denoiser, x, levels, noise=noise,
                          **sampler_options(sampling, self.recipe.diffusion))

    @torch.no_grad()
    def draw(self, networks: Networks, sampling: Sampling | None = None, *, count: int, seed: int,
             labels: Tensor | None = None) -> Tensor:
        """`count` new points, (count, 2), float32 on the CPU; labels (count,) for a conditional model."""
        chosen = sampling or self.recipe.sampling
        denoiser = self.denoiser(networks, labels, chosen.guidance)
        for state in self.walk(denoiser, chosen, count, seed, labels=labels):  # noqa: B007 # the last state is the answer
            pass
        return state.x.float().cpu()

    def labels_for(self, count: int, seed: int, request: str | None = None) -> Tensor | None:
        """Classes to condition on: those asked for, in turn, or as often as in the data; None without classes.

        Errors: `InputError` for labels of a model without classes; `UnknownName` for a class that is not there.
        """
        if self.data.labels is None:
            if request:
                raise InputError("labels", request, "left out: this model has no classes",
                                 "train one with --data.classes 5")
            return None
        if request:
            return asked_for(request, self.data.class_names, count)
        picks = torch.randint(len(self.data.labels), (count,), generator=generator(seed, 1))
        return self.data.labels[picks]

    def sample(self, networks: Networks, request: SampleRequest, folder: Path,
               provenance: dict[str, str]) -> list[Path]:
        """A CSV of points and a picture of them."""
        from genloom.recipes.show_points import write_samples

        refuse_idle(request, "a diffusion model of points", (*SAMPLER[:-1], "labels"),
                    "only models of pictures have a classifier", "" if request.classifier is None else
                    "train with classes, and pass --guidance 2")
        changed = {name: value for name in ("sampler", "steps", "spacing", "eta", "guidance")
                   if (value := getattr(request, name)) is not None}
        sampling = replace(self.recipe.sampling, **changed)
        rules.validate(replace(self.recipe, sampling=sampling))
        count = request.count if request.count is not None else self.recipe.evaluation.samples
        if count < 1:
            raise InputError("count", count, "at least 1", "pass --count 1000")
        labels = self.labels_for(count, request.seed, request.labels)
        points = self.draw(networks, sampling, count=count, seed=request.seed, labels=labels)
        return write_samples(self, points, labels, folder, provenance)

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """Loss beside the Bayes optimum; energy, sliced Wasserstein and classifier tests beside their floors."""
        from genloom.recipes.judge_points import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The loss over the steps, samples, paths and the loss at each time, with their exact counterparts."""
        from genloom.recipes.show_points import run_items

        return run_items(self, networks, run, provenance)

    def _picture(self, networks: Networks, step: int, folder: Path) -> None:
        from genloom.recipes.show_points import write_samples

        seed, count = self.recipe.engine.seed, self.recipe.evaluation.samples
        labels = self.labels_for(count, seed)
        points = self.draw(networks, count=count, seed=seed, labels=labels)
        write_samples(self, points, labels, folder, drawn_at(self.recipe, step), f"step-{step:07d}")

    def _gap(self, networks: Networks) -> dict[str, float]:
        from genloom.recipes.judge_points import loss_gap

        return {"gap to the Bayes optimum": loss_gap(self, networks, 20_000 if self.data.density else 2_000).value}

    def _check_sampler(self) -> None:
        if self.recipe.sampling.sampler not in SAMPLERS:
            raise UnknownName("sampling.sampler", self.recipe.sampling.sampler, list(SAMPLERS))
