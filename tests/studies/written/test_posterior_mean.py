"""S4.7."""

import pytest
import torch

from genloom.diffusion.schedule import VariancePreserving
from genloom.studies.written.one_step_back import coefficients
from genloom.studies.written.posterior_mean import MEAN, by_regression, draws, noise_weight, of_noise, symbolic


def test_the_mean_has_two_forms_and_a_cost(page) -> None:
    assert {result.status for result in page(MEAN).results} == {"pass"}


def test_algebra_leaves_nothing() -> None:
    assert all(left == 0 for left in symbolic().values())


def test_any_table_will_do() -> None:
    betas = torch.tensor([0.9, 0.01, 0.5, 0.3], dtype=torch.float64)
    schedule = VariancePreserving(betas)
    for mine, other in zip(by_regression(schedule), coefficients(schedule), strict=True):
        torch.testing.assert_close(mine, other, atol=1e-14, rtol=0)
    t, start, eps, now = draws(schedule, 2, count=50)
    assert set(t.tolist()) == {2, 3, 4}
    right = coefficients(schedule)
    torch.testing.assert_close(of_noise(schedule, t, now, eps), right.keep[t - 1] * now + right.data[t - 1] * start)


def test_the_weight_of_two_steps_by_hand() -> None:
    weight = noise_weight(VariancePreserving(torch.tensor([0.36, 0.5], dtype=torch.float64)))
    assert weight.tolist() == pytest.approx([0.25 / (2 * (0.18 / 0.68) * 0.5 * 0.68)])
