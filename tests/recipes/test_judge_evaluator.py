"""Judging finds one that knows everything perfect, and one that knows only frequencies where these are."""

import math

import pytest
import torch
from evaluator_small import NAMES, small, use_world
from torch import Tensor, nn

from genloom.data.images.augment import to_floats
from genloom.recipes.build_evaluator import NAME, EvaluatorExperiment
from genloom.recipes.judge_evaluator import Seen, by_frequency, judge_all, judge_mistakes, quick, seen, surest


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


class Fixed(nn.Module):
    """Knows every kept-back picture by heart."""

    def __init__(self, experiment: EvaluatorExperiment, sure: float = 20.0) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(()))
        self.pictures, self.sets = to_floats(experiment.kept.pictures).flatten(1), experiment.kept_sets
        self.sure = sure

    def forward(self, x: Tensor) -> Tensor:
        return self.sure * (2.0 * self.sets[torch.cdist(x.flatten(1), self.pictures).argmin(1)] - 1)


def test_one_that_knows_everything_names_everything() -> None:
    experiment = small()
    found = {result.name: result for result in judge_all(experiment, {NAME: Fixed(experiment)})}
    accuracy = found["label accuracy on kept-back pictures"]
    assert accuracy.value == 1
    assert accuracy.status == "pass"
    assert accuracy.known == pytest.approx((15 * 1 + 15 * 4) / 6 / 45)  # Σ k²/K over Σ k
    assert found["label accuracy, mean over pictures"].value == 1
    assert found["pictures whose labels are all named"].known == pytest.approx((1 / 6 + 1 / 15) / 2)
    loss = found["−log p(labels) on kept-back pictures"]
    assert loss.status == "pass"
    assert loss.value < 1e-6 < loss.known
    assert [found[f"labels missed: {kind}"].value for kind in (
        "colour right, shape wrong", "shape right, colour wrong", "both wrong")] == [0, 0, 0]


def test_one_that_knows_frequencies_alone_is_told_so() -> None:
    experiment = small()
    blind = by_frequency(experiment, experiment.kept_sets)
    rates = experiment.sets.double().mean(0)
    expected = -(experiment.kept_sets * rates.log() + (1 - experiment.kept_sets) * (1 - rates).log()).sum(1).mean()
    assert blind.loss == pytest.approx(float(expected))
    first = rates.argmax()
    ones = experiment.kept_sets.sum(1) == 1
    named = experiment.kept_sets[ones][:, first].double().mean()
    assert blind.accuracy.part(ones).micro.value == pytest.approx(float(named))


def test_what_is_judged_are_the_first_of_the_kept_back_pictures() -> None:
    experiment = small()
    found = seen(experiment, {NAME: Fixed(experiment)}, 7)
    assert torch.equal(found.sets, experiment.kept_sets[:7])
    assert torch.equal(found.logits > 0, found.sets > 0)
    assert list(quick(experiment, {NAME: Fixed(experiment)}).values()) == [pytest.approx(0, abs=1e-6)]


def test_mistakes_are_counted_by_kind_beside_evenly_wrong_ones() -> None:
    """Two of four red squares are taken for red frames; evenly, 1 of 5 others has the colour and 2 the shape."""
    sets = torch.zeros(4, 6, dtype=torch.uint8)
    sets[:, NAMES.index("red square")] = 1
    logits = sets.double()
    logits[:2, NAMES.index("red frame")] = 2
    found = judge_mistakes(Seen(logits, sets, NAMES))
    assert [result.value for result in found] == [0.5, 0, 0]
    assert [result.known for result in found] == pytest.approx([0.1, 0.2, 0.2])
    assert judge_mistakes(Seen(logits, sets, tuple("abcdef"))) == ()


def test_the_surest_mistake_comes_first_and_what_is_right_does_not_come() -> None:
    sets = torch.eye(6, dtype=torch.uint8)[:4]
    logits = 5 * sets.double()
    logits[1, 3], logits[2, 0] = 7.0, 9.0
    assert surest(Seen(logits, sets, NAMES)) == [2, 1]
    assert surest(Seen(5 * sets.double(), sets, NAMES)) == []
    assert Seen(logits, sets, NAMES).accuracy.micro.value == 0.5
    assert math.isfinite(Seen(logits, sets, NAMES).loss)
