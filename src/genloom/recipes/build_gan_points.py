"""A GAN of points made real: its data, networks and game, trained, sampled and judged by the command line."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.data.density import Gaussians
from genloom.errors import InputError
from genloom.gan.diagnosis import Watch
from genloom.gan.latent import Latent
from genloom.gan.losses import adversarial
from genloom.gan.method import Playing, Told
from genloom.gan.penalties import Penalty
from genloom.nn.gan.points import PointDiscriminator, PointGenerator
from genloom.nn.gan.shape import GanShape
from genloom.recipes.class_labels import asked_for
from genloom.recipes.experiment import SampleRequest, drawn_at
from genloom.recipes.gan_points import GanPointsRecipe
from genloom.recipes.points_parts import make_data
from genloom.recipes.requests import refuse_idle
from genloom.rng import SampleNoise, fold, generator
from genloom.training.engine import Job
from genloom.training.method import Networks
from genloom.training.source import TensorSource

if TYPE_CHECKING:
    from genloom.report.results import Item, Result


class GanPointsExperiment:
    """Implements `recipes.experiment.Experiment` for `GanPointsRecipe`.

    data       the training points
    latent     the law of z
    networks   "generator" and "discriminator", with weights that are a function of the recipe's seed
    """

    def __init__(self, recipe: GanPointsRecipe, data_root: Path | None = None) -> None:
        self.recipe = recipe
        self.data = make_data(recipe.data)
        self.latent = Latent(**asdict(recipe.latent))
        self.networks = make_networks(recipe, self.latent, self.data.classes)

    @property
    def told(self) -> bool:
        """Whether the generator makes points of a class that is asked for."""
        return self.recipe.network.told != "none"

    @property
    def modes(self) -> int:
        """Components of the data's mixture, 0 where it is none."""
        return len(self.data.density.weights) if isinstance(self.data.density, Gaussians) else 0

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, the networks' sizes, and the game."""
        sizes = ", ".join(f"{name} of {sum(p.numel() for p in network.parameters()):,} parameters"
                          for name, network in self.networks.items())
        loss, penalty = self.recipe.loss, self.recipe.penalty
        extra = f", {penalty.kind} of weight {penalty.weight:g}" if penalty.kind != "none" else ""
        extra += f", drift of weight {penalty.drift:g}" if penalty.drift else ""
        extra += f", weights clipped at {loss.clip:g}" if loss.clip else ""
        return (("data", f"{self.data.description}; {len(self.data.points):,} points"), ("networks", sizes),
                ("game", f"{loss.adversarial}{extra}"))

    def job(self) -> Job:
        """Two networks that take turns; a batch holds the points of all of the discriminator's updates in a step."""
        chosen = self.recipe
        tensors = {"x": self.data.points}
        if self.data.labels is not None:
            tensors["y"] = self._one_hot(self.data.labels)
        engine = replace(chosen.engine, batch_size=chosen.engine.batch_size * chosen.loss.critic_steps)
        method = make_game(chosen, self.latent)
        return Job(method=method, networks=self.networks,
                   optimizers={"generator": chosen.generator, "discriminator": chosen.discriminator},
                   source=TensorSource(tensors), options=engine, draw=self._picture, judge=self._judge,
                   watch=Watch(method.game.tie, self.modes))

    @torch.no_grad()
    def draw(self, networks: Networks, *, count: int, seed: int, labels: Tensor | None = None,
             first: int = 0) -> Tensor:
        """`count` new points (count, 2), float32 on the CPU; point i is a function of (seed, first + i) and its class.

        labels   (count,) int64, for a generator that is told; without them as often as in the data
        """
        network = networks["generator"]
        device = next(network.parameters()).device
        z = self.latent.of(SampleNoise(seed, count, (self.latent.drawn,), first=first, device=device)())
        if self.told and labels is None:
            labels = self.labels_for(count, seed)
        y = None if labels is None or not self.told else self._one_hot(labels).to(device)
        points: Tensor = network(z, y)
        return points.float().cpu()

    def labels_for(self, count: int, seed: int, request: str | None = None) -> Tensor | None:
        """Classes to make: those asked for, in turn, or as often as in the data; None where none can be asked for.

        Errors: `InputError` for labels of a generator that is not told any; `UnknownName` for one that is not there.
        """
        if not self.told or self.data.labels is None:
            if request:
                raise InputError("labels", request, "left out: this generator is told no class",
                                 "train with --data.classes 5 --network.told concatenate --network.judging projection")
            return None
        if request:
            return asked_for(request, self.data.class_names, count)
        picks = torch.randint(len(self.data.labels), (count,), generator=generator(seed, 1))
        return self.data.labels[picks]

    def sample(self, networks: Networks, request: SampleRequest, folder: Path,
               provenance: dict[str, str]) -> list[Path]:
        """A CSV of points and a picture of them.

        Errors: `InputError` for options of a sampler, or a count below 1.
        """
        from genloom.recipes.show_points import write_samples

        refuse_idle(request, "a GAN of points", ("labels",), "a generator makes its points in one step")
        count = request.count if request.count is not None else self.recipe.evaluation.samples
        if count < 1:
            raise InputError("count", count, "at least 1", "pass --count 1000")
        labels = self.labels_for(count, request.seed, request.labels)
        points = self.draw(networks, count=count, seed=request.seed, labels=labels)
        return write_samples(self, points, labels, folder, provenance)

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """Modes, good points and their spread; energy, sliced Wasserstein and classifier tests beside their floors."""
        from genloom.recipes.judge_gan_points import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The game over the steps, samples, what the discriminator says of the plane, and where noise goes."""
        from genloom.recipes.show_gan_points import run_items

        return run_items(self, networks, run, provenance)

    def _one_hot(self, labels: Tensor) -> Tensor:
        return F.one_hot(labels, self.data.classes).float()

    def _picture(self, networks: Networks, step: int, folder: Path) -> None:
        from genloom.recipes.show_points import write_samples

        seed, count = self.recipe.engine.seed, self.recipe.evaluation.samples
        labels = self.labels_for(count, seed)
        points = self.draw(networks, count=count, seed=seed, labels=labels)
        write_samples(self, points, labels, folder, drawn_at(self.recipe, step), f"step-{step:07d}")

    def _judge(self, networks: Networks) -> dict[str, float]:
        from genloom.metrics.energy import energy_distance
        from genloom.recipes.judge_gan_points import find

        count = self.recipe.evaluation.samples
        points = self.draw(networks, count=count, seed=fold(self.recipe.engine.seed, 6))
        found = {"energy distance": energy_distance(points, self.data.points[:count]),
                 "spread": float(points.std(0).mean() / self.data.points.std(0).mean())}
        if isinstance(self.data.density, Gaussians):
            seen = find(points, self.data.density)
            found |= {"modes": float(seen.touched), "found": float(seen.modes), "good": seen.good}
        return found


def make_networks(recipe: GanPointsRecipe, latent: Latent, classes: int) -> dict[str, nn.Module]:
    """The pair of a recipe, with weights that are a function of the seed.

    Errors: `InputError` for sizes that cannot be, or for classes that the data do not have.
    """
    chosen = recipe.network
    shape = GanShape(latent=latent.width, width=chosen.width, norm="none", spectral=chosen.spectral, labels=classes,
                     told=chosen.told, judging=chosen.judging, read=latent.read)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(recipe.engine.seed, 0))
        return {"generator": PointGenerator(shape, depth=chosen.depth),
                "discriminator": PointDiscriminator(shape, depth=chosen.depth)}


def make_game(recipe: GanPointsRecipe, latent: Latent) -> Playing:
    """The method of a recipe."""
    loss, penalty = recipe.loss, recipe.penalty
    return Playing(latent=latent, game=adversarial(loss.adversarial), critic_steps=loss.critic_steps,
                   penalty=Penalty(**asdict(penalty)), clip=loss.clip,
                   told=Told(labels=loss.labels, code=loss.code))
