"""The curves are read from the run's own files, and stand beside what is known."""

import pytest

from genloom.studies.cats.training import distance, linear_loss, loss, read_evaluations
from genloom.studies.cats.work import first_thousand


def test_the_items_are_whole(tiny, check) -> None:
    assert "Wiener" in " ".join(check(loss, tiny).text)
    answer = check(distance, tiny)
    assert "not FID" in answer.text[0]
    assert answer.results[0].name == "FD-pixels at step 40"


def test_evaluations_are_read_at_their_steps(tiny) -> None:
    steps, values = read_evaluations(first_thousand(tiny).trained.path / "evaluations.jsonl", "FD-pixels")
    assert steps == [20, 40]
    assert all(value > 0 for value in values)


def test_the_linear_denoiser_s_l1_loss_lies_between_0_and_that_of_guessing(tiny) -> None:
    assert 0 < linear_loss(first_thousand(tiny).experiment) < (2 / 3.141592653589793) ** 0.5
    assert linear_loss(first_thousand(tiny).experiment) == pytest.approx(
        linear_loss(first_thousand(tiny).experiment, seed=1), rel=0.05)
