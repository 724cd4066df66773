"""Trained evaluators are found by name, run or file, judge label sets, and guide to them."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from classifiers_small import small_recipe as classifier_recipe
from evaluator_small import NAMES, SIZE, small, small_recipe, use_world, world

from genloom.data.images.augment import to_floats
from genloom.data.images.labelsets import NAMES as OBJECTS
from genloom.diffusion import schedule as schedules
from genloom.diffusion.classification import log_prob_of
from genloom.diffusion.grid import grid
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.samplers.registry import sample
from genloom.errors import CheckpointError, InputError, RunError, UnknownName
from genloom.nn.resnet import ResNet, ResNetShape
from genloom.recipes import pretrained, to_yaml
from genloom.recipes.build_classifiers import make_classifier
from genloom.recipes.build_evaluator import NAME, make_evaluator
from genloom.recipes.classifier_guidance import TrainedClassifier, guide, guided_denoiser
from genloom.recipes.evaluator import Network
from genloom.recipes.trained_evaluator import Evaluator, load_evaluator, load_guide
from genloom.rng import SampleNoise
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen
from genloom.training.state import network_tensors


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


def made(seed: int = 0) -> Evaluator:
    recipe = small_recipe()
    network = make_evaluator(replace(recipe, engine=replace(recipe.engine, seed=seed)), 6).eval().requires_grad_(False)
    return Evaluator(network, recipe, NAMES, "here", "")


def test_a_run_is_the_network_that_was_trained(tmp_path: Path) -> None:
    experiment = small()
    run = RunFolder.create(tmp_path / "run", to_yaml(experiment.recipe), ["genloom"], {})
    fit(experiment.job(), run, screen=Screen("quiet"))
    found = load_evaluator(run.path)
    assert found.place == str(run.path)
    assert len(found.digest) == 64
    assert found.class_names == tuple("012345")  # a run keeps no names, and six are not i-CLEVR's
    assert not torch.equal(found.network.fc.weight, small().network.fc.weight)
    assert not found.network.training
    assert not any(p.requires_grad for p in found.network.parameters())


def test_one_that_comes_with_genloom_is_found_by_name_with_its_names(tmp_path: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = network_tensors({NAME: small().network})
    written = pretrained.write(tmp_path / "mine", small_recipe(), tensors, NAMES, "", storage="float16")
    monkeypatch.setattr(pretrained, "roots", lambda: [tmp_path])
    found = load_evaluator("mine")
    assert (found.class_names, found.digest) == (NAMES, written.digest)
    x = to_floats(world().pictures[:3])
    torch.testing.assert_close(found.logits(x), small().network.eval()(x), rtol=0, atol=0.02)


@pytest.mark.parametrize("head", ["fc.0.", "fc."])
def test_the_file_of_the_course_gives_the_courses_answers(head: str, tmp_path: Path) -> None:
    """{"model": state of ResNet-18 with fc = Sequential(Linear, Sigmoid)}: our logits before that sigmoid."""
    torch.manual_seed(0)
    theirs = ResNet(ResNetShape(width=8)).eval()
    state = {name.replace("fc.", head): tensor for name, tensor in theirs.state_dict().items()}
    path = tmp_path / "checkpoint.pth"
    torch.save({"model": state} if head == "fc.0." else state, path)  # noqa: TID251 # as the course saves it
    found = load_evaluator(path)
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    assert torch.equal(found.logits(x), theirs(x))
    assert found.class_names == OBJECTS
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.recipe.network, found.recipe.data.size) == (Network(width=8, pool=True), 64)


def test_logits_of_pictures_are_those_of_their_floats() -> None:
    found, pictures = made(), world(20).pictures
    torch.testing.assert_close(found.judged(pictures), found.logits(to_floats(pictures)).double(), rtol=0, atol=1e-5)
    accuracy = found.accuracy(pictures, world(20).labels)
    assert accuracy.said.shape == (20, 6)
    assert torch.equal(accuracy.said.sum(1), world(20).labels.sum(1))


def test_log_prob_is_that_of_the_set_at_the_clamped_estimate() -> None:
    found, sets = made(), world(4).labels
    x = 1.5 * to_floats(world(4).pictures)
    torch.testing.assert_close(found.clean_log_prob(sets)(x), log_prob_of(found.logits(x.clamp(-1, 1)), sets))


def test_what_is_guided_to_a_set_has_it_more_often_by_the_guide_and_the_sampler_is_any() -> None:
    """On the exact denoiser of the small world, the guide's log p(set | x) rises with the scale, in DDIM and DDPM."""
    data, schedule, found = world(), schedules.cosine(), made()
    with torch.no_grad():
        found.network.fc.weight.mul_(20)  # a guide that is sure of something, whatever it is
    oracle = CloudOracle(schedule, to_floats(data.pictures).double())
    sets, levels = data.labels[:6], grid(schedule, 12)

    def reached(scale: float, sampler: str) -> float:
        start = SampleNoise(0, 6, (3, SIZE, SIZE))()
        if sampler == "ddim":
            end = sample(sampler, guided_denoiser(oracle, found, sets, scale, clip=True), start, levels)
        else:
            end = sample(sampler, oracle, start, levels, guide=guide(oracle, found, sets, scale),
                         noise=SampleNoise(1, 6, (3, SIZE, SIZE)))
        return float(found.clean_log_prob(sets)(end.float()).mean())

    for sampler in ("ddim", "ddpm"):
        assert reached(5.0, sampler) > reached(0.0, sampler) + 0.1


