"""Checks of other samples: what they tell, and what they cannot."""

import torch
import zoo
from test_probe import batch

from genloom.forecasting.audit.probe import Probe
from genloom.forecasting.audit.samples import company, permuted, twice


def test_one_window_says_nothing_of_its_batch() -> None:
    torch.manual_seed(0)
    probe = Probe(zoo.Linear(), batch(1))
    assert permuted(probe).verdict == company(probe).verdict == "unclear"
    assert twice(probe).verdict == "pass"


def test_a_batch_of_mean_is_found_by_company_and_not_by_order() -> None:
    torch.manual_seed(0)
    probe = Probe(zoo.NormalisedByOthers(), batch(4))
    assert permuted(probe).verdict == "pass"
    found = company(probe)
    assert found.verdict == "fail"
    assert "alone the forecast changes by" in found.said


def test_dropout_in_eval_changes_forecasts_by_about_its_size() -> None:
    torch.manual_seed(0)
    found = twice(Probe(zoo.Dropping(always=True), batch(4)))
    assert found.verdict == "fail"
    assert found.number is not None
    assert 0.1 < found.number < 30
