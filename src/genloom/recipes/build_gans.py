"""A GAN recipe made real: its pictures, networks and game, trained, sampled and judged by the command line."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from genloom.data.images.augment import Augment, centre
from genloom.gan.diagnosis import Watch
from genloom.gan.losses import adversarial
from genloom.metrics.features import Extractor, Reference
from genloom.metrics.picture_scores import PictureScores
from genloom.nn.gan.pairs import PAIRS
from genloom.recipes.class_labels import labels_for
from genloom.recipes.experiment import SampleRequest, drawn_at
from genloom.recipes.gan_reader import make_reader, reading_evaluator
from genloom.recipes.gans import GanRecipe
from genloom.recipes.gans_parts import Scale, engine_of, make_latent, make_method, make_networks, one_hot, sizes
from genloom.recipes.images_parts import make_data
from genloom.recipes.judge_pictures import floor_of, training_reference
from genloom.recipes.label_lists import has_lists, judge_facts, judge_of, not_the_guide
from genloom.rng import SampleNoise, StepRng
from genloom.training.engine import Job
from genloom.training.method import Batch, Networks
from genloom.training.precision import for_inference
from genloom.training.prepared import Prepared
from genloom.training.source import TensorSource

if TYPE_CHECKING:
    from genloom.recipes.known import Known
    from genloom.report.results import Item, Result

BLOCK = 64
"""Samples that are made at once; blocks begin at multiples of it, so that a sample's neighbours are always the same."""

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
"""What takes statistics over a batch: those of a process are of its own share of it."""
_TRAINED = ("digits", "inception")  # features in which a distance may choose; in others a step too early may be nearest


