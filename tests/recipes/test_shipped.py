"""What comes with genloom is the trained model: it draws the same, with its data and without."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from genloom.cli import runs
from genloom.errors import CheckpointError
from genloom.recipes import build, pretrained
from genloom.recipes.images import Sampling
from genloom.recipes.shipped import differs, opened, said
from genloom.training.run import RunFolder
from shipped_small import Shipping


def whole(made: Shipping) -> Any:
    """The run that it was shipped from."""
    run = RunFolder.open(made.run)
    return runs.with_weights(run, build(runs.recipe_of(run)))


@pytest.mark.parametrize("family", ["images", "gan"])
def test_it_draws_what_its_run_draws_without_reading_data(family: str, shipped: dict[str, Shipping],
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    own = whole(shipped[family])
    labels = own.experiment.labels_for(9, 3)
    drawn = own.experiment.draw(own.networks, count=9, seed=3, labels=labels)
    for builder in ("build_images", "build_gans"):
        monkeypatch.setattr(f"genloom.recipes.{builder}.make_data", lambda *_: pytest.fail("the data were read"))
    found: Any = opened(pretrained.read(shipped[family].place), drawing=True)
    assert torch.equal(found.experiment.draw(found.networks, count=9, seed=3, labels=labels), drawn)
    assert not any(network.training for network in found.networks.values())
    told = found.experiment.labels_for(50, 0)
    assert told.shape == (50, 24)
    assert 1 <= int(told.sum(1).min()) <= int(told.sum(1).max()) <= 3


@pytest.mark.parametrize("family", ["images", "gan"])
def test_it_is_judged_as_its_run_is(family: str, shipped: dict[str, Shipping],
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genloom.recipes.judge_images.linear_denoiser", lambda experiment: None)  # takes its time
    own, found = whole(shipped[family]), opened(pretrained.read(shipped[family].place))
    theirs = {result.name: result for result in own.experiment.evaluate(own.networks)}
    mine = found.experiment.evaluate(found.networks)
    assert mine
    for result in mine:
        assert result == theirs[result.name]
    missing = set(theirs) - {result.name for result in mine}
    assert all("ranks above" in name for name in missing), "only what asks the discriminator is missing"
    assert bool(missing) == (family == "gan")


def test_it_says_where_it_is_from(shipped: dict[str, Shipping]) -> None:
    found = pretrained.read(shipped["gan"].place)
    assert said(found).startswith("comes with genloom, trained by this recipe in 0.")
    assert said(found._replace(seconds=0.0)) == "comes with genloom, trained by this recipe"
    assert opened(found).loaded.step == 4
    assert opened(found).loaded.digest == found.digest
    assert differs(found, replace(found.recipe, summary="x")) == []
    other = replace(found.recipe, engine=replace(found.recipe.engine, steps=9))
    assert differs(found, other) == ["engine.steps 9, not 4"]


def test_another_way_to_sample_may_be_asked_for(shipped: dict[str, Shipping]) -> None:
    found = pretrained.read(shipped["images"].place)
    asked = replace(found.recipe, sampling=Sampling(sampler="ddim", steps=1))
    assert opened(found, recipe=asked, drawing=True).experiment.recipe.sampling.steps == 1


def test_weights_of_another_network_are_refused(shipped: dict[str, Shipping], tmp_path: Path) -> None:
    found = pretrained.read(shipped["images"].place)
    wider = replace(found.recipe, network=replace(found.recipe.network, width=8))
    with pytest.raises(CheckpointError, match=r"shape|model"):
        opened(found._replace(recipe=wider))
    with pytest.raises(CheckpointError, match="has the networks other"):
        opened(found._replace(tensors={"other/x": torch.zeros(1)}))
