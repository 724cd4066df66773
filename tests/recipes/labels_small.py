"""Models that are told label sets and those that judge them: small real ones, and ones whose answers are known."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from genloom.data.images.imageset import ImageSet
from genloom.data.images.labelsets import NAMES
from genloom.recipes.build_evaluator import EvaluatorExperiment
from genloom.recipes.evaluator import Evaluation, Network, evaluator_iclevr
from genloom.recipes.images import Data
from genloom.recipes.images import Evaluation as ImagesEvaluation
from genloom.recipes.serial import to_yaml
from genloom.rng import generator
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen

SIZE = 16
SCENES = Data(source="scenes", scenes=8, size=SIZE, zoom=1.0, flip=False)


def written(sets: Tensor) -> Tensor:
    """Pictures (N, 3, 16, 16) whose first 24 pixels are their label sets."""
    pictures = torch.full((len(sets), 3, SIZE, SIZE), 100, dtype=torch.uint8)
    pictures.flatten(2)[:, :, : sets.shape[1]] = 255 * sets[:, None].to(torch.uint8)
    return pictures


def some_sets(count: int, seed: int = 0) -> Tensor:
    """Sets of one to three of 24 labels, uint8 (count, 24)."""
    random = generator(seed, count)
    sizes = torch.randint(1, 4, (count,), generator=random)
    return (torch.rand(count, 24, generator=random).argsort(1).argsort(1) < sizes[:, None]).to(torch.uint8)


@dataclass(eq=False)
class Writer:
    """Draws what it is told, but what is told to it at `wrong` is drawn as the set after it; counts its drawings."""

    wrong: tuple[int, ...] = ()
    source: str = "scenes"
    judge: str = ""
    kept: ImageSet = field(default_factory=lambda: labelled(some_sets(40, 1)))
    data_root: Path | None = None
    classes: int = 24
    drawings: int = 0

    @property
    def recipe(self) -> Any:
        data = replace(SCENES, source=self.source)
        return SimpleNamespace(data=data, evaluation=ImagesEvaluation(judge=self.judge, label_seeds=3))

    @property
    def data(self) -> ImageSet:
        return labelled(some_sets(40))

    def draw(self, networks: Any, *, count: int, seed: int, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        assert count == len(labels)
        self.drawings += 1
        drawn = labels.clone()
        for place in self.wrong:
            drawn[place] = labels[place].roll(1)
        return written(drawn)


@dataclass(eq=False)
class Reader:
    """Reads what `Writer` wrote, never wrongly."""

    digest: str = "d" * 64
    place: str = "runs/reader"
    class_names: tuple[str, ...] = NAMES
    recipe: Any = field(default_factory=lambda: evaluator_recipe(name="reader"))

    network: nn.Module = field(default_factory=lambda: nn.Linear(1, 1))

    def judged(self, pictures: Tensor) -> Tensor:
        return pictures.flatten(2)[:, 0, :24].double()


def labelled(sets: Tensor) -> ImageSet:
    return ImageSet(pictures=written(sets), labels=sets, class_names=NAMES, description=f"{len(sets)} written pictures")


def evaluator_recipe(**parts: Any) -> Any:
    recipe = evaluator_iclevr()
    engine = replace(recipe.engine, steps=2, batch_size=8, tensorboard=False, precision="32")
    small: dict[str, Any] = {"data": SCENES, "network": Network(width=4, blocks=(1, 1)), "engine": engine,
                             "evaluation": Evaluation(samples=16)}
    return replace(recipe, **(small | parts))


def evaluator_run(folder: Path, **parts: Any) -> Path:
    """The run of a small evaluator of scenes, which knows nothing yet."""
    recipe = evaluator_recipe(**parts)
    fit(EvaluatorExperiment(recipe).job(), RunFolder.create(folder, to_yaml(recipe), ["genloom"], {}),
        screen=Screen("quiet"))
    return folder
