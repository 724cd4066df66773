"""The posterior of one step, by each way of finding it."""

import pytest
import torch

from genloom.diffusion.schedule import VariancePreserving, cosine, linear
from genloom.studies.written.one_step_back import coefficients, printed, regressed, symbolic, way_back


def test_two_steps_by_hand() -> None:
    right = coefficients(VariancePreserving(torch.tensor([0.36, 0.5], dtype=torch.float64)))
    # ᾱ_1 = .64, ᾱ_2 = .32: factor of x_2 is √.5·.36/.68, of x_0 it is .8·.5/.68, variance .5·.36/.68
    assert right.keep.tolist() == pytest.approx([0.0, 0.5**0.5 * 0.36 / 0.68])
    assert right.data.tolist() == pytest.approx([1.0, 0.4 / 0.68])
    assert right.variance.tolist() == pytest.approx([0.0, 0.18 / 0.68])


def test_algebra_leaves_nothing() -> None:
    assert all(left == 0 for left in symbolic().values())


@pytest.mark.parametrize("schedule", [linear(), cosine(50), cosine(10)], ids=repr)
def test_the_right_numbers_stay_on_the_process_and_the_printed_ones_leave_it(schedule) -> None:
    mean, deviation = way_back(schedule, coefficients(schedule))
    alpha_bar = schedule.log_alpha_bar.exp().flip(0)
    torch.testing.assert_close(mean, alpha_bar.sqrt(), atol=1e-10, rtol=0)
    torch.testing.assert_close(deviation, (1 - alpha_bar).sqrt(), atol=1e-10, rtol=0)
    assert float(way_back(schedule, printed(schedule))[1][-2]) > 2 * float(deviation[-2])


def test_a_regression_on_chains_finds_them() -> None:
    seen, right = regressed(cosine(50), 10, 4, chains=20_000), coefficients(cosine(50))
    for (value, error), known in ((seen.keep, right.keep[9]), (seen.data, right.data[9]),
                                  (seen.variance, right.variance[9])):
        assert value == pytest.approx(float(known), abs=5 * error)
    assert seen.misfit < 2.5
    assert seen.spread < 5
