"""S4.20: the loss is Algorithm 1, and its gap to the Bayes optimum is measured without sampling error."""

import pytest

from genloom.recipes.judge_points import loss_gap
from genloom.studies.letters.loss import loss, losses


def test_the_item_is_whole(tiny, check) -> None:
    check(loss, tiny)


def test_algorithm_1_by_hand_gives_the_same(tiny) -> None:
    assert loss.work(tiny).results[0].status == "pass"


def test_the_optimum_of_the_letters_at_the_given_levels(tiny) -> None:
    assert losses(tiny).floor == pytest.approx(0.710306, abs=2e-6)


def test_the_gap_is_that_of_a_large_sample(tiny, here) -> None:
    measured = loss_gap(here.experiment, here.trained.networks, 4000)
    assert losses(tiny).excess == pytest.approx(measured.value, abs=5 * measured.stderr + 0.003)


def test_knowing_the_training_points_by_heart_beats_the_optimum(tiny) -> None:
    assert losses(tiny).parrot < losses(tiny).floor - 0.1  # 200 points are easily known by heart
