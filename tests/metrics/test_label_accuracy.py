"""Answers are counted as the course counts them; intervals hold what they claim; chance is exact."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.interval import wilson_interval
from genloom.metrics.label_accuracy import (
    LabelAccuracy,
    answers,
    chance,
    grouped,
    label_accuracy,
    over_seeds,
    pooled,
)
from genloom.rng import generator


def some(n: int, things: int = 24, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random logits, and sets of one to three labels."""
    random = generator(seed, n)
    counts = torch.randint(1, 4, (n,), generator=random)
    order = torch.rand(n, things, generator=random).argsort(1)
    return torch.randn(n, things, generator=random), (order < counts[:, None]).to(torch.uint8)


def by_the_course(out: Tensor, labels: Tensor) -> float:
    """The definition in words: of the k highest outputs of each picture, those that are among its k labels."""
    right = total = 0
    for row, wanted in zip(out, labels, strict=True):
        k = int(wanted.sum())
        total += k
        right += len(set(row.topk(k).indices.tolist()) & set(wanted.topk(k).indices.tolist()))
    return right / total


def test_micro_is_the_accuracy_of_the_course() -> None:
    logits, sets = some(200)
    found = label_accuracy(logits, sets)
    assert found.micro.value == pytest.approx(by_the_course(logits.sigmoid(), sets), abs=1e-12)
    assert found.micro.n == int(sets.sum())


def test_precision_recall_and_f1_are_all_micro() -> None:
    logits, sets = some(50)
    found = label_accuracy(logits, sets)
    both, said, there = (int(each.sum()) for each in (found.said & found.sets, found.said, found.sets))
    assert both / said == both / there == 2 * both / (said + there) == found.micro.value


def test_three_pictures_by_hand() -> None:
    sets = torch.tensor([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 1]])
    logits = torch.tensor([[9.0, 1, 2, 3], [9, 1, 2, 3], [5, 4, 3, 2]])
    found = label_accuracy(logits, sets)
    assert found.hits.tolist() == [1, 1, 2]
    assert found.micro.value == pytest.approx(4 / 6)
    assert found.macro.value == pytest.approx((1 + 1 / 2 + 2 / 3) / 3)
    assert found.whole == wilson_interval(1, 3)
    assert [each.value for each in found.by_count().values()] == pytest.approx([1, 1 / 2, 2 / 3])
    assert list(found.by_count()) == [1, 2, 3]
    assert [None if each is None else each.value for each in found.by_object()] == [1.0, 0.5, 1.0, 0.0]
    assert found.part(torch.tensor([1])).micro.value == 0.5


def test_of_equal_logits_a_label_comes_last() -> None:
    sets = torch.eye(5)
    assert label_accuracy(torch.zeros(5, 5), sets).hits.tolist() == [0] * 5
    said = answers(torch.tensor([[1.0, 1.0, 0.0]]), torch.tensor([[1, 0, 1]]))
    assert said.tolist() == [[True, True, False]]
    assert (answers(torch.zeros(5, 5), sets).sum(1) == 1).all()


def test_nothing_in_a_set_has_no_interval_of_its_own() -> None:
    found = label_accuracy(torch.eye(3)[:2], torch.eye(3)[:2])
    assert found.by_object()[2] is None
    assert found.micro.value == found.micro.high == 1.0
    assert found.micro.low == wilson_interval(2, 2).low < 1


def test_chance_is_exact() -> None:
    """All answers of k out of 6 things, for pictures of one, two and three labels, counted."""
    counts, things = torch.tensor([1, 2, 2, 3]), 6
    expected, variance, whole = [], [], []
    for k in counts.tolist():
        hits = torch.tensor([len(set(said) & set(range(k))) for said in itertools.combinations(range(things), k)])
        expected.append(hits.double().mean().item())
        variance.append(hits.double().var(correction=0).item())
        whole.append((hits == k).double().mean().item())
    found = chance(counts, things)
    assert found.micro == pytest.approx(sum(expected) / 8, abs=1e-12)
    assert found.macro == pytest.approx(sum(e / k for e, k in zip(expected, counts.tolist(), strict=True)) / 4)
    assert found.whole == pytest.approx(sum(whole) / 4, abs=1e-12)
    assert found.spread == pytest.approx(math.sqrt(sum(variance)) / 8, abs=1e-12)


def test_one_who_does_not_look_is_at_chance() -> None:
    logits, sets = some(4000)
    found = label_accuracy(logits, sets)
    assert abs(found.micro.value - found.chance.micro) < 4 * found.chance.spread
    assert found.chance.micro == pytest.approx(14 / 24 / 6, rel=0.02)  # (1 + 4 + 9) / 24 over 1 + 2 + 3


def test_the_interval_holds_the_truth_as_often_as_it_says_when_labels_fail_together() -> None:
    """60 pictures of three labels of which all or none are named: Wilson's over labels alone would be too narrow."""
    random, share, held, narrow = generator(1), 0.8, 0, 0
    sets = torch.zeros(60, 24, dtype=torch.bool)
    sets[:, :3] = True
    for _ in range(300):
        right = torch.rand(60, 1, generator=random) < share
        found = LabelAccuracy(torch.where(right, sets, sets.roll(3, 1)), sets)
        held += (micro := found.micro).low <= share <= micro.high
        plain = wilson_interval(int(found.hits.sum()), 180)
        narrow += plain.low <= share <= plain.high
    assert held / 300 > 0.91
    assert narrow / 300 < 0.85


