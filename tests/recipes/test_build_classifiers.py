"""A classifier recipe made real: its data, its augmentation, its noise, and what it refuses to do."""

from pathlib import Path

import pytest
import torch
from classifiers_small import SHAPES, small, small_recipe

from genloom.data.images.augment import centre, to_floats
from genloom.errors import InputError, NotHere
from genloom.recipes.build_classifiers import ClassifierExperiment, make_classifier, make_process, widened
from genloom.recipes.classifiers import Classifying
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.images import Data
from genloom.rng import StepRng


def test_facts_begin_with_the_data() -> None:
    facts = dict(small(noisy=True).facts())
    assert next(iter(facts)) == "data"
    assert "shapes" in facts["data"]
    assert "x_t" in facts["input"]


def test_pictures_of_training_are_moved_within_the_shift_and_keep_their_scale() -> None:
    """Every prepared picture is the stored one, moved by at most 2 pixels each way, its edge continued."""
    experiment = small(classifying=Classifying(shift=2))
    pictures = experiment.data.pictures[:30]
    found = experiment.prepare({"x": pictures, "y": experiment.labels[:30]}, StepRng(0, 0))["x"]
    assert found.shape == (30, 1, 8, 8)
    wide, moves = to_floats(widened(pictures, 2)), set()
    for k in range(30):
        there = [(i, j) for i in range(5) for j in range(5) if torch.equal(wide[k, :, i : i + 8, j : j + 8], found[k])]
        assert there
        moves.add(there[0])
    assert len(moves) > 5


def test_without_a_shift_pictures_are_as_stored_and_as_they_are_judged() -> None:
    experiment = small(classifying=Classifying(shift=0))
    batch = {"x": experiment.data.pictures[:5], "y": experiment.labels[:5]}
    assert torch.equal(experiment.prepare(batch, StepRng(0, 0))["x"], to_floats(batch["x"]))
    assert torch.equal(experiment.floats(7), to_floats(centre(experiment.kept.pictures[:7], 8)))


def test_labels_stay_with_their_pictures() -> None:
    experiment = small()
    batch = {"x": experiment.data.pictures[:5], "y": experiment.labels[:5]}
    assert torch.equal(experiment.prepare(batch, StepRng(0, 0))["y"], batch["y"])


def test_a_step_moves_the_weights_and_reports_accuracy() -> None:
    for noisy in (False, True):
        job = small(noisy).job()
        source = job.source.batch(torch.arange(8))
        (update,) = job.method.updates(job.networks, source, StepRng(0, 0))
        update.loss.backward()
        assert update.optimizer == "classifier"
        assert 0 <= float(update.metrics["accuracy"]) <= 1
        assert job.networks["classifier"].head.weight.grad.abs().sum() > 0
        assert job.judge is not None
        (name,) = job.judge(job.networks)
        assert name == "cross-entropy on kept-back pictures"


def test_the_seed_decides_the_weights_and_the_process_is_the_recipes() -> None:
    a, b = (make_classifier(small_recipe(), 3) for _ in range(2))
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert make_process(small_recipe()) is None
    process = make_process(small_recipe(noisy=True))
    assert process is not None
    assert process.schedule.steps == 1000
    assert process.condition(process.schedule.level(1.0)) == 999


def test_a_classifier_draws_nothing_and_says_what_it_is_for() -> None:
    experiment = small()
    with pytest.raises(NotHere, match=r"genloom sample RUN --classifier"):
        experiment.sample(experiment.job().networks, SampleRequest(), Path(), {})


def test_pictures_without_classes_are_refused() -> None:
    with pytest.raises(InputError, match="pictures with classes"):
        ClassifierExperiment(small_recipe(data=Data(**{**vars(SHAPES), "category": small().class_names[0]})))
