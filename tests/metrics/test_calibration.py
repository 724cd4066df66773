"""The calibration error by hand, and its floor for a classifier that is calibrated by construction."""

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.calibration import calibration, calibration_error


def test_by_hand() -> None:
    """Bins (0, ½] and (½, 1]: |1/2 − .4| · 2/6 + |3/4 − .9| · 4/6."""
    confidence = torch.tensor([0.4, 0.4, 0.9, 0.9, 0.9, 0.9])
    correct = torch.tensor([True, False, True, True, True, False])
    assert float(calibration_error(confidence, correct, 2)) == pytest.approx(0.1 / 3 + 0.15 * 2 / 3, abs=1e-7)


def test_the_ends_of_a_bin_belong_to_it_and_certainty_that_is_right_has_no_error() -> None:
    ones = torch.ones(5)
    assert float(calibration_error(ones, ones.bool())) == 0
    assert float(calibration_error(ones, ~ones.bool())) == 1
    assert float(calibration_error(torch.tensor([0.0, 0.5]), torch.tensor([False, True]), 2)) == 0.25


def test_many_sets_of_answers_at_once_are_each_alone() -> None:
    random = torch.Generator().manual_seed(0)
    confidence = torch.rand(50, generator=random)
    correct = torch.rand(3, 50, generator=random) < 0.5
    whole = calibration_error(confidence, correct, 7)
    assert whole.tolist() == [float(calibration_error(confidence, row, 7)) for row in correct]


def test_a_calibrated_classifier_lies_at_the_floor_and_an_overconfident_one_above_it() -> None:
    random = torch.Generator().manual_seed(1)
    confidence = 0.5 + 0.5 * torch.rand(4000, generator=random, dtype=torch.float64)
    right = torch.rand(4000, generator=random, dtype=torch.float64) < confidence
    honest = calibration(confidence, right)
    assert 0 < honest.floor < honest.high < 0.05
    assert honest.value < honest.high
    surer = calibration((confidence + 0.1).clamp(max=1), right)
    assert surer.value > 2 * surer.high
    assert calibration(confidence, right) == honest


def test_bad_input_is_refused() -> None:
    for confidence, correct, bins in ((torch.ones(0), torch.ones(0).bool(), 5),
                                      (torch.ones(2), torch.ones(3).bool(), 5),
                                      (torch.tensor([1.5]), torch.ones(1).bool(), 5),
                                      (torch.ones(1), torch.ones(1).bool(), 0)):
        with pytest.raises(InputError):
            calibration_error(confidence, correct, bins)
