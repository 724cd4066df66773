"""Numbers of a check: changes in units of a forecast's size, and the verdict."""

import math

import torch

from genloom.forecasting.audit.check import ROUNDING, change, measured, percent, rms, tolerance_for


def test_change_is_in_units_of_the_root_mean_square() -> None:
    before = torch.tensor([3.0, -3.0, 3.0, -3.0], dtype=torch.float64)
    assert rms(before) == 3.0
    assert math.isclose(change(before + torch.tensor([0.0, 0.0, 0.3, 0.0]), before), 0.1, rel_tol=1e-6)
    assert change(before, before) == 0.0
    assert math.isclose(change(before + 1, before, 2.0), 0.5)


def test_what_is_not_finite_or_has_another_shape_changes_without_bound() -> None:
    one = torch.ones(3)
    assert change(one * math.nan, one) == change(one * math.nan, one * math.nan) == math.inf
    assert change(one[:2], one) == math.inf
    assert change(one, torch.zeros(3)) == math.inf
    assert change(torch.zeros(3), torch.zeros(3)) == change(one[:0], one[:0]) == 0.0


def test_the_verdict_is_on_the_right_side_of_the_tolerance() -> None:
    for number, verdict in ((0.0, "pass"), (0.1, "pass"), (0.11, "fail"), (math.inf, "fail"), (math.nan, "fail")):
        check = measured("name", "done", number, tolerance=0.1, well="well", ill="ill", remedy="mend")
        assert check.verdict == verdict
        assert (check.said, check.remedy) == (("well", "") if verdict == "pass" else ("ill", "mend"))


def test_half_precision_may_round_as_much_more_as_it_is_coarser() -> None:
    assert tolerance_for(torch.ones(1)) == tolerance_for(torch.ones(1).double()) == ROUNDING
    assert math.isclose(tolerance_for(torch.ones(1).bfloat16()), ROUNDING * 2**16)


def test_shares_in_words() -> None:
    assert percent(0.5) == "50 %"
    assert percent(3.0) == "3 times"
    assert percent(math.nan) == "no number at all"
