"""An image recipe made real: what it trains on, what it draws, and what it refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from images_small import small

from genloom.data.images.augment import centre
from genloom.diffusion.guidance import Guided
from genloom.errors import InputError, UnknownName
from genloom.metrics.features import PixelFeatures, digest_of
from genloom.metrics.picture_scores import compare
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.images import Data, Network, Sampling
from genloom.rng import StepRng

CLASSES = Network(width=8, multipliers=(1, 2), blocks=1, attention=(4,), heads=2, conditioning="class")


@pytest.fixture(scope="module")
def experiment() -> ImagesExperiment:
    return ImagesExperiment(small(network=CLASSES))


def weights_moved(experiment: ImagesExperiment) -> dict[str, torch.nn.Module]:
    """The networks with weights that are not at their start, where the output is 0."""
    random = torch.Generator().manual_seed(0)
    networks = {"denoiser": ImagesExperiment(experiment.recipe).network.eval()}
    with torch.no_grad():
        for parameter in networks["denoiser"].parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=random))
    return networks


def test_the_first_fact_is_the_data(experiment: ImagesExperiment) -> None:
    assert experiment.facts()[0][0] == "data"
    assert "drawn shapes" in experiment.facts()[0][1]


def test_a_batch_is_cut_mirrored_and_scaled(experiment: ImagesExperiment) -> None:
    batch = experiment.job().source.batch(torch.arange(6))
    assert batch["x"].dtype == torch.uint8
    ready = experiment.prepare(batch, StepRng(0, 1))
    assert ready["x"].shape == (6, 3, 8, 8)
    assert ready["x"].dtype == torch.float32
    assert -1 <= ready["x"].min() < ready["x"].max() <= 1
    assert torch.equal(ready["y"], batch["y"])


def test_a_picture_does_not_depend_on_its_batch(experiment: ImagesExperiment) -> None:
    networks, labels = weights_moved(experiment), experiment.labels_for(7, 0)
    for sampler in ("ddpm", "ddim", "dpmpp-2m"):
        sampling = replace(experiment.recipe.sampling, sampler=sampler, steps=5)
        whole = experiment.draw(networks, sampling, count=7, seed=3, labels=labels)
        parts = experiment.draw(networks, sampling, count=7, seed=3, labels=labels, batch=3)
        assert (whole.int() - parts.int()).abs().max() <= 1, "a byte's step, by the order of sums"
        assert whole.dtype == torch.uint8
        assert len(whole.unique(dim=0)) == 7


def test_guidance_of_scale_1_is_the_conditional_and_others_are_not(experiment: ImagesExperiment) -> None:
    networks, labels = weights_moved(experiment), torch.tensor([0, 1])
    x = torch.randn(2, *experiment.shape)
    plain, guided = (experiment.denoiser(networks, labels, Sampling(guidance=scale, clip=False))(x, 0.5).eps
                     for scale in (1.0, 3.0))
    free = experiment.denoiser(networks, None, Sampling(clip=False))(x, 0.5).eps
    torch.testing.assert_close(guided, free + 3 * (plain - free), rtol=1e-4, atol=1e-5)
    outside = experiment.denoiser(networks, labels, Sampling(guidance=3.0, guidance_high=1e-3, clip=False))(x, 0.5).eps
    torch.testing.assert_close(outside, plain, rtol=1e-5, atol=1e-6)


def test_pixels_are_clipped_where_the_recipe_says_so(experiment: ImagesExperiment) -> None:
    networks, x = weights_moved(experiment), 3 * torch.randn(2, *experiment.shape)
    clipped = experiment.denoiser(networks, None, Sampling(clip=True))
    assert isinstance(clipped, Guided)
    estimate, level = clipped(x, 0.5), experiment.schedule.level(0.5)
    assert estimate.x0.abs().max() <= 1
    torch.testing.assert_close(float(level.alpha) * estimate.x0 + float(level.sigma) * estimate.eps, x)


def test_labels_are_those_asked_for_or_as_often_as_in_the_data(experiment: ImagesExperiment) -> None:
    names = experiment.data.class_names
    asked = experiment.labels_for(5, 0, f"{names[1]}, 0")
    assert asked is not None
    assert asked.tolist() == [1, 0, 1, 0, 1]
    drawn = experiment.labels_for(4000, 0)
    assert drawn is not None
    assert experiment.data.labels is not None
    share = (experiment.data.labels == 0).double().mean().item()
    assert abs((drawn == 0).double().mean().item() - share) < 4 * (share / 4000) ** 0.5
    with pytest.raises(UnknownName, match="labels"):
        experiment.labels_for(1, 0, "no such shape")


def test_a_model_without_classes_takes_no_labels() -> None:
    plain = ImagesExperiment(small())
    assert plain.labels_for(3, 0) is None
    assert "y" not in plain.job().source.batch(torch.arange(2))
    with pytest.raises(InputError, match="left out"):
        plain.labels_for(3, 0, "cat")


def test_the_floor_is_of_pictures_that_were_kept_back(experiment: ImagesExperiment) -> None:
    count, pixels = experiment.recipe.evaluation.samples, PixelFeatures(3)
    kept = centre(experiment.kept.pictures[:count], 8)
    reference = centre(experiment.data.pictures, 8)
    assert experiment.floor.n == count
    assert experiment.floor.frechet == pytest.approx(compare(kept, reference, pixels).frechet, rel=1e-9)
    assert experiment.floor.reference_digest == digest_of(reference)


def test_sampling_starts_with_the_moments_of_x_1() -> None:
    exploding = ImagesExperiment(small(schedule=replace(small().schedule, kind="geometric", sigma_max=2.0),
                                       diffusion=replace(small().diffusion, times="uniform")))
    from genloom.recipes.images_parts import floats

    x0 = floats(exploding.data, 8)
    assert exploding.prior.std.item() == pytest.approx((x0.double().var() + 4).sqrt().item(), rel=1e-6)
    assert exploding.prior.mean.item() == pytest.approx(x0.double().mean().item(), abs=1e-6)


def test_the_sample_verb_writes_a_sheet_and_every_picture(experiment: ImagesExperiment, tmp_path: Path) -> None:
    request = SampleRequest(count=5, steps=3, sampler="ddim", labels="0")
    paths = experiment.sample(weights_moved(experiment), request, tmp_path, {"recipe": "x"})
    assert [path.name for path in paths] == ["samples.png", "samples.zip"]
    with pytest.raises(InputError, match="count"):
        experiment.sample(weights_moved(experiment), SampleRequest(count=0), tmp_path, {})
    with pytest.raises(InputError, match=r"sampling\.steps"):
        experiment.sample(weights_moved(experiment), SampleRequest(steps=999), tmp_path, {})


def test_classes_that_are_not_there_are_refused(tmp_path: Path) -> None:
    from PIL import Image

    for k in range(8):
        Image.new("RGB", (16, 16), (k, 20 * k, 0)).save(tmp_path / f"{k}.png")
    chosen = small(network=CLASSES, data=replace(small().data, folder=str(tmp_path)))
    with pytest.raises(InputError, match="sub-folder"):
        ImagesExperiment(chosen)
    assert len(ImagesExperiment(replace(chosen, network=small().network)).data.pictures) == 7


@pytest.mark.parametrize(("kind", "conditioning"), [("unet", "labels"), ("unet", "tokens"), ("dit", "tokens")])
def test_sets_of_labels_are_told_and_change_what_is_drawn(kind: Any, conditioning: Any) -> None:
    network = replace(CLASSES, kind=kind, width=16, attention=(8,), conditioning=conditioning)
    chosen = small(data=Data(source="scenes", scenes=4, size=16), network=network)
    sets = ImagesExperiment(chosen)
    networks = weights_moved(sets)
    labels = sets.labels_for(2, 0, "red cube, blue sphere; gray cube")
    assert labels is not None
    assert labels.shape == (2, sets.classes) == (2, 24)
    drawn = sets.draw(networks, count=2, seed=0, labels=labels)
    assert torch.equal(drawn, sets.draw(networks, count=2, seed=0, labels=labels))
    assert not torch.equal(drawn[:1], sets.draw(networks, count=1, seed=0, labels=labels[1:]))
    with pytest.raises(InputError, match=r"sets of labels"):
        ImagesExperiment(replace(chosen, network=replace(chosen.network, conditioning="class")))
    with pytest.raises(InputError, match=r"class: each has one"):
        ImagesExperiment(small(network=replace(CLASSES, conditioning=conditioning)))
