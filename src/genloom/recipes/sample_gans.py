"""What `genloom sample` draws from a GAN of pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

from genloom.errors import InputError
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.requests import refuse_idle
from genloom.recipes.show_labels import write_labelled
from genloom.recipes.show_pictures import write_samples
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_gans import GanExperiment

COUNT = 64
"""Pictures where a person names no number."""


def sample(experiment: "GanExperiment", networks: Networks, request: SampleRequest, folder: Path,
           provenance: dict[str, str]) -> list[Path]:
    """A sheet of pictures, and a ZIP with each one; of label sets also a sheet with the labels.

    Errors: `InputError` for options of a sampler, which a generator has none of, for labels of a model that is told no
    classes, and for a count below 1; `UnknownName` for a class.
    """
    refuse_idle(request, "a GAN of pictures", ("labels",) if experiment.classes else (),
                "a generator makes a picture in one step, without a sampler")
    count = COUNT if request.count is None else request.count
    if count < 1:
        raise InputError("count", count, "at least 1", f"pass --count {COUNT}")
    labels = experiment.labels_for(count, request.seed, request.labels)
    drawn = experiment.draw(networks, count=count, seed=request.seed, labels=labels)
    if labels is not None and labels.ndim == 2:
        return write_labelled(experiment, drawn, labels, folder, provenance, experiment.guide)
    return write_samples(drawn, folder, provenance)
