"""Trained evaluators: found by name, run or file of the course; they judge pictures with labels, or guide to them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.data.images.labelsets import NAMES
from genloom.diffusion import guidance
from genloom.diffusion.classification import log_prob_of
from genloom.diffusion.denoiser import Denoiser
from genloom.errors import InputError
from genloom.metrics.label_accuracy import LabelAccuracy, label_accuracy
from genloom.nn.resnet import ResNet
from genloom.recipes.build_evaluator import NAME, asked, make_evaluator
from genloom.recipes.class_labels import sets_asked_for
from genloom.recipes.classifier_guidance import TrainedClassifier, classifier_of
from genloom.recipes.evaluator import EvaluatorRecipe
from genloom.recipes.interop import course_evaluator
from genloom.recipes.interop.weights import SUFFIXES
from genloom.recipes.trained import Trained, require, trained, with_weights
from genloom.rng import generator

_HEAD, _EXAMPLE = f"{NAME}/fc.weight", "evaluator-iclevr"


@dataclass(frozen=True, eq=False)
class Evaluator:
    """An evaluator with fixed weights.

    network       in eval mode, without gradients of its weights
    class_names   one for each object; numbers as text where they are not known
    place         its name, run or file
    digest        SHA-256 of its checkpoint's manifest, or of the course's file
    """

    network: ResNet
    recipe: EvaluatorRecipe
    class_names: tuple[str, ...]
    place: str
    digest: str

    def logits(self, x0: Tensor) -> Tensor:
        """Logits (B, K) of pictures (B, C, S, S) in [−1, 1], a sigmoid of each being the probability of an object.

        Errors: `InputError` for pictures of another size.
        """
        self._require_shape(x0)
        logits: Tensor = self.network.to(x0.device)(x0)
        return logits

    def judged(self, pictures: Tensor) -> Tensor:
        """The logits of any number of pictures, uint8 (N, C, S, S): float64 (N, K), on the CPU."""
        self._require_shape(pictures)
        return asked(self.network, pictures, self.recipe.data.size)

    def accuracy(self, pictures: Tensor, sets: Tensor) -> LabelAccuracy:
        """How many of the labels, (N, K) of zeros and ones, it names in the pictures, uint8 (N, C, S, S).

        Errors: `InputError` for pictures of another size, or sets of other objects.
        """
        return label_accuracy(self.judged(pictures), sets)

    def labels_for(self, count: int, seed: int, request: str | None = None) -> Tensor:
        """Label sets to guide to, uint8 (count, K): those of "red cube, blue sphere; gray cube" in turn, or one object.

        Errors: `UnknownName` for an object that is not there; `InputError` for an empty set.
        """
        if request:
            return sets_asked_for(request, self.class_names, count)
        objects = torch.randint(len(self.class_names), (count,), generator=generator(seed, 1))
        return F.one_hot(objects, len(self.class_names)).to(torch.uint8)

    def clean_log_prob(self, sets: Tensor) -> Callable[[Tensor], Tensor]:
        """log p(set | x̂0), (B,), of x̂0 clamped to [−1, 1]: of all objects of a set, and of none beyond it.

        sets   (B, K), or (1, K) for one that all are asked for
        """
        return lambda x0: log_prob_of(self.logits(x0.clamp(-1, 1)), sets)

    def log_prob(self, denoiser: Denoiser, labels: Tensor) -> guidance.LogProb:
        """log p(set | x_t), asked through the denoiser's x̂0; see `classifier_guidance.guided_denoiser`."""
        return guidance.through(denoiser, self.clean_log_prob(labels))

    def _require_shape(self, x: Tensor) -> None:
        data = self.recipe.data
        wanted = (data.channels, data.size, data.size)
        if tuple(x.shape[1:]) != wanted:
            raise InputError("evaluator", self.place, f"one of {tuple(x.shape[1:])} pictures; its own are {wanted}",
                             "train one with the data of the model that it is to judge")


def load_evaluator(place: str | Path) -> Evaluator:
    """An evaluator by the name of one that comes with genloom, the folder of a run, or the course's checkpoint.

    Errors: `RunError` where there is none; `InputError` for a run of another kind; `CheckpointError`.
    """
    if _is_file(place):
        return _made(of_course(Path(place).expanduser()))
    found = trained(place, what="evaluators", example=_EXAMPLE)
    require(found, EvaluatorRecipe, "evaluator", "an evaluator", _EXAMPLE)
    return _made(found)


def load_guide(place: str | Path) -> Evaluator | TrainedClassifier:
    """Whoever can guide, an evaluator or a classifier, found as these are.

    Errors: as `load_evaluator`.
    """
    if _is_file(place):
        return load_evaluator(place)
    found = trained(place, what="classifiers and evaluators", example=_EXAMPLE)
    return _made(found) if isinstance(found.recipe, EvaluatorRecipe) else classifier_of(found)


def of_course(path: Path) -> Trained:
    """The file of the course, or of another ResNet of basic blocks, as if it had been trained here.

    Errors: `CheckpointError` for a file that is missing, damaged or of another network.
    """
    from genloom.recipes.interop.weights import read_tensors

    found = course_evaluator.read(str(path), read_tensors(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Trained(found.recipe, {f"{NAME}/{key}": each for key, each in found.state.items()}, (), str(path), digest)


def _is_file(place: str | Path) -> bool:
    path = Path(place).expanduser()
    return path.suffix in SUFFIXES and not path.is_dir()


def _made(found: Trained) -> Evaluator:
    classes = len(found.class_names) or (len(found.tensors[_HEAD]) if _HEAD in found.tensors else 1)
    network = make_evaluator(found.recipe, classes)
    with_weights(network, found, NAME)
    known = NAMES if classes == len(NAMES) else tuple(map(str, range(classes)))
    return Evaluator(network, found.recipe, found.class_names or known, found.place, found.digest)
