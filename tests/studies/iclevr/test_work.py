"""What the items share: two models, a guide and a judge, on the pictures at hand."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genloom.recipes import registry
from genloom.recipes.images import Data
from genloom.studies.context import Context
from genloom.studies.iclevr import work


def test_recipes_keep_what_they_say_of_pictures_and_take_those_at_hand(tiny) -> None:
    chosen = work.recipe("ddpm-iclevr")
    mirrored = work.here(tiny, replace(chosen, data=replace(chosen.data, flip=True, zoom=1.1)), 5)
    assert (mirrored.data.source, mirrored.data.scenes) == ("scenes", 150)
    assert (mirrored.data.flip, mirrored.data.zoom, mirrored.engine.seed) == (True, 1.1, 5)


def test_the_guide_and_the_judge_are_two(tiny) -> None:
    guide, judge = work.guide(tiny), work.judge(tiny)
    assert guide.digest != judge.digest
    assert (guide.recipe.engine.seed, judge.recipe.engine.seed) == (3, 4)
    assert guide.recipe.network == judge.recipe.network
    assert guide.class_names == work.names(tiny)


def test_pictures_are_drawn_once_and_are_functions_of_their_sets_and_seed(tiny) -> None:
    for model in work.models(tiny):
        sets = work.sets_of(tiny, "test")
        found = work.drawn(tiny, model)
        assert found is work.drawn(tiny, model)
        assert found.pictures.shape == (2, 64, 3, 16, 16)
        assert torch.equal(model.draw(sets, 3), found.of("test", 3)), "a picture does not depend on those beside it"
        assert not torch.equal(model.draw(sets, 4), found.of("test", 3))
        assert model.parameters > 1000
    assert [model.said for model in work.models(tiny)] == ["GAN", "DDPM"]


def test_the_lists_have_32_sets_each_of_known_objects(tiny) -> None:
    for listed in work.LISTS:
        words, sets = work.asked(tiny, listed), work.sets_of(tiny, listed)
        assert len(words) == len(sets) == 32
        assert [len(each) for each in words] == sets.sum(1).tolist()
    assert work.both_lists(tiny).shape == (64, 24)
    assert list(work.seeds(tiny)) == [3, 4]


def test_every_model_keeps_the_same_pictures_back(tiny) -> None:
    own = work.pictures(tiny)
    for model in work.models(tiny):
        assert torch.equal(model.experiment.kept.pictures, own.kept.pictures)
        assert torch.equal(model.experiment.data.pictures, own.train.pictures)


@pytest.mark.real_data
def test_what_no_model_sees_no_evaluator_sees_either(tmp_path: Path, monkeypatch) -> None:
    data = Data(source="iclevr", size=64, zoom=1.0, flip=False)
    monkeypatch.setattr(work.at_hand, "iclevr", lambda root, size=64: work.at_hand.AtHand(data, "i-CLEVR"))
    monkeypatch.setattr(work, "recipe", registry.recipe)
    context = Context(folder=tmp_path, data_root=Path(os.environ["GENLOOM_DATA"]))
    kept, unread = work.pictures(context).kept, work.unread(context)
    assert len(kept) < len(unread)
    theirs = {picture.numpy().tobytes() for picture in unread.pictures}
    assert all(picture.numpy().tobytes() in theirs for picture in kept.pictures)
    assert not any(picture.numpy().tobytes() in theirs for picture in work.pictures(context).train.pictures[:9000])


def test_an_evaluator_that_reads_the_gan_s_pictures_is_the_guide_of_the_pictures_at_hand(tiny) -> None:
    assert work.recipe("gan-iclevr").loss.evaluator == "evaluator-iclevr-a"
    assert work.gan_recipe(tiny).loss.evaluator == work.guide(tiny).place
    assert work.gan(tiny).experiment.guide.digest == work.guide(tiny).digest
    assert work.gan(tiny).experiment.guide.digest != work.judge(tiny).digest
