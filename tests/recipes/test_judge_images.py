"""A model's numbers stand beside answers that are right: for normal pictures the linear denoiser's is the optimum."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from images_small import small, trained
from PIL import Image

from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import Data, Evaluation
from genloom.recipes.judge_images import (
    baseline_by_time,
    choosing,
    judge_all,
    judged,
    kept_denoiser,
    linear_denoiser,
    losses_by_time,
    on_table,
    quick,
)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> ImagesExperiment:
    return trained(tmp_path_factory.mktemp("runs") / "run", small())


def test_a_network_that_answers_0_has_loss_1(experiment: ImagesExperiment) -> None:
    class Nothing(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x: torch.Tensor, time: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
            return torch.zeros_like(x)

    networks = {"denoiser": Nothing()}
    for loss in losses_by_time(experiment, kept_denoiser(experiment, networks), [0.2, 0.9]):
        assert loss == pytest.approx(1.0, abs=4 * (2 / (256 * 192)) ** 0.5)


def test_the_loss_of_a_conditional_model_is_told_the_classes_of_those_pictures() -> None:
    class Listening(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))
            self.heard: list[torch.Tensor | None] = []

        def forward(self, x: torch.Tensor, time: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
            self.heard.append(labels)
            return torch.zeros_like(x)

    network = replace(small().network, conditioning="class")
    told = ImagesExperiment(small(network=network, sampling=replace(small().sampling, guidance=3.0)))
    network_of = Listening()
    for pictures in (told.kept, told.data):
        losses_by_time(told, kept_denoiser(told, {"denoiser": network_of}, pictures), [0.5], pictures=pictures)
    assert told.kept.labels is not None
    assert told.data.labels is not None
    assert len(network_of.heard) == 2, "no guidance: one call each"
    for heard, labels in zip(network_of.heard, (told.kept.labels, told.data.labels), strict=True):
        assert heard is not None
        assert torch.equal(heard, labels[:256])


def test_the_linear_denoiser_is_better_than_guessing_at_every_time(experiment: ImagesExperiment) -> None:
    losses = baseline_by_time(experiment, [0.1, 0.5, 0.9])
    assert losses is not None
    assert 1 > losses[0] > losses[1] > losses[2] > 0
    assert linear_denoiser(experiment) is not None


def test_times_are_entries_of_the_table(experiment: ImagesExperiment) -> None:
    assert [on_table(experiment, t) for t in (0.0, 0.26, 1.0)] == [0.05, 0.25, 1.0]


def test_all_results_have_a_number_and_say_what_they_are_in(experiment: ImagesExperiment) -> None:
    results = judge_all(experiment, {"denoiser": experiment.network.eval()})
    assert all(result.value is not None for result in results)
    named = {result.name: result for result in results}
    distance = named["FD-pixels"]
    assert "sha256" in distance.formula
    assert "fewer" in distance.formula, "12 pictures in 192 features: the distance must say so"
    assert distance.known is not None
    assert distance.value is not None
    assert distance.value > distance.known, "an untrained model's pictures are farther off than real ones"
    assert "FID" not in named
    kernel = named["KID-pixels"]
    assert kernel.interval is not None
    assert kernel.value is not None
    assert kernel.interval[0] < kernel.value < kernel.interval[1]
    bits = named["bits per dimension of kept pictures, upper bound"]
    assert bits.value is not None
    assert bits.known is not None
    assert bits.value > bits.known > 0, "an untrained model needs more bits than the linear one"


def test_the_best_checkpoint_is_chosen_by_other_pictures_than_are_reported(experiment: ImagesExperiment) -> None:
    reported, chosen = judged(experiment.kept), choosing(experiment.kept)
    own = {picture.numpy().tobytes() for picture in reported.pictures}
    assert len(reported) == len(chosen) == 250
    assert not any(picture.numpy().tobytes() in own for picture in chosen.pictures)


def test_the_loss_decides_which_checkpoint_is_best(experiment: ImagesExperiment) -> None:
    first = next(iter(quick(experiment, {"denoiser": experiment.network.eval()})))
    assert first == "loss on kept pictures"


def few(folder: Path, count: int, samples: int = 12) -> ImagesExperiment:
    """An experiment on a folder of `count` pictures."""
    for k in range(count):
        Image.effect_noise((12, 12), 40 + k).save(folder / f"{k}.png")
    return ImagesExperiment(small(data=Data(folder=str(folder), size=8),
                                  evaluation=Evaluation(samples=samples, features="pixels")))


@pytest.mark.parametrize(("count", "samples"), [(2, 12), (5, 12), (30, 4)])
def test_too_few_pictures_to_compare_are_said_to_be_too_few(tmp_path: Path, count: int, samples: int) -> None:
    experiment = few(tmp_path, count, samples)
    results = {result.name: result for result in judge_all(experiment, {"denoiser": experiment.network.eval()})}
    assert results["FD-pixels"].value is None
    assert "too few" in results["FD-pixels"].formula
    assert "precision" not in results


def test_too_few_pictures_kept_back_give_no_floor(tmp_path: Path) -> None:
    experiment = few(tmp_path, 20)
    results = {result.name: result for result in judge_all(experiment, {"denoiser": experiment.network.eval()})}
    for name in ("FD-pixels", "recall"):
        assert results[name].value is not None
        assert results[name].known is None
        assert "3 pictures were kept back, fewer than 6" in results[name].known_name
