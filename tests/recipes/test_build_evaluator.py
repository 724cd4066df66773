"""An evaluator recipe made real: its label sets, its augmentation, its first guess, and what it refuses to do."""

import math
import os
from pathlib import Path

import pytest
import torch
from evaluator_small import NAMES, SIZE, small, small_recipe, use_world, world

from genloom.data.images.augment import to_floats
from genloom.data.images.images import images
from genloom.data.images.labelsets import NAMES as OBJECTS
from genloom.diffusion.classification import log_prob_of
from genloom.errors import InputError, NotHere
from genloom.recipes.build_classifiers import widened
from genloom.recipes.build_evaluator import NAME, EvaluatorExperiment, asked, brightened, label_sets, make_evaluator
from genloom.recipes.evaluator import Augmentation, evaluator_iclevr
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.pretrained import LIMIT
from genloom.rng import StepRng


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


def test_facts_begin_with_the_data_and_say_how_many_objects_there_are() -> None:
    facts = dict(small().facts())
    assert next(iter(facts)) == "data"
    assert facts["labels"] == "6 objects, 1 to 2 in a picture"
    assert "blocks 1, 1 and width 4" in facts["network"]


def test_pictures_of_training_are_moved_within_the_shift_and_are_as_stored_without() -> None:
    batch = {"x": world().pictures[:20], "y": world().labels[:20]}
    moved = small(augmentation=Augmentation(shift=1, brightness=0.0)).prepare(batch, StepRng(0, 0))
    wide, moves = to_floats(widened(batch["x"], 1)), set()
    for k in range(20):
        there = [(i, j) for i in range(3) for j in range(3)
                 if torch.equal(wide[k, :, i : i + SIZE, j : j + SIZE], moved["x"][k])]
        assert there
        moves.add(there[0])
    assert len(moves) > 5
    assert torch.equal(moved["y"], batch["y"])
    same = small(augmentation=Augmentation(shift=0, brightness=0.0)).prepare(batch, StepRng(0, 0))
    assert torch.equal(same["x"], to_floats(batch["x"]))


def test_brightness_is_one_factor_for_each_picture_within_its_bounds_and_black_stays_black() -> None:
    x = torch.tensor([-1.0, -0.5, 0.0]).view(1, 1, 1, 3).expand(500, 3, 1, 3)
    found = (brightened(x, 0.2, StepRng(0, 0)) + 1) / (x + 1)
    factor = found[:, :, :, 1:].reshape(500, -1)
    assert torch.equal(brightened(x, 0.2, StepRng(0, 0))[..., 0], x[..., 0])
    torch.testing.assert_close(factor, factor[:, :1].expand(-1, 6), rtol=1e-5, atol=0)
    assert 0.8 <= factor.min() < 0.82 < 1.18 < factor.max() <= 1.2
    assert brightened(torch.ones(500, 1, 1, 1), 0.2, StepRng(0, 0)).max() == 1
    assert brightened(x, 0.0, StepRng(0, 0)) is x


def test_the_first_guess_is_how_often_each_object_is_there() -> None:
    """With features of 0 the probabilities are the rates, and the loss the entropy of one who knows only them."""
    experiment = small()
    rates = experiment.sets.double().mean(0)
    bias = experiment.network.fc.bias.detach().double()
    torch.testing.assert_close(bias.sigmoid(), rates, rtol=1e-5, atol=1e-6)
    loss = -log_prob_of(bias.expand(len(experiment.sets), -1), experiment.sets).mean().item()
    entropy = -(rates * rates.log() + (1 - rates) * (1 - rates).log()).sum().item()
    assert loss == pytest.approx(entropy, rel=1e-5)
    assert loss < 6 * math.log(2)


def test_the_seed_decides_the_weights_and_two_seeds_are_two_judges() -> None:
    state = torch.random.get_rng_state()
    a, b = (make_evaluator(small_recipe(), 6) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    recipe = small_recipe()
    other = make_evaluator(small_recipe(engine=type(recipe.engine)(seed=1)), 6)
    assert not torch.equal(a.conv1.weight, other.conv1.weight)


def test_a_step_moves_the_weights_and_reports_accuracy() -> None:
    job = small().job()
    batch = job.source.batch(torch.arange(8))
    (update,) = job.method.updates(job.networks, batch, StepRng(0, 0))
    update.loss.backward()
    assert update.optimizer == NAME
    assert 0 <= float(update.metrics["accuracy"]) <= 1
    assert job.networks[NAME].fc.weight.grad.abs().sum() > 0
    assert job.judge is not None
    assert list(job.judge({NAME: job.networks[NAME].eval()})) == ["−log p(labels) on kept-back pictures"]


def test_it_is_asked_in_batches_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network, pictures = small().network.eval(), world().pictures
    whole = asked(network, pictures, SIZE)
    assert whole.dtype == torch.float64
    monkeypatch.setattr("genloom.recipes.build_evaluator._BATCH", 7)
    torch.testing.assert_close(asked(network, pictures, SIZE), whole, rtol=0, atol=1e-5)
    torch.testing.assert_close(asked(network, widened(pictures, 3), SIZE), whole, rtol=0, atol=1e-5)


def test_classes_are_sets_of_one_and_pictures_without_labels_are_refused() -> None:
    shapes = images("shapes", size=8)
    sets = label_sets(shapes)
    assert (sets.sum(1) == 1).all()
    assert torch.equal(sets.argmax(1), shapes.labels)
    few = world(4)
    assert label_sets(few) is few.labels
    with pytest.raises(InputError, match="pictures with labels"):
        label_sets(images("shapes", size=8, category=shapes.class_names[0]))
    few.labels[2] = 0
    with pytest.raises(InputError, match="1 pictures without a label"):
        label_sets(few)


def test_an_evaluator_draws_nothing_and_says_what_it_is_for() -> None:
    with pytest.raises(NotHere, match=r"genloom sample RUN --classifier"):
        small().sample({}, SampleRequest(), Path(), {})


def test_names_are_those_of_the_data() -> None:
    assert EvaluatorExperiment(small_recipe()).class_names == NAMES


@pytest.mark.real_data
def test_no_scene_of_i_clevr_is_both_learned_and_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    experiment = EvaluatorExperiment(evaluator_iclevr(), Path(os.environ["GENLOOM_DATA"]))
    learned, judged = experiment.data.groups, experiment.kept.groups
    assert learned is not None
    assert judged is not None
    assert not set(learned.tolist()) & set(judged.tolist())
    assert (len(experiment.data) + len(experiment.kept), len(experiment.class_names)) == (18_009, 24)
    assert experiment.class_names == OBJECTS
    assert sum(p.numel() for p in experiment.network.parameters()) * 2 < LIMIT
