"""What `genloom sample` draws from a model of pictures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.errors import InputError
from genloom.recipes import rules
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.images import Sampling
from genloom.recipes.requests import SAMPLER, refuse_idle
from genloom.recipes.show_labels import write_labelled
from genloom.recipes.show_pictures import write_samples
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_images import ImagesExperiment
    from genloom.recipes.classifier_guidance import Guiding, TrainedClassifier
    from genloom.recipes.trained_evaluator import Evaluator

COUNT = 64
"""Pictures where a person names no number."""

_ASKED = ("sampler", "steps", "spacing", "eta", "guidance")


def sample(experiment: "ImagesExperiment", networks: Networks, request: SampleRequest, folder: Path,
           provenance: dict[str, str]) -> list[Path]:
    """A sheet of pictures, and a ZIP with each one; guided by a classifier where one is named; of label sets also a
    sheet with the labels.

    Errors: `InputError` for a request that cannot be; `UnknownName` for a class; those of the classifier.
    """
    refuse_idle(request, "a diffusion model of pictures", (*SAMPLER, "labels"), "")
    changed = {name: value for name in _ASKED if (value := getattr(request, name)) is not None}
    sampling = replace(experiment.recipe.sampling, **changed)
    rules.validate(replace(experiment.recipe, sampling=sampling))
    _refuse_idle(experiment, request, sampling)
    count = COUNT if request.count is None else request.count
    if count < 1:
        raise InputError("count", count, "at least 1", f"pass --count {COUNT}")
    guide = _guide(experiment, request)
    labels = (experiment if guide is None else guide).labels_for(count, request.seed, request.labels)
    guided = None if guide is None else _guided(experiment, networks, request, sampling, guide)
    drawn = experiment.draw(networks, sampling, count=count, seed=request.seed, labels=labels, guided=guided)
    if labels is not None and labels.ndim == 2:
        return write_labelled(experiment, drawn, labels, folder, provenance, guide)
    return write_samples(drawn, folder, provenance)


def _refuse_idle(experiment: "ImagesExperiment", request: SampleRequest, sampling: Sampling) -> None:
    """Refuse what was asked for and would change nothing."""
    if request.guidance not in (None, 1) and not request.classifier and not experiment.classes:
        raise InputError("guidance", request.guidance, "left out: this model knows no classes",
                         "name a --classifier to be guided by")
    if request.eta and sampling.sampler != "ddim":
        raise InputError("eta", request.eta, f"left out: {sampling.sampler} has none", "pass --sampler ddim")


def _guide(experiment: "ImagesExperiment", request: SampleRequest) -> "Evaluator | TrainedClassifier | None":
    """Whom the request names to guide."""
    if not request.classifier:
        return None
    from genloom.recipes.trained_evaluator import load_guide

    if experiment.space is not None:
        raise InputError("classifier", request.classifier, "left out: this model diffuses latents, not pictures")
    return load_guide(str(request.classifier))


def _guided(experiment: "ImagesExperiment", networks: Networks, request: SampleRequest, sampling: Sampling,
            guide: "Guiding") -> Callable[[Tensor], Denoiser]:
    """The unconditional denoiser guided to classes or label sets, by the request's guidance as scale."""
    from genloom.recipes.classifier_guidance import guided_denoiser

    scale = 1.0 if request.guidance is None else request.guidance
    free = experiment.denoiser(networks, None, replace(sampling, guidance=1.0, clip=False))
    device = next(networks["denoiser"].parameters()).device
    return lambda labels: guided_denoiser(free, guide, labels.to(device), scale, clip=sampling.clip)
