"""The item of the report."""

import torch

from genloom.studies.iclevr import work
from genloom.studies.iclevr.swaps import _changed, _judged, pairs, scenes, swapped, swaps


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(swaps, tiny)
    assert [row[0] for row in answer.tables[0].rows] == ["GAN", "DDPM", "rendered scenes"]


def test_one_attribute_of_one_object_is_another_and_no_object_is_there_twice(tiny) -> None:
    assert len(pairs(tiny)) == 4
    sets = [("red cube", "blue sphere", "red sphere"), ("gray cube", "gray sphere", "gray cylinder")]
    for words in sets:
        for k in range(6):
            pair = _changed(words, k)
            assert len(set(pair.after)) == 3
            assert len(set(pair.before) & set(pair.after)) == 2
            same = [a == b for a, b in zip(pair.old.split(), pair.new.split(), strict=True)]
            assert sum(same) == 1
            assert pair.before.index(pair.old) == pair.after.index(pair.new)


def test_the_renderer_changes_little_beside_other_places(tiny) -> None:
    found = scenes(tiny)
    assert 0 < found.touched < 0.2
    assert found.other is None


def test_what_does_not_change_stays_and_what_is_not_there_does_not_arrive(tiny) -> None:
    each = pairs(tiny)
    sets = torch.stack([torch.tensor([name in pair.before for name in work.names(tiny)]) for pair in each])
    made = work.pictures(tiny).train.pictures[: len(each)]
    same = [pair._replace(after=pair.before) for pair in each]
    found = _judged(tiny, same, made, made, None)
    assert found.arrived.n == 0
    assert found.stayed.n == 0 or found.stayed.value == 1
    assert found.moved == found.touched == 0
    assert sets.sum() == 3 * len(each)


def test_the_same_noise_is_kept_and_other_noise_is_another(tiny) -> None:
    found = swapped(tiny, work.gan(tiny))
    assert not torch.equal(found.before, found.other)
    assert found.before.shape == found.after.shape == (4, 3, 16, 16)
