import pytest
import torch

from genloom.studies.square import draws
from genloom.studies.square.draws import RING, STD, coordinate_std, one_core, ring_share, rms, side_by_side, square


def test_the_exact_numbers_of_the_square():
    points = torch.rand(200_000, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert coordinate_std(points) == pytest.approx(STD, abs=0.002)
    assert ring_share(points) == pytest.approx(RING, abs=0.004)
    assert rms(torch.tensor([[3.0, 4.0], [0.0, 0.0]])) == pytest.approx(12.5**0.5)


def test_tasks_side_by_side_keep_their_order_and_the_number_of_threads():
    before = torch.get_num_threads()
    assert side_by_side([lambda k=k: (k, torch.get_num_threads()) for k in range(5)]) == [(k, 1) for k in range(5)]
    with one_core():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_starts_have_the_variances_that_their_names_say(small_context):
    here = square(small_context)
    assert coordinate_std(here.start(20_000, 1)) == pytest.approx((4 / 3) ** 0.5, abs=0.05)
    assert coordinate_std(here.start(20_000, 1, "standard")) == pytest.approx(1, abs=0.02)
    assert not here.start(4, 1).equal(here.start(4, 2))


def test_fresh_points_are_new_ones_of_the_square(small_context):
    here = square(small_context)
    assert here.fresh(100, 0).abs().max() <= 1
    assert not here.fresh(100, 0).equal(here.fresh(100, 1))
    assert draws.distance(here, here.fresh(500, 3)) < 0.15
