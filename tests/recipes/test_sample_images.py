"""What `genloom sample` draws: as many as asked for, guided by the classifier that is named."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from images_small import small
from labels_small import SCENES, evaluator_run
from PIL import Image

from genloom.errors import InputError, UnknownName
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.images import Data, ImagesRecipe, Network, Sampling
from genloom.recipes.process import Schedule
from genloom.report.provenance import read_provenance


def digits() -> ImagesRecipe:
    """A model of the classifier's pictures: 32 × 32, grey."""
    return small(data=Data(source="digits", size=32, channels=1, zoom=1.0, flip=False),
                 network=Network(width=4, multipliers=(1, 2), blocks=1, attention=(), heads=1),
                 schedule=Schedule(kind="cosine", steps=20))


@pytest.fixture(scope="module")
def experiment() -> ImagesExperiment:
    return ImagesExperiment(digits())


def drawn(experiment: ImagesExperiment, folder: Path, **asked: object) -> dict[str, bytes]:
    request = SampleRequest(**{"count": 4, "steps": 5, "sampler": "ddim", **asked})  # type: ignore[arg-type]
    folder.mkdir()
    _, archive = experiment.sample({"denoiser": experiment.network.eval()}, request, folder, {})
    with zipfile.ZipFile(archive) as pictures:
        return {name: pictures.read(name) for name in pictures.namelist()}


def test_a_classifier_moves_the_pictures_and_at_scale_0_does_not(experiment: ImagesExperiment, tmp_path: Path) -> None:
    plain = drawn(experiment, tmp_path / "plain")
    assert list(plain) == [f"{k:05d}.png" for k in range(4)]
    guided = drawn(experiment, tmp_path / "guided", classifier="digit-classifier-noisy", labels="3", guidance=2.0)
    none = drawn(experiment, tmp_path / "none", classifier="digit-classifier-noisy", labels="3", guidance=0.0)
    assert guided != plain
    assert none == plain


def test_a_clean_classifier_guides_through_the_estimate(experiment: ImagesExperiment, tmp_path: Path) -> None:
    first = drawn(experiment, tmp_path / "a", classifier="digit-classifier", labels="3", guidance=2.0)
    assert first == drawn(experiment, tmp_path / "b", classifier="digit-classifier", labels="3", guidance=2.0)
    assert first != drawn(experiment, tmp_path / "c", classifier="digit-classifier", labels="8", guidance=2.0)


def test_what_cannot_be_guided_is_refused(experiment: ImagesExperiment, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="labels"):
        drawn(experiment, tmp_path / "a", classifier="digit-classifier", labels="eleven")
    other = ImagesExperiment(small())
    with pytest.raises(InputError, match="classifier"):
        drawn(other, tmp_path / "b", classifier="digit-classifier", labels="3")
    latent = ImagesExperiment(replace(digits(), name="x"))
    latent.space = torch.nn.Identity()  # type: ignore[assignment]
    with pytest.raises(InputError, match="latents"):
        drawn(latent, tmp_path / "c", classifier="digit-classifier", labels="3")


@pytest.mark.parametrize(("asked", "said"), [({"guidance": 3.0}, "guidance = 3.0: must be left out"),
                                             ({"eta": 0.5, "sampler": "heun"}, "heun has none; pass --sampler ddim")])
def test_what_would_change_nothing_is_refused(experiment: ImagesExperiment, tmp_path: Path, asked: dict[str, object],
                                              said: str) -> None:
    with pytest.raises(InputError, match=said):
        drawn(experiment, tmp_path / "a", **asked)


def test_label_sets_are_shown_in_rows_of_eight_and_named(tmp_path: Path) -> None:
    network = Network(width=8, multipliers=(1, 2), blocks=1, attention=(8,), heads=2, conditioning="labels")
    told = ImagesExperiment(small(data=SCENES, network=network, sampling=Sampling(sampler="ddim", steps=2)))
    networks, judge = {"denoiser": told.network.eval()}, evaluator_run(tmp_path / "judge")
    asked = SampleRequest(count=10, labels="red sphere, yellow cube; gray cylinder")
    (tmp_path / "out").mkdir()
    paths = told.sample(networks, asked, tmp_path / "out", {"recipe": "r"})
    assert [path.name for path in paths] == ["samples.png", "samples.zip", "labels.png"]
    with Image.open(paths[0]) as sheet:
        assert sheet.size == (8 * 66 - 2, 2 * 66 - 2)
    assert read_provenance(paths[2])["judge"].startswith("nobody: no evaluator")
    chosen = replace(told.recipe, evaluation=replace(told.recipe.evaluation, judge=str(judge)))
    told.sample(networks, replace(asked, classifier=str(judge)), tmp_path / "out", {})
    assert read_provenance(paths[2])["judge"].startswith("nobody: no evaluator")
    judged = ImagesExperiment(chosen)
    judged.sample(networks, asked, tmp_path / "out", {})
    assert read_provenance(paths[2])["judge"].startswith(f"{judge}, sha256 ")
    judged.sample(networks, replace(asked, classifier=str(judge)), tmp_path / "out", {})
    assert "must not judge it" in read_provenance(paths[2])["judge"], "who guided says nothing of it"