def test_the_interval_is_the_normal_one_for_many_pictures() -> None:
    logits, sets = some(3000)
    found = label_accuracy(logits + 3 * sets, sets)
    micro, residual = found.micro, found.hits.double() - found.micro.value * found.counts
    error = float(residual.std() / found.counts.double().mean() / math.sqrt(3000))
    assert micro.high - micro.value == pytest.approx(1.96 * error, rel=0.15)
    assert micro.value - micro.low == pytest.approx(1.96 * error, rel=0.15)
    shares = found.hits / found.counts
    assert found.macro.high - found.macro.low == pytest.approx(2 * 1.96 * float(shares.std()) / math.sqrt(3000),
                                                               rel=0.15)


def test_several_samplings_have_students_interval_and_pool() -> None:
    _, sets = some(32)
    parts = [label_accuracy(some(32, seed=seed)[0] + 4 * sets, sets) for seed in (1, 2, 3)]
    values = torch.tensor([part.micro.value for part in parts]).double()
    found = over_seeds(parts)
    assert found.value == pytest.approx(float(values.mean()))
    assert found.high - found.value == pytest.approx(4.302653 * float(values.std()) / math.sqrt(3), rel=1e-4)
    whole = pooled(parts)
    assert whole.micro.value == pytest.approx(found.value)
    assert whole.micro.n == 3 * int(sets.sum())
    assert over_seeds(parts[:1]).high == math.inf
    with pytest.raises(InputError, match="same label sets"):
        over_seeds([parts[0], parts[1].part(torch.arange(31))])


@pytest.mark.parametrize(("logits", "sets", "message"), [
    (torch.zeros(2, 3), torch.ones(2, 4), "logits"),
    (torch.zeros(0, 3), torch.ones(0, 3), "logits"),
    (torch.tensor([[0.0, math.nan]]), torch.ones(1, 2), "finite"),
    (torch.zeros(1, 2), torch.tensor([[0.5, 1.0]]), "0 and 1 alone"),
    (torch.zeros(2, 2), torch.tensor([[0, 1], [0, 0]]), "row 1 without a label"),
])
def test_what_cannot_be_judged_is_refused(logits: Tensor, sets: Tensor, message: str) -> None:
    with pytest.raises(InputError, match=message):
        label_accuracy(logits, sets)


def test_one_picture_of_each_set_is_the_plain_accuracy() -> None:
    found = label_accuracy(*some(40))
    each = grouped(found, torch.arange(40).flip(0))
    for name in ("micro", "macro", "whole"):
        assert getattr(each, name).value == pytest.approx(getattr(found, name).value), name
        assert getattr(each, name).n == getattr(found, name).n, name
    assert each.micro.low == pytest.approx(found.micro.low, abs=0.01)


def test_a_set_weighs_the_same_however_many_pictures_it_has() -> None:
    sets = torch.tensor([[1, 0, 0, 0]] * 5 + [[0, 1, 1, 0]])
    said = torch.tensor([[1, 0, 0, 0]] * 4 + [[0, 1, 0, 0]] + [[0, 1, 0, 1]])
    found = grouped(LabelAccuracy(said.bool(), sets.bool()), torch.tensor([7, 7, 7, 7, 7, 2]))
    assert found.micro.value == pytest.approx((0.8 + 1) / 3)
    assert found.macro.value == pytest.approx((0.8 + 0.5) / 2)
    assert found.whole.value == pytest.approx((0.8 + 0) / 2)
    assert (found.micro.n, found.macro.n, found.whole.n) == (7, 6, 6)


def test_the_interval_over_sets_holds_the_mean_of_all_sets() -> None:
    """32 sets of differing difficulty, three pictures of each: 300 times, with the seed fixed."""
    random, inside, narrow = generator(3), 0, 0
    for _ in range(300):
        easy = 0.1 + 0.8 * torch.rand(32, generator=random)
        hits = torch.rand(3, 32, generator=random) < easy
        sets = torch.zeros(96, 4, dtype=torch.bool)
        sets[:, 0] = True
        said = torch.zeros(96, 4, dtype=torch.bool)
        said[:, 0], said[:, 1] = hits.flatten(), ~hits.flatten()
        found = LabelAccuracy(said, sets)
        low, high = grouped(found, torch.arange(96) % 32).micro[1:3]
        inside += low <= 0.5 <= high
        least = wilson_interval(int(hits.sum()), 96)
        narrow += least.low <= 0.5 <= least.high
    assert inside >= 0.92 * 300
    assert narrow < inside, "labels of one set are not independent"


def test_groups_with_other_sets_in_them_are_refused() -> None:
    found = label_accuracy(*some(6))
    for groups in (torch.zeros(6), torch.arange(5)):
        with pytest.raises(InputError, match="groups"):
            grouped(found, groups)
