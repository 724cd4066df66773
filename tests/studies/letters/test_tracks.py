"""S4.24: steps are as long as a stationary walk's, and samples stop changing their letter."""

import pytest
import torch

from genloom.studies.letters.loss import losses
from genloom.studies.letters.tracks import decided, expected_jumps, tracks
from genloom.studies.letters.work import Walk, walk


def test_the_item_is_whole(tiny, check) -> None:
    check(tracks, tiny)


def test_exact_steps_have_their_known_length(tiny, here) -> None:
    known = torch.tensor(expected_jumps(here, losses(tiny).bayes)).double()
    measured = walk(tiny, "exact", 5).jumps
    assert (measured / known - 1).abs()[1:].max() < 0.12  # 300 steps at each level; the first one is on its way still


def test_the_deciding_level_is_the_first_after_which_all_stay() -> None:
    cells = torch.zeros(4, 200, dtype=torch.int64)
    cells[0], cells[1, :10] = 1, 1
    found = Walk({0: torch.zeros(1, 2)}, torch.zeros(1), torch.zeros(3), cells)
    assert decided(found) == 2
    assert decided(found._replace(cells=cells[2:])) == 0


@pytest.mark.parametrize("step", [0.1, 0.2])
def test_a_step_around_one_point_has_its_known_length(step: float) -> None:
    sigma, random = 0.1, torch.Generator().manual_seed(0)
    a = step * sigma**2
    x = sigma * torch.randn(40_000, 2, generator=random, dtype=torch.float64)
    jump = -a * x / sigma**2 + (2 * a) ** 0.5 * torch.randn(x.shape, generator=random, dtype=torch.float64)
    wanted = 4 * a + a**2 * 2 / sigma**2  # of a point the Bayes loss is 0
    assert float(jump.square().sum(1).mean()) == pytest.approx(wanted, rel=0.02)