def test_a_guide_is_an_evaluator_or_a_classifier(tmp_path: Path) -> None:
    tensors = network_tensors({NAME: small().network})
    evaluator = pretrained.write(tmp_path / "evaluator", small_recipe(), tensors, NAMES, "")
    guide_of_classes = network_tensors({"classifier": make_classifier(classifier_recipe(), 3)})
    classifier = pretrained.write(tmp_path / "classifier", classifier_recipe(), guide_of_classes, ["a", "b", "c"], "")
    found, other = load_guide(evaluator.folder), load_guide(classifier.folder)
    assert isinstance(found, Evaluator)
    assert isinstance(other, TrainedClassifier)
    torch.save({"model": ResNet(ResNetShape(width=4)).state_dict()}, tmp_path / "c.pth")  # noqa: TID251 # theirs
    assert isinstance(load_guide(tmp_path / "c.pth"), Evaluator)
    with pytest.raises(RunError, match="classifiers and evaluators"):
        load_guide(tmp_path / "nothing")


def test_label_sets_are_those_asked_for_in_turn_or_one_object_at_random() -> None:
    found = made()
    asked = found.labels_for(3, 0, "red square, blue frame; green frame")
    assert [row.nonzero()[:, 0].tolist() for row in asked] == [[0, 5], [4], [0, 5]]
    some = found.labels_for(300, 0)
    assert (some.sum(1) == 1).all()
    assert some.sum(0).min() > 20
    assert torch.equal(some, found.labels_for(300, 0))
    assert not torch.equal(some, found.labels_for(300, 1))
    with pytest.raises(UnknownName, match="red square"):
        found.labels_for(1, 0, "red squire")


def test_what_is_no_evaluator_or_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="genloom train evaluator-iclevr"):
        load_evaluator(tmp_path / "nothing")
    written = pretrained.write(tmp_path / "other", classifier_recipe(), {}, [], "")
    with pytest.raises(InputError, match="a run of an evaluator"):
        load_evaluator(written.folder)
    with pytest.raises(CheckpointError, match="is missing"):
        load_evaluator(tmp_path / "checkpoint.pth")
    with pytest.raises(InputError, match=r"its own are \(3, 16, 16\)"):
        made().judged(torch.zeros(2, 3, 8, 8, dtype=torch.uint8))
