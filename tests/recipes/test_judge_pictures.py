"""What every family of pictures is compared by: real ones as good as other real ones, and a number for each seed."""

import pytest
import torch
from images_small import small

from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import Evaluation
from genloom.recipes.judge_pictures import REAL, about, floor_of, judge_samples


@pytest.fixture(scope="module")
def experiment() -> ImagesExperiment:
    return ImagesExperiment(small(evaluation=Evaluation(samples=40, features="pixels", seeds=2)))


def test_kept_back_pictures_are_at_the_floor_that_they_are(experiment: ImagesExperiment) -> None:
    size = experiment.recipe.data.size
    start = (experiment.kept.size - size) // 2
    kept = experiment.kept.pictures[:40, :, start : start + size, start : start + size]
    for result in judge_samples(experiment, lambda seed: kept):
        assert result.value == pytest.approx(result.known, abs=1e-9)
        assert result.known_name == REAL
        assert result.seeds == (0, 1)


def test_each_seed_is_drawn_once_and_their_mean_is_reported(experiment: ImagesExperiment) -> None:
    asked: list[int] = []

    def drawn(seed: int) -> torch.Tensor:
        asked.append(seed)
        random = torch.Generator().manual_seed(seed)
        return torch.randint(256, (40, 3, 8, 8), dtype=torch.uint8, generator=random)

    results = {result.name: result for result in judge_samples(experiment, drawn)}
    assert asked == [0, 1]
    distance = results["FD-pixels"]
    assert distance.interval is not None
    assert distance.value == pytest.approx(sum(distance.interval) / 2)
    assert distance.value > 5 * distance.known


def test_a_distance_says_what_it_was_taken_in(experiment: ImagesExperiment) -> None:
    said = about(experiment.extractor, floor_of(experiment))
    assert experiment.extractor.digest[:12] in said
    assert "training pictures" in said
