"""Trained classifiers as guides of diffusion models: found by name or run, and asked for log p(y | x_t)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from genloom.diffusion import guidance
from genloom.diffusion.classification import Process, log_prob_of, noisy_logits
from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.prediction import expand
from genloom.diffusion.samplers.ddpm import Guide
from genloom.diffusion.schedule import Schedule, Time
from genloom.errors import InputError
from genloom.nn.image_classifier import ImageClassifier
from genloom.recipes.build_classifiers import make_classifier, make_process
from genloom.recipes.class_labels import asked_for
from genloom.recipes.classifiers import ClassifierRecipe
from genloom.recipes.trained import Trained, require, trained, with_weights
from genloom.rng import generator

_HEAD, _EXAMPLE = "classifier/head.weight", "digit-classifier"


class Guiding(Protocol):
    """Whoever can guide: log p(y | x_t) of the labels that are asked for, at the states of a denoiser."""

    def labels_for(self, count: int, seed: int, request: str | None = None) -> Tensor:
        """Labels to guide to, one for each sample: those of a person's request in turn, or some at random."""
        ...

    def log_prob(self, denoiser: Denoiser, labels: Tensor) -> guidance.LogProb:
        """log p(y | x_t) as a function of the state and the time."""
        ...


@dataclass(frozen=True)
class TrainedClassifier:
    """A classifier with fixed weights.

    network       in eval mode, without gradients of its weights
    process       the noise that it sees through, or None for one of clean pictures
    class_names   one for each class; numbers as text where they are not known
    place         its name or run
    digest        SHA-256 of its checkpoint's manifest
    """

    network: ImageClassifier
    recipe: ClassifierRecipe
    process: Process | None
    class_names: tuple[str, ...]
    place: str
    digest: str

    def logits(self, x0: Tensor) -> Tensor:
        """Logits (B, C) of clean pictures (B, C, S, S) in [−1, 1]; one of noised pictures sees them at its first time.

        Errors: `InputError` for pictures of another size.
        """
        self._require_shape(x0)
        network = self.network.to(x0.device)
        if self.process is None:
            logits: Tensor = network(x0, None)
            return logits
        return noisy_logits(network, self.process, x0, max(self.process.schedule.first, 1e-3))

    def labels_for(self, count: int, seed: int, request: str | None = None) -> Tensor:
        """Classes to guide to, (count,): those asked for, by name or number, in turn; or each equally often at random.

        Errors: `UnknownName` for a class that is not there.
        """
        if not request:
            return torch.randint(len(self.class_names), (count,), generator=generator(seed, 1))
        return asked_for(request, self.class_names, count)

    def noisy_log_prob(self, labels: Tensor, schedule: Schedule) -> guidance.LogProb:
        """log p(y | x_t) of one class for each sample, for states of any schedule.

        p(y | x_t) is a function of x_t/α and σ/α alone, so the classifier is asked about x_t α'/α at the time t' where
        its own σ'/α' is σ/α; with the schedule that it was trained on that is x_t at t.

        Errors: `InputError` for a classifier of clean pictures.
        """
        process = self.process
        if process is None:
            raise InputError("classifier", self.place, "a classifier of noised pictures, to be asked at x_t",
                             "one of clean pictures guides through x̂0")

        def log_prob(x: Tensor, t: Time) -> Tensor:
            self._require_shape(x)
            own, scale = _own_time(process.schedule, schedule, t)
            network = self.network.to(x.device)
            return log_prob_of(noisy_logits(network, process, expand(scale, x) * x, own), labels)

        return log_prob

    def clean_log_prob(self, labels: Tensor) -> Callable[[Tensor], Tensor]:
        """log p(y | x̂0) of one class for each sample, of x̂0 clamped to [−1, 1], the range of pictures."""
        return lambda x0: log_prob_of(self.logits(x0.clamp(-1, 1)), labels)

    def log_prob(self, denoiser: Denoiser, labels: Tensor) -> guidance.LogProb:
        """log p(y | x_t): asked at x_t, or through the denoiser's x̂0 for a classifier of clean pictures."""
        if self.process is None:
            return guidance.through(denoiser, self.clean_log_prob(labels))
        return self.noisy_log_prob(labels, denoiser.schedule)

    def _require_shape(self, x: Tensor) -> None:
        data = self.recipe.data
        wanted = (data.channels, data.size, data.size)
        if tuple(x.shape[1:]) != wanted:
            raise InputError("classifier", self.place, f"one of {tuple(x.shape[1:])} pictures; its own are {wanted}",
                             "train one with the data of the model that it is to guide")


def guided_denoiser(denoiser: Denoiser, classifier: Guiding, labels: Tensor, scale: float, *,
                    clip: bool = False) -> Denoiser:
    """The denoiser guided to classes with any sampler, as in DDIM: ε̂ = ε − s √(1 − ᾱ_t) ∇ log p(y | x_t).

    denoiser   of pixels; unconditional, or conditional to sharpen what it does already
    labels     classes (B,), or for an evaluator sets of labels (B, K), of the batch that is sampled
    scale      s
    clip       clamp x̂0 to [−1, 1] after guidance and derive ε̂ anew: near t = 1, where α → 0, the gradient is
               multiplied by σ²/α

    [Dhariwal & Nichol 2021, Alg. 2]
    """
    found = guidance.classifier(denoiser, classifier.log_prob(denoiser, labels), scale)
    return guidance.clipped(found) if clip else found


def guide(denoiser: Denoiser, classifier: Guiding, labels: Tensor, scale: float) -> Guide:
    """The option `guide` of the samplers ddpm and ddpm-large: s ∇ log p(y | x_t). [Dhariwal & Nichol 2021, Alg. 1]"""
    return guidance.classifier_gradient(classifier.log_prob(denoiser, labels), scale)


def load_classifier(place: str | Path) -> TrainedClassifier:
    """A classifier that comes with genloom, by its name, or that of a run, by its folder; its data are not needed.

    Errors: `RunError` where there is none; `InputError` for a run of another kind; `CheckpointError`.
    """
    return classifier_of(trained(place, what="classifiers", example=_EXAMPLE))


def classifier_of(found: Trained) -> TrainedClassifier:
    """The classifier that training left.

    Errors: `InputError` for another kind; `CheckpointError`.
    """
    require(found, ClassifierRecipe, "classifier", "a classifier", _EXAMPLE)
    classes = len(found.class_names) or (len(found.tensors[_HEAD]) if _HEAD in found.tensors else 2)
    network = make_classifier(found.recipe, classes)
    with_weights(network, found, "classifier")
    names = found.class_names or tuple(map(str, range(classes)))
    return TrainedClassifier(network, found.recipe, make_process(found.recipe), names, found.place, found.digest)


def _own_time(own: Schedule, schedule: Schedule, t: Time) -> tuple[Time, Time]:
    """The time t' of the classifier's schedule with the same σ/α as t, and the factor α'/α of x_t."""
    level = schedule.level(t)
    alpha, sigma = (torch.as_tensor(value, dtype=torch.float64).cpu() for value in (level.alpha, level.sigma))
    there = own.time((sigma / alpha).reshape(-1)).clamp(max(own.first, 1e-9), 1.0).reshape(alpha.shape)
    scale = own.alpha(there) / alpha
    return (there.to(t.device), scale.to(t.device)) if isinstance(t, Tensor) else (there.item(), scale.item())
