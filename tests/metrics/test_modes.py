"""Modes are counted, and their balance stands beside that of fair draws."""

import math

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.modes import agreement, expected_divergence, modes
from genloom.rng import generator


def test_a_perfect_balance_has_no_divergence() -> None:
    found = modes(torch.arange(10).repeat(20), 10)
    assert found.seen == 10
    assert found.divergence == pytest.approx(0, abs=1e-12)
    assert (found.chi2, found.p_value) == (0, 1)
    assert found.shares.tolist() == [0.1] * 10


def test_one_mode_alone_is_log_k_away() -> None:
    found = modes(torch.full((50,), 3), 8)
    assert found.seen == 1
    assert found.divergence == pytest.approx(math.log(8))
    assert found.p_value < 1e-12


def test_the_reference_is_what_the_shares_are_compared_with() -> None:
    labels = torch.tensor([0] * 30 + [1] * 10)
    assert modes(labels, 2, torch.tensor([3.0, 1.0])).divergence == pytest.approx(0, abs=1e-12)
    assert modes(labels, 2).divergence == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))


def test_few_samples_of_a_dropped_class_do_not_make_it_seen() -> None:
    labels = torch.cat((torch.zeros(995), torch.ones(5))).long()
    assert modes(labels, 2).seen == 2
    assert modes(labels, 2, least=0.1).seen == 1
    assert modes(labels, 2, torch.tensor([0.99, 0.01]), least=0.1).seen == 2


@pytest.mark.parametrize("due", [[1.0] * 10, [5.0, 3.0, 1.0, 1.0]])
def test_fair_draws_have_the_expected_divergence_and_even_p_values(due: list[float]) -> None:
    shares, n = torch.tensor(due).double() / sum(due), 400
    drawn = torch.multinomial(shares.expand(400, -1), n, replacement=True, generator=generator(0))
    found = [modes(each, len(due), shares) for each in drawn]
    mean = sum(each.divergence for each in found) / len(found)
    spread = (2 * (len(due) - 1)) ** 0.5 / (2 * n) / len(found) ** 0.5  # 2N·KL is about χ² of K − 1
    assert mean == pytest.approx(found[0].expected, abs=4 * spread)
    assert found[0].expected == pytest.approx((len(due) - 1) / (2 * n), rel=0.05)
    assert 0.4 < sum(each.p_value < 0.5 for each in found) / len(found) < 0.6


def test_the_expected_divergence_of_one_draw_is_the_entropy() -> None:
    due = torch.tensor([0.5, 0.25, 0.25]).double()
    assert expected_divergence(due, 1) == pytest.approx(1.5 * math.log(2))


def test_one_draw_sees_one_mode_and_many_see_all() -> None:
    assert modes(torch.tensor([4]), 5).expected_seen == pytest.approx(1)
    assert modes(torch.arange(5).repeat(100), 5).expected_seen == pytest.approx(5)


def test_labels_that_are_renamed_agree_wholly_and_unrelated_ones_by_chance() -> None:
    truth = torch.arange(10).repeat(100)
    renamed = agreement((truth * 3 + 1) % 10, truth)
    assert renamed.information == pytest.approx(1)
    assert renamed.matched == 1
    shuffled = agreement(truth[torch.randperm(1000, generator=generator(1))], truth)
    assert shuffled.information < 0.05
    assert 0.1 <= shuffled.matched < 0.2


@pytest.mark.parametrize(("labels", "classes", "reference"), [
    (torch.tensor([0, 3]), 3, None), (torch.tensor([-1]), 3, None), (torch.tensor([]).long(), 3, None),
    (torch.tensor([0.0, 1.9]), 3, None), (torch.zeros(2, 2).long(), 3, None),
    (torch.tensor([0]), 2, torch.tensor([1.0, 0.0])), (torch.tensor([0]), 2, torch.tensor([1.0]))])
def test_what_is_no_labelling_is_refused(labels: torch.Tensor, classes: int, reference: torch.Tensor | None) -> None:
    with pytest.raises(InputError):
        modes(labels, classes, reference)


@pytest.mark.parametrize(("second", "complaint"), [
    (torch.tensor([0, -1]), "second = -1: must be at least 0"), (torch.tensor([0.0, 0.9]), "second = 'torch.float32'"),
    (torch.tensor([0]), "as many labels of both"), (torch.tensor([[0], [1]]), r"second = \(2, 1\)")])
def test_two_labellings_that_cannot_agree_are_refused(second: torch.Tensor, complaint: str) -> None:
    """−1 would count as the last class, and 0.9 as 0."""
    with pytest.raises(InputError, match=complaint):
        agreement(torch.tensor([0, 1]), second)


def test_labels_may_be_of_any_integers() -> None:
    assert modes(torch.tensor([False, True]), 2).seen == 2
    assert agreement(torch.tensor([0, 1], dtype=torch.uint8), torch.tensor([1, 0], dtype=torch.int32)).matched == 1
