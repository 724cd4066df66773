"""How completions are judged: exact numbers for completions whose error is known."""

import math

import pytest
import torch
from inpainting_small import built

from genloom.data.images.augment import to_pictures
from genloom.metrics.features import PixelFeatures, moments
from genloom.metrics.frechet import frechet_distance
from genloom.recipes.build_inpainting import Questions
from genloom.recipes.judge_inpainting import (
    FILLS,
    hidden_psnr,
    judge_all,
    judge_frechet,
    judge_psnr,
    make_judge,
    unseen,
)


def test_psnr_is_of_hidden_bytes_alone() -> None:
    x = torch.zeros(2, 3, 8, 8)
    mask = torch.ones(2, 1, 8, 8)
    mask[:, :, :2] = 0
    off = x.clone()
    off[0, :, :2] += 20 / 127.5
    off[:, :, 4:] = 1.0  # known, so it does not count
    found = hidden_psnr(off, Questions(x, mask))
    assert found[0].item() == pytest.approx(20 * math.log10(255 / 20), abs=0.01)
    assert found[1].item() == pytest.approx(20 * math.log10(255) + 10 * math.log10(12), abs=1e-6)


def test_a_fill_is_not_better_than_itself_and_the_truth_is() -> None:
    experiment = built()
    asked = experiment.questions()
    fill = FILLS["mean of the neighbours"](*asked)
    own = judge_psnr(fill, asked)
    assert own.value == own.known
    assert judge_psnr(asked.x, asked).status == "pass"
    assert judge_psnr(torch.where(asked.mask == 1, asked.x, -asked.x.sign()), asked).status == "fail"


def test_uncovered_pictures_are_at_the_floor() -> None:
    experiment = built()
    judge, asked = make_judge(experiment), experiment.questions()
    found = judge_frechet(asked.x, judge)
    assert found.value == pytest.approx(judge.floor, abs=1e-9)
    assert found.known == judge.floor
    assert found.name.startswith("FD-pixels")
    grey = judge_frechet(asked.seen, judge)
    assert grey.value is not None
    assert grey.value > judge.floor


def test_the_floor_is_taken_against_other_pictures_than_those_that_are_completed() -> None:
    experiment = built()
    count = experiment.judged
    own, others = (PixelFeatures(3)(to_pictures(experiment.floats(first, count))) for first in (0, count))
    judge = make_judge(experiment)
    torch.testing.assert_close(judge.reference.mean, others.mean(0))
    assert judge.floor == pytest.approx(frechet_distance(moments(own), moments(others)))
    assert judge.floor > 0


def test_every_number_is_there_and_hidden_pixels_are_never_shown() -> None:
    experiment = built()
    results = judge_all(experiment, experiment.networks)
    assert len(results) == 3 + 2 * len(FILLS)
    assert results[-1] == unseen(experiment, experiment.networks, experiment.questions())
    assert results[-1].value == 0
    assert results[-1].status == "pass"
