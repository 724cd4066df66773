"""Judging finds a perfect code perfect, the linear code itself, and a collapsed latent space collapsed."""

import math
from dataclasses import replace
from typing import NamedTuple

import pytest
import torch
from autoencoder_small import small, small_recipe
from torch import Tensor

from genloom.diffusion.latent import LatentSpace, Standard
from genloom.metrics.linear_code import principal
from genloom.recipes.build_autoencoder import AutoencoderExperiment
from genloom.recipes.judge_autoencoder import (
    Codes,
    judge_all,
    judge_frechet,
    judge_latents,
    judge_psnr,
    judge_ssim,
    latents_of,
    missed,
)


def codes(change: int = 0) -> Codes:
    random = torch.Generator().manual_seed(0)
    originals = torch.randint(50, 200, (12, 3, 16, 16), generator=random, dtype=torch.uint8)
    return Codes(originals, originals + change, originals + 2, originals + 10)


def test_every_measure_stands_beside_the_linear_code() -> None:
    experiment = small()
    results = judge_all(experiment, experiment.job().networks)
    assert [r.name.split(" ")[0] for r in results[:6]] == ["PSNR", "PSNR", "SSIM", "SSIM", "FD-pixels", "FD-pixels"]
    for result in results[:6:2]:
        assert result.known is not None
        assert result.known_name.startswith("best linear code: 256 principal components of 2,000 training pictures")
        assert result.interval is not None
        assert result.interval[0] <= result.value <= result.interval[1]
        assert result.n == 24
    assert results[0].status == "fail"  # nothing was trained


def test_psnr_is_that_of_its_formula_and_a_perfect_code_has_100() -> None:
    mine, average = judge_psnr(small(), codes(1))
    assert mine.value == pytest.approx(20 * math.log10(255))
    assert mine.known == pytest.approx(20 * math.log10(255 / 2))
    assert average.value == pytest.approx(20 * math.log10(255 / 10))
    assert mine.status == "pass"
    assert judge_psnr(small(), codes(3))[0].status == "fail"
    assert judge_psnr(small(), codes(0))[0].value == 100


def test_a_perfect_code_has_similarity_one_and_distance_zero() -> None:
    (mine, _), (distance, average) = judge_ssim(small(), codes()), judge_frechet(small(), codes())
    assert mine.value == pytest.approx(1)
    assert distance.value == pytest.approx(0, abs=1e-9)
    assert average.value == pytest.approx(192 * (10 / 255) ** 2, rel=1e-6)  # 8 × 8 × 3 features, all moved by 10/255


def test_pictures_smaller_than_the_window_have_no_similarity() -> None:
    assert judge_ssim(small(), Codes(*(part[:, :, :8, :8] for part in codes()))) == ()


def test_what_is_missed_is_the_objectives_distance() -> None:
    experiment = small()
    x = experiment.judged()
    seen = experiment.reconstruct(experiment.job().networks, x)
    assert missed(experiment, experiment.job().networks) == pytest.approx((seen - x).abs().mean().item())
    squared = small_recipe(objective=replace(experiment.recipe.objective, distance="l2"))
    other = AutoencoderExperiment(squared)
    assert missed(other, other.job().networks) == pytest.approx((seen - x).square().mean().item(), rel=1e-5)


def test_the_linear_code_is_that_of_the_training_pictures() -> None:
    experiment = small()
    code = principal(experiment.floats(experiment.data.pictures), 256)
    torch.testing.assert_close(code(experiment.judged()), experiment.linear(experiment.judged()))


class Moments(NamedTuple):
    mean: Tensor
    log_variance: Tensor


def test_latents_are_described_as_they_are() -> None:
    """Channel 1 is collapsed to N(0, I); channel 2 is 3, known exactly; 3 and 4 follow the pictures and each other."""
    def encoder(x: Tensor) -> Moments:
        place = torch.nn.functional.avg_pool2d(x[:, :1], 2)
        zero = torch.zeros_like(place)
        return Moments(torch.cat([zero, zero + 3, place, -2 * place], 1), torch.cat([zero, zero - 20, zero, zero], 1))

    flat = Standard(torch.zeros(4, 1, 1), torch.ones(4, 1, 1))
    space = LatentSpace(encoder=encoder, decoder=lambda z: z, standard=flat, shape=(4, 8, 8))
    found = latents_of(small(), space, torch.device("cpu"))
    assert found.nats[0] == 0
    assert found.nats[1] == pytest.approx(64 * (9 + math.exp(-20) - 1 + 20) / 2, rel=1e-6)
    assert found.mean[0].abs() < 0.1
    assert found.mean[1] == pytest.approx(3, abs=1e-4)
    assert found.std[0] == pytest.approx(1, abs=0.1)
    assert found.correlation[2, 3] < -0.1
    total, mean, deviation, correlation = judge_latents(found, 24)
    assert total.value == pytest.approx(float(found.nats.sum()))
    assert mean.value == pytest.approx(3, abs=1e-4)
    assert deviation.value == pytest.approx(0, abs=1e-3)
    assert correlation.value == pytest.approx(-float(found.correlation[2, 3]), rel=0.2)
