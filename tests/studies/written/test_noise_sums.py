"""The forward process by all of its steps."""

import math

import pytest
import torch

from genloom.diffusion.schedule import linear
from genloom.studies.written.noise_sums import closed, moments, same_law, stepwise, unrolled


def test_a_short_chain_is_unrolled_by_hand() -> None:
    parts = unrolled(torch.tensor([0.36, 0.75], dtype=torch.float64))
    assert parts.start.tolist() == pytest.approx([0.8, 0.4])
    torch.testing.assert_close(parts.noise, torch.tensor([[0.6, 0.0], [0.3, math.sqrt(0.75)]], dtype=torch.float64))
    assert parts.noise.square().sum(1).tolist() == pytest.approx([1 - 0.64, 1 - 0.16])


def test_the_factors_have_a_closed_form() -> None:
    schedule = linear(30)
    torch.testing.assert_close(unrolled(schedule.betas).noise, closed(schedule), atol=1e-14, rtol=0)


def test_steps_use_each_noise_once() -> None:
    betas = torch.tensor([0.36, 0.75], dtype=torch.float64)
    x = stepwise(torch.tensor([1.0]), torch.tensor([[2.0], [-1.0]]), betas)
    assert float(x) == pytest.approx(0.4 * 1 + 0.3 * 2 - math.sqrt(0.75))


def test_a_step_of_beta_one_forgets_the_start() -> None:
    means, variances = moments(torch.tensor([0.1, 1.0, 0.2], dtype=torch.float64), 5.0, 7.0)
    assert means[1:] == [0.0, 0.0]
    assert variances[1:] == pytest.approx([1.0, 1.0])
    assert moments(torch.zeros(2), 5.0, 7.0) == ([5.0, 5.0], [7.0, 7.0])


@pytest.mark.parametrize("t", [5, 25, 45])
def test_steps_and_one_step_have_one_law(t) -> None:
    assert same_law(t, 8, 200).p_value > 0.001
