import pytest
import torch

from genloom.diffusion.schedule import exponential
from genloom.rng import generator
from genloom.studies.square.forward import forward_paths, forward_spread, s2_3


def test_the_item_is_whole(small_context, effort, whole):
    answer = whole(small_context, s2_3)
    assert [result.status for result in answer.results] == ["pass", "pass"]


def test_the_right_increments_add_up_and_the_wrong_ones_to_a_hundred_times_as_much():
    spread = forward_spread(exponential(), 4000, 0)
    assert torch.allclose(spread.right[1:], spread.exact[1:], rtol=0.08)
    assert spread.exact[-1].item() == pytest.approx(1 - torch.tensor(-10.0).exp().item(), abs=1e-6)
    assert spread.every[-1].item() == pytest.approx(1000 * (1 - 4.54e-5) / 10, rel=0.05)  # ∑ σ² is 1000 ∫ σ² dt
    assert spread.squared[40].item() == pytest.approx(torch.tensor(-4.0).exp().item(), rel=0.05)  # σ⁴ at t = .8


def test_paths_start_where_they_are_told_and_have_independent_increments():
    start = torch.tensor([[1.5, -1.2]]).expand(5000, 2)
    paths = forward_paths(exponential(), start, 10, generator(0))
    assert paths[:, 0].float().equal(start)
    steps = paths.diff(dim=1)[..., 0]
    assert torch.corrcoef(steps.T).fill_diagonal_(0).abs().max() < 0.06
