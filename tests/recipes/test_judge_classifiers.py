"""Judging finds a perfect classifier perfect, a blind one blind, and the optimum at pure noise where it is."""

import math

import pytest
import torch
from classifiers_small import small
from torch import Tensor, nn

from genloom.diffusion.classification import log_prob_of
from genloom.recipes.build_classifiers import ClassifierExperiment
from genloom.recipes.classifiers import Evaluation
from genloom.recipes.judge_classifiers import answers, by_cloud, by_time, chance, clearest, judge_all, quick, times_of


class Fixed(nn.Module):
    """Knows every kept-back clean picture by heart up to the time `until`, and beyond it the classes' frequencies."""

    def __init__(self, experiment: ClassifierExperiment, until: float = 1.0, sure: float = 20.0) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(()))
        self.pictures, self.labels = experiment.floats(10_000).flatten(1), experiment.kept_labels
        counts = torch.bincount(experiment.labels).double()
        self.prior, self.until, self.sure = (counts / counts.sum()).log(), until, sure

    def forward(self, x: Tensor, time: Tensor | None) -> Tensor:
        if time is not None and float(time[0]) / 1000 > self.until:
            return self.prior.expand(len(x), -1)
        nearest = torch.cdist(x.flatten(1), self.pictures).argmin(1)
        return self.sure * nn.functional.one_hot(self.labels[nearest], len(self.prior)).double()


def test_one_that_knows_everything_is_right_always() -> None:
    experiment = small()
    results = judge_all(experiment, {"classifier": Fixed(experiment)})
    accuracy, blind, loss, error = results
    assert accuracy.value == 1.0
    assert accuracy.known == blind.value
    assert accuracy.status == loss.status == "pass"
    assert loss.value is not None
    assert loss.known is not None
    assert loss.value < 1e-3 < loss.known
    assert error.value == pytest.approx(0, abs=1e-6)


def test_a_blind_one_has_the_frequencies_accuracy_and_the_entropy() -> None:
    experiment = small(noisy=True)
    found = judge_all(experiment, {"classifier": Fixed(experiment, until=0.9)})
    at_one = {result.name: result for result in found if "t = 1" in result.name}
    assert at_one["accuracy at t = 1"].status == "pass"
    assert at_one["cross-entropy at t = 1"].value == pytest.approx(at_one["cross-entropy at t = 1"].known, abs=1e-9)
    assert at_one["cross-entropy at t = 1"].status == "pass"


def test_one_that_is_sure_of_noise_fails_at_pure_noise() -> None:
    experiment = small(noisy=True)
    found = {result.name: result for result in judge_all(experiment, {"classifier": Fixed(experiment)})}
    assert found["cross-entropy at t = 1"].status == "fail"


def test_chance_by_hand() -> None:
    experiment = small()
    experiment.labels = torch.tensor([0, 0, 0, 1])
    experiment.class_names = ("a", "b")
    found = chance(experiment, torch.tensor([0, 1]))
    assert found.accuracy == 0.5
    assert found.entropy == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)


def test_times_run_from_the_first_entry_to_pure_noise_on_the_table() -> None:
    experiment = small(noisy=True)
    assert times_of(experiment) == [0.001, 0.334, 0.667, 1.0]
    assert [each.t for each in by_time(experiment, {"classifier": Fixed(experiment)})] == times_of(experiment)
    assert clearest(experiment, {"classifier": Fixed(experiment)}).t == 0.001
    assert times_of(small()) == []
    assert clearest(small(), {"classifier": Fixed(small())}).t is None


def test_a_picture_has_the_same_noise_however_many_are_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = small(noisy=True)
    networks = experiment.job().networks
    with torch.no_grad():
        networks["classifier"].head.weight.normal_(generator=torch.Generator().manual_seed(0))
    few, many = (answers(experiment, networks, count, 0.5) for count in (3, 20))
    torch.testing.assert_close(few.logits, many.logits[:3], rtol=0, atol=1e-5)
    monkeypatch.setattr("genloom.recipes.judge_classifiers._BATCH", 7)
    torch.testing.assert_close(answers(experiment, networks, 20, 0.5).logits, many.logits, rtol=0, atol=1e-5)
    assert many.loss == pytest.approx(-log_prob_of(many.logits, many.labels).mean().item())
    assert quick(experiment, networks)["cross-entropy on kept-back pictures"] > 0


def test_the_cloud_answers_where_noise_hides_the_details_and_ends_blind() -> None:
    experiment = small(noisy=True, evaluation=Evaluation(levels=6, level_samples=300))
    found = by_cloud(experiment)
    assert [each.t for each in found] == [0.6, 0.8, 1.0]
    entropy = chance(experiment, found[2].labels).entropy
    assert found[2].loss == pytest.approx(entropy, abs=0.01)
    assert found[0].accuracy.low > 1 / len(experiment.class_names)
    assert found[0].accuracy.value > found[2].accuracy.value
