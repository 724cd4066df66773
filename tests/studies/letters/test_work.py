"""What items share: the same start and noise for network and exact score, and what is kept of a run."""

import pytest
import torch

from genloom.studies.letters import work


def test_levels_fall_by_one_factor_and_every_step_is_the_same_share_of_a_variance(here) -> None:
    sigmas = torch.tensor(here.sigmas)
    torch.testing.assert_close(sigmas[1:] / sigmas[:-1], (sigmas[1] / sigmas[0]).expand(9))
    assert (here.sigmas[0], here.sigmas[-1]) == pytest.approx((0.3, 0.01), rel=1e-12)
    assert all(abs(alpha / sigma**2 - here.step) < 1e-12 for _, sigma, alpha in work.level_rows(here))


def test_network_and_exact_score_start_at_the_same_points(tiny) -> None:
    model, exact = work.walk(tiny, "model", 5), work.walk(tiny, "exact", 5)
    torch.testing.assert_close(model.marks[0], exact.marks[0])
    assert not torch.equal(model.end, exact.end)


def test_a_walk_keeps_the_marks_of_the_text(tiny, here) -> None:
    found = work.walk(tiny, "exact", 5)
    assert sorted(found.marks) == work.marks(here) == [0, 10, 20, 30, 40, 50]
    assert found.tracks.shape == (51, work.TRACKS, 2)
    torch.testing.assert_close(found.tracks[-1], found.end[: work.TRACKS])
    assert found.cells.shape == (11, 60)
    assert found.jumps.shape == (10,)


def test_every_letter_has_its_strip_and_its_inside(here) -> None:
    middles = torch.stack([(letter.low + letter.high) / 2 for letter in here.letters])
    assert work.strip(here.letters, middles).tolist() == [0, 1, 2, 3, 4]
    assert work.strip(here.letters, torch.tensor([[-9.0, 3.0], [9.0, 3.0]]).double()).tolist() == [0, 4]
    assert not work.inside(here.letters, torch.tensor([[0.0, 2.0]]).double()).any()
    assert work.spell(here.letters) == "CS446"


def test_changes_count_samples_that_leave_a_strip() -> None:
    assert work.changes(torch.tensor([[0, 1, 2, 3], [0, 1, 2, 4], [0, 1, 2, 4]])) == [0.25, 0.0]
