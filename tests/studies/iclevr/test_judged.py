"""Answers of an evaluator, over seeds and of real pictures."""

import torch

from genloom.data.images.labelsets import NAMES, multi_hot
from genloom.data.scenes.drawing import render
from genloom.metrics.label_accuracy import LabelAccuracy
from genloom.rng import fold
from genloom.studies.iclevr import judged, work
from genloom.studies.iclevr.judged import Judged


def _judged(said: list[list[int]], sets: list[list[int]], groups: list[int]) -> Judged:
    return Judged(LabelAccuracy(torch.tensor(said).bool(), torch.tensor(sets).bool()), torch.tensor(groups))


def test_each_label_set_weighs_once_however_many_pictures_it_has() -> None:
    found = _judged([[1, 0, 0], [0, 1, 0], [0, 1, 1]], [[1, 0, 0], [1, 0, 0], [0, 1, 1]], [0, 0, 1])
    assert found.micro.value == (0.5 + 2) / 3
    assert found.share.macro.value == 0.75
    assert found.sets == 2
    assert {k: share.value for k, share in found.by_count().items()} == {1: 0.5, 2: 1.0}


def test_a_model_is_judged_with_every_seed(tiny) -> None:
    model, evaluator = work.gan(tiny), work.judge(tiny)
    found = judged.judged(tiny, model, "test", evaluator)
    assert len(found.groups) == 2 * 32
    first = evaluator.accuracy(work.drawn(tiny, model).of("test", 3), work.sets_of(tiny, "test"))
    assert torch.equal(found.found.said[:32], first.said)
    assert set(judged.both(tiny, model, evaluator)) == {"test", "new_test"}


def test_mistakes_are_told_apart_by_colour_and_shape() -> None:
    sets = multi_hot([("red cube",), ("red sphere",)])
    said = multi_hot([("blue cube",), ("red sphere",)]).bool()
    share, _ = Judged(LabelAccuracy(said, sets.bool()), torch.arange(2)).mistakes(NAMES)
    assert (share.right, share.shape_wrong, share.colour_wrong, share.both_wrong) == (0.5, 0, 0.5, 0)


def test_rendered_pictures_show_their_sets_and_are_not_those_of_training(tiny) -> None:
    there = judged.real_pictures(tiny, "test")
    assert there.pictures.shape == (4 * 32, 3, 16, 16)
    assert torch.equal(there.sets, work.sets_of(tiny, "test")[there.groups])
    words = next(each for each in work.asked(tiny, "test") if len(each) == 1)
    row = work.asked(tiny, "test").index(words)
    again = torch.from_numpy(render(words, fold(3, 0x72656E64, row, 0), 16)).permute(2, 0, 1)
    assert torch.equal(there.pictures[4 * row], again)
    own = {picture.numpy().tobytes() for picture in work.pictures(tiny).train.pictures}
    assert not any(picture.numpy().tobytes() in own for picture in there.pictures)


def test_kept_back_pictures_of_a_set_are_found_where_there_are_any(tiny, monkeypatch) -> None:
    base = work.recipe("ddpm-iclevr")
    monkeypatch.setattr(work, "ddpm_recipe", lambda context: base)  # of i-CLEVR, whose pictures are not rendered anew
    labels = work.labels_of(work.unread(tiny))
    missing = torch.zeros(24, dtype=torch.uint8)
    missing[:4] = 1
    there = judged.real_of(tiny, torch.stack((labels[7], missing)))
    assert len(there.sets) >= 1
    assert (there.sets == labels[7]).all()
    assert (there.groups == 0).all()


def test_the_judge_knows_more_of_real_pictures_than_chance(tiny) -> None:
    found = judged.kept(tiny, work.judge(tiny))
    assert found.micro.value > found.chance.micro + 4 * found.chance.spread
    assert judged.real(tiny, "test", work.judge(tiny)).sets == 32


def test_a_cell_has_the_interval(tiny) -> None:
    found = judged.kept(tiny, work.judge(tiny))
    assert "±" in judged.cell(found.micro) or "[" in judged.cell(found.micro)
