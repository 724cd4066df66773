"""What is drawn from a GAN is what was asked for; options of a sampler, which it has none of, are refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gans_small import TOLD, built
from labels_small import SCENES

from genloom.data.images.images import images
from genloom.errors import InputError, UnknownName
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.gans import Network
from genloom.recipes.sample_gans import COUNT
from genloom.report.provenance import read_provenance


def test_a_sheet_and_every_picture_are_written(tmp_path: Path) -> None:
    experiment = built(network=TOLD)
    request = SampleRequest(count=5, labels="3,1", seed=2)
    paths = experiment.sample(experiment.networks, request, tmp_path, {"recipe": "x"})
    assert [path.name for path in paths] == ["samples.png", "samples.zip"]
    assert read_provenance(paths[0])["recipe"] == "x"
    wanted = experiment.draw(experiment.networks, count=5, seed=2, labels=torch.tensor([3, 1, 3, 1, 3]))
    back = images("folder", size=16, channels=1, folder=paths[1])
    assert {picture.numpy().tobytes() for picture in back.pictures} == {p.numpy().tobytes() for p in wanted}


def test_without_a_number_there_are_64(tmp_path: Path) -> None:
    experiment = built()
    _, archive = experiment.sample(experiment.networks, SampleRequest(), tmp_path, {})
    assert len(images("folder", size=16, channels=1, folder=archive)) == COUNT == 64


@pytest.mark.parametrize(("request_", "word"), [
    (SampleRequest(sampler="ddim"), "sampler"), (SampleRequest(steps=5), "steps"), (SampleRequest(eta=0.5), "eta"),
    (SampleRequest(guidance=2.0), "guidance"), (SampleRequest(spacing="karras"), "spacing"),
    (SampleRequest(classifier="digit-classifier"), "classifier"), (SampleRequest(count=0), "count"),
    (SampleRequest(labels="3"), "labels")])
def test_what_a_generator_has_no_use_for_is_refused(request_: SampleRequest, word: str, tmp_path: Path) -> None:
    experiment = built()
    with pytest.raises(InputError) as caught:
        experiment.sample(experiment.networks, request_, tmp_path, {})
    assert caught.value.parameter == word
    assert not list(tmp_path.iterdir())


def test_a_class_that_is_not_there_is_named(tmp_path: Path) -> None:
    experiment = built(network=TOLD)
    with pytest.raises(UnknownName, match="eleven"):
        experiment.sample(experiment.networks, SampleRequest(labels="eleven"), tmp_path, {})


def test_label_sets_are_shown_with_their_names(tmp_path: Path) -> None:
    experiment = built(data=replace(SCENES, size=32),
                       network=Network(kind="dcgan", width=4, told="concatenate", judging="projection"))
    asked = SampleRequest(count=3, labels="red sphere, yellow cube")
    paths = experiment.sample(experiment.networks, asked, tmp_path, {"recipe": "r"})
    assert [path.name for path in paths] == ["samples.png", "samples.zip", "labels.png"]
    told = read_provenance(paths[2])
    assert (told["recipe"], told["judge"][:6]) == ("r", "nobody")
