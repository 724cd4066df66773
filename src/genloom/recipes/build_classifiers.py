"""A classifier recipe made real: its pictures, network and method, trained and judged by the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import torch
from torch import Tensor

from genloom.data.images.augment import Augment, centre, to_floats
from genloom.diffusion.classification import Classification, Process
from genloom.diffusion.times import time_law
from genloom.errors import InputError, NotHere
from genloom.nn.image_classifier import ClassifierShape, ImageClassifier
from genloom.recipes.classifiers import ClassifierRecipe
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.images_parts import make_data
from genloom.recipes.process_parts import make_schedule, told
from genloom.rng import StepRng, fold
from genloom.training.engine import Job
from genloom.training.method import Batch, Networks
from genloom.training.prepared import Prepared
from genloom.training.source import TensorSource

if TYPE_CHECKING:
    from genloom.report.results import Item, Result


class ClassifierExperiment:
    """Implements `recipes.experiment.Experiment` for `ClassifierRecipe`.

    data, kept     pictures of training, and those that no training sees
    class_names    one for each class
    process        the noise that is seen through, or None for clean pictures

    Errors: `InputError` for pictures without classes.
    """

    def __init__(self, recipe: ClassifierRecipe, data_root: Path | None = None) -> None:
        self.recipe = recipe
        self.data, self.kept = make_data(recipe.data, data_root)
        if self.data.labels is None or self.kept.labels is None:
            raise InputError("data.source", recipe.data.folder or recipe.data.source, "pictures with classes",
                             "put the pictures of each class into a sub-folder, or pass --data.source mnist")
        self.labels, self.kept_labels = self.data.labels, self.kept.labels
        self.class_names = self.data.class_names
        self.process = make_process(recipe)
        self.network = make_classifier(recipe, len(self.class_names))

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, the network's size, and what is seen through."""
        parameters = sum(p.numel() for p in self.network.parameters())
        noise = "clean pictures" if self.process is None else f"p(y | x_t), {self.recipe.schedule.kind} schedule"
        return (
            ("data", f"{self.data.description}; {len(self.data):,} to train, {len(self.kept):,} kept"),
            ("network", f"classifier of {len(self.class_names)} classes, {parameters:,} parameters"),
            ("input", noise),
        )

    def job(self) -> Job:
        """One network, one optimizer, one loss."""
        return Job(method=Prepared(Classification(process=self.process), self.prepare),
                   networks={"classifier": self.network}, optimizers={"classifier": self.recipe.optimizer},
                   source=TensorSource({"x": self.data.pictures, "y": self.labels}), options=self.recipe.engine,
                   judge=self._judge)

    def prepare(self, batch: Batch, rng: StepRng) -> Batch:
        """A batch as the network sees it in training: moved, cropped, perhaps mirrored, in [−1, 1]."""
        chosen = self.recipe.data
        x = Augment(size=chosen.size, flip=chosen.flip)(widened(batch["x"], self.recipe.classifying.shift), rng)
        return {**batch, "x": x}

    def floats(self, count: int) -> Tensor:
        """The first of the kept-back pictures without augmentation, float32 (N, C, size, size) in [−1, 1]."""
        return to_floats(centre(self.kept.pictures[:count], self.recipe.data.size))

    def sample(self, networks: Networks, request: SampleRequest, folder: Path, provenance: dict[str, str]) -> NoReturn:
        """A classifier draws nothing.

        Errors: `NotHere` that says what it is for.
        """
        raise NotHere("a classifier draws no samples; guide a diffusion model by it: "
                      "`genloom sample RUN --classifier THIS_RUN --guidance 2`, or see `genloom evaluate THIS_RUN`")

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """Accuracy, cross-entropy and calibration on kept-back pictures; at each time for noised ones."""
        from genloom.recipes.judge_classifiers import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The loss over the steps, the confusion matrix, the surest mistakes, and accuracy at each time."""
        from genloom.recipes.show_classifiers import run_items

        return run_items(self, networks, run, provenance)

    def _judge(self, networks: Networks) -> dict[str, float]:
        from genloom.recipes.judge_classifiers import quick

        return quick(self, networks)


def make_process(recipe: ClassifierRecipe) -> Process | None:
    """The noise that the recipe's classifier sees through, or None."""
    chosen = recipe.classifying
    if not chosen.noisy:
        return None
    schedule = make_schedule(recipe.schedule)
    return Process(schedule=schedule, times=time_law(chosen.times, schedule),
                   condition=told(chosen.time_input, schedule))


def make_classifier(recipe: ClassifierRecipe, classes: int) -> ImageClassifier:
    """The network of a recipe, with weights that are a function of the seed.

    Errors: `InputError` for sizes that do not fit.
    """
    chosen, data = recipe.network, recipe.data
    shape = ClassifierShape(size=data.size, channels=data.channels, width=chosen.width, multipliers=chosen.multipliers,
                            classes=classes, timed=recipe.classifying.noisy)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(recipe.engine.seed, 0))
        return ImageClassifier(shape)


def widened(pictures: Tensor, margin: int) -> Tensor:
    """Pictures (B, C, S, S) whose edges are continued by `margin` pixels on each side, room for random cuts.

    >>> widened(torch.tensor([[[[1, 2], [3, 4]]]]), 1)[0, 0].tolist()
    [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    """
    if margin == 0:
        return pictures
    rows, columns = (torch.arange(-margin, side + margin, device=pictures.device).clamp(0, side - 1)
                     for side in pictures.shape[-2:])
    return pictures.index_select(2, rows).index_select(3, columns)
