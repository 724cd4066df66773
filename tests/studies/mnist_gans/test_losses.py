"""S0.13 and S0.15 as items of the report."""

import math

import pytest
import torch

from genloom.gan.losses import minimax, non_saturating, square
from genloom.studies.mnist_gans.losses import at, guarded, least_squares, slope, vanilla


def test_the_items_are_whole_and_no_verdict_fails(tiny, check) -> None:
    for item in (vanilla, least_squares):
        statuses = [result.status for result in check(item, tiny).results]
        assert "fail" not in statuses
        assert "pass" in statuses


def test_the_guarded_logarithm_loses_its_slope_where_the_discriminator_is_sure() -> None:
    assert slope(guarded, -20.0) == pytest.approx(-0.171, abs=0.001)
    assert slope(non_saturating, -20.0) == pytest.approx(-1)
    assert slope(minimax, -20.0) == pytest.approx(-math.exp(-20), rel=1e-3)


def test_values_are_those_of_one_logit() -> None:
    assert at(square, 3.0) == 2
    assert at(lambda logits: logits.sum(), 4.0) == 4
    assert torch.is_grad_enabled()
