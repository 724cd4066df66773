"""Trained networks are found by name, folder and run, with the weights that their numbers were measured with."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from classifiers_small import small, small_recipe
from torch import nn

from genloom.errors import CheckpointError, InputError, RunError
from genloom.recipes import pretrained, to_yaml
from genloom.recipes.classifiers import ClassifierRecipe
from genloom.recipes.points import PointsRecipe
from genloom.recipes.trained import require, trained, with_weights
from genloom.training.checkpoint import Checkpoints
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen
from genloom.training.state import network_tensors


def found(place: str | Path):
    return trained(place, what="classifiers", example="digit-classifier")


def test_a_run_gives_its_averaged_weights(tmp_path: Path) -> None:
    experiment = small()
    run = RunFolder.create(tmp_path / "run", to_yaml(experiment.recipe), ["genloom"], {})
    fit(experiment.job(), run, screen=Screen("quiet"))
    got, store = found(run.path), Checkpoints(run.checkpoints)
    best = store.load(store.resolve("best"))
    assert all(torch.equal(got.tensors[name], tensor) for name, tensor in best.tensors["ema"].items())
    assert got.recipe == experiment.recipe
    assert got.place == str(run.path)
    assert len(got.digest) == 64


def test_a_run_without_averages_gives_its_weights(tmp_path: Path) -> None:
    recipe = small_recipe()
    experiment = small(engine=replace(recipe.engine, ema=0.0))
    run = RunFolder.create(tmp_path / "run", to_yaml(experiment.recipe), ["genloom"], {})
    fit(experiment.job(), run, screen=Screen("quiet"))
    store = Checkpoints(run.checkpoints)
    whole = store.load(store.resolve("last")).tensors["networks"]
    assert all(torch.equal(found(run.path).tensors[name], tensor) for name, tensor in whole.items())


def test_what_comes_with_genloom_is_found_by_name_and_by_folder(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = network_tensors({"classifier": small().network})
    written = pretrained.write(tmp_path / "mine", small_recipe(), tensors, ["a", "b"], "")
    assert found(written.folder).class_names == ("a", "b")
    monkeypatch.setattr(pretrained, "roots", lambda: [tmp_path])
    assert found("mine").place == "mine"
    assert found("mine").digest == written.digest
    with pytest.raises(RunError, match=r"classifiers that come with genloom: mine; `genloom train digit-classifier"):
        found("mien")


def test_weights_are_put_in_whole_or_not_at_all(tmp_path: Path) -> None:
    source = small().network
    written = pretrained.write(tmp_path / "mine", small_recipe(), network_tensors({"classifier": source}), [], "")
    with torch.no_grad():
        other = small().network
        other.head.weight.add_(1)
    with_weights(other, found(written.folder), "classifier")
    assert torch.equal(other.head.weight, source.head.weight)
    assert not other.training
    assert not any(parameter.requires_grad for parameter in other.parameters())
    with pytest.raises(CheckpointError, match="another model"):
        with_weights(nn.Linear(2, 2), found(written.folder), "classifier")


def test_another_kind_is_refused_with_what_makes_the_right_one(tmp_path: Path) -> None:
    got = found(pretrained.write(tmp_path / "mine", small_recipe(), {}, [], "").folder)
    require(got, ClassifierRecipe, "classifier", "a classifier", "digit-classifier")
    with pytest.raises(InputError, match="a run of points; `genloom train ve-square`"):
        require(got, PointsRecipe, "run", "points", "ve-square")