class GanExperiment:
    """Implements `recipes.experiment.Experiment` for `GanRecipe`.

    data, kept    pictures of training, and those that no training sees
    class_names   of the data's classes, empty where there are none
    classes       number of classes that the networks are told, 0 for none
    networks      "generator" and "discriminator"
    latent        the law of z
    scale         between bytes and what the networks see
    known         what came with a trained model, which then draws without reading its data; `data` are empty
    guide         an evaluator that reads the generator's pictures while it learns, or None
    """

    def __init__(self, recipe: GanRecipe, data_root: Path | None = None, known: "Known | None" = None) -> None:
        self.recipe, self.data_root, self.known = recipe, data_root, known
        self.data, self.kept = make_data(recipe.data, data_root) if known is None else known.pictures(recipe.data)
        self.class_names = self.data.class_names
        told = (recipe.network.told, recipe.network.judging) != ("none", "none")
        self.classes = len(self.class_names) if told and self.data.labels is not None else 0
        self.networks = make_networks(recipe, self.classes)
        self.latent, self.scale = make_latent(recipe), Scale(PAIRS[recipe.network.kind].unit)
        self.guide = reading_evaluator(recipe, self.data)
        if self.guide is not None and has_lists(self) and (judge := judge_of(self)) is not None:
            not_the_guide(judge, self.guide)

    @cached_property
    def extractor(self) -> Extractor:
        """What the Fréchet distance is taken in."""
        from genloom.recipes.extractors import chosen

        evaluation = self.recipe.evaluation
        return chosen(self.recipe.data, evaluation.features, evaluation.weights, self.data_root)

    @cached_property
    def reference(self) -> Reference:
        """The training pictures as the extractor sees them."""
        return training_reference(self.data, self.recipe.data.size, self.extractor)

    @cached_property
    def floor(self) -> PictureScores:
        """The scores of pictures that were kept back, as many as are judged, or all of them where they are fewer."""
        return floor_of(self)

    @cached_property
    def shares(self) -> Tensor:
        """How often the classifier of digits finds each class among training pictures, (K,)."""
        from genloom.recipes.judge_gans import shares

        return shares(self)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, the networks' sizes, the game, and who judges label sets."""
        return (
            ("data", f"{self.data.description}; {len(self.data):,} to train, {len(self.kept):,} kept back"),
            ("network", f"{self.recipe.network.kind}: {sizes(self.networks)}"),
            ("game", _game(self.recipe)),
            *_shared(self.recipe, self.networks),
            *judge_facts(self),
        )

    def job(self) -> Job:
        """Two networks that take turns, watched."""
        chosen = self.recipe
        tensors = {"x": self.data.pictures}
        if self.classes and self.data.labels is not None:
            tensors["y"] = self.data.labels
        reader = None if self.guide is None else make_reader(chosen, self.guide, self.scale)
        method = make_method(chosen, sets=self.data.sets, reader=reader)
        return Job(method=Prepared(method, self.prepare), networks=self.networks,
                   optimizers={"generator": chosen.generator, "discriminator": chosen.discriminator},
                   source=TensorSource(tensors), options=engine_of(chosen, len(self.data)), draw=self._picture,
                   judge=self._judge, watch=Watch(adversarial(chosen.loss.adversarial).tie, self.readable),
                   choose=self.extractor.name in _TRAINED)

    def prepare(self, batch: Batch, rng: StepRng) -> Batch:
        """A batch as the networks see it: cropped, mirrored, scaled; classes as float (B, K)."""
        x = Augment(size=self.recipe.data.size, flip=self.recipe.data.flip)(batch["x"], rng)
        found = {**batch, "x": self.scale.seen(x)}
        return found | {"y": one_hot(batch["y"], self.classes)} if self.classes else found

    @property
    def readable(self) -> int:
        """Number of classes that the extractor tells of a picture, where they are those of the data; otherwise 0."""
        data = self.recipe.data
        known = data.source in ("mnist", "digits") and not data.folder and not data.category
        chosen = self.recipe.evaluation.features in ("auto", "digits")
        return len(self.class_names) if known and chosen else 0

    def real_floats(self, count: int, *, kept: bool = False) -> Tensor:
        """The first training or kept-back pictures as the networks see them, without augmentation, (count, C, S, S)."""
        pictures = (self.kept if kept else self.data).pictures[:count]
        return self.scale.floats(centre(pictures, self.recipe.data.size))

    def y(self, labels: Tensor | None) -> Tensor | None:
        """Classes (B,), or sets of labels (B, K), as the networks are told them; None for those told nothing."""
        return one_hot(labels, self.classes) if self.classes and labels is not None else None

    def normal(self, count: int, seed: int, first: int = 0) -> Tensor:
        """What z of samples `first` … `first + count − 1` is made from: normal numbers (count, drawn) of (seed, i)."""
        return SampleNoise(seed, count, (self.latent.drawn,), first=first)()

    def z(self, count: int, seed: int, first: int = 0) -> Tensor:
        """z (count, width) of samples `first` … `first + count − 1`: that of sample i is a function of (seed, i)."""
        return self.latent.of(self.normal(count, seed, first))

    def draw(self, networks: Networks, *, count: int, seed: int, labels: Tensor | None = None,
             first: int = 0) -> Tensor:
        """Samples `first` … `first + count − 1`, uint8 (count, C, size, size) on the CPU.

        labels   classes (count,) or sets of labels (count, K) for networks that are told them; by default as often as
                 in the data

        Sample i is a function of the weights, (seed, i) and its class alone, to the last bit: see `BLOCK`.
        """
        start = first - first % BLOCK
        end = -(-(first + count) // BLOCK) * BLOCK
        if self.classes and labels is None:
            drawn = self.labels_for(first + count, seed)
            labels = None if drawn is None else drawn[first:]
        whole = None if labels is None else _padded(labels, first - start, end - first - count)
        return self.made(networks, self.z(end - start, seed, start), whole)[first - start : first - start + count]

    @torch.no_grad()
    def made(self, networks: Networks, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """What the generator makes of z (N, width), in blocks: uint8 (N, C, size, size) on the CPU."""
        generator = for_inference(networks["generator"], self.recipe.engine.precision)
        device, y, found = next(generator.parameters()).device, self.y(labels), []
        for first in range(0, len(z), BLOCK):
            rows = slice(first, first + BLOCK)
            told = None if y is None else y[rows].to(device)
            found.append(self.scale.pictures(generator(z[rows].to(device), told)).cpu())
        return torch.cat(found)

    def labels_for(self, count: int, seed: int, request: str | None = None) -> Tensor | None:
        """Classes to make: those asked for, in turn, or as often as in the data; None without classes.

        Errors: `InputError` for labels of a model without classes; `UnknownName` for a class that is not there.
        """
        return labels_for(self.data, self.classes, count, seed, request)

    def in_turn(self, count: int) -> Tensor | None:
        """One class, or the data's next set of labels, after the other; None for networks that are told nothing."""
        if not self.classes or self.data.labels is None:
            return None
        turns = torch.arange(count)
        return self.data.labels[turns % len(self.data.labels)] if self.data.sets else turns % self.classes

    def sample(self, networks: Networks, request: SampleRequest, folder: Path,
               provenance: dict[str, str]) -> list[Path]:
        """A sheet of pictures, and each one as a PNG."""
        from genloom.recipes.sample_gans import sample

        return sample(self, networks, request, folder, provenance)

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """Distances beside their floors, classes and their balance, and what the discriminator tells apart."""
        from genloom.recipes.judge_gans import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The game over the steps, samples on the way and at the end, and what lies between them."""
        from genloom.recipes.show_gans import run_items

        return run_items(self, networks, run, provenance)

    def _picture(self, networks: Networks, step: int, folder: Path) -> None:
        from genloom.recipes.show_pictures import SHEET, write_sheet

        seed = self.recipe.engine.seed
        drawn = self.draw(networks, count=SHEET, seed=seed, labels=self.in_turn(SHEET))
        write_sheet(drawn, folder / f"step-{step:07d}.png", drawn_at(self.recipe, step))

    def _judge(self, networks: Networks) -> dict[str, float]:
        from genloom.recipes.judge_gans import quick

        return quick(self, networks)


def _padded(labels: Tensor, before: int, after: int) -> Tensor:
    """The labels between zeros: a block's other samples are of any class."""
    rest = labels.shape[1:]
    return torch.cat((labels.new_zeros(before, *rest), labels, labels.new_zeros(after, *rest)))


def _shared(recipe: GanRecipe, networks: Networks) -> Iterator[tuple[str, str]]:
    """What several processes do not share."""
    processes = recipe.engine.devices * recipe.engine.nodes
    if processes > 1 and any(isinstance(part, _BATCH_NORMS) for each in networks.values() for part in each.modules()):
        yield "batch norm", f"each of {processes} processes normalises by the pictures of its own"


def _game(recipe: GanRecipe) -> str:
    """The losses, and what keeps them in bounds, in words."""
    loss, penalty = recipe.loss, recipe.penalty
    said = [f"{loss.adversarial} loss"]
    if loss.critic_steps > 1:
        said.append(f"{loss.critic_steps} steps of the discriminator for each of the generator")
    if penalty.kind != "none":
        every = f", every {penalty.every} steps" if penalty.every > 1 else ""
        said.append(f"penalty {penalty.kind} of weight {penalty.weight:g}{every}")
    if penalty.drift:
        said.append(f"drift of weight {penalty.drift:g}")
    if loss.clip:
        said.append(f"weights clipped at {loss.clip:g}")
    if loss.evaluator:
        said.append(f"labels read by {loss.evaluator}, of weight {loss.reading:g}")
    if recipe.augment.policy:
        said.append(f"pictures changed by {', '.join(recipe.augment.policy)}")
    return "; ".join(said)
