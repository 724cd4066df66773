"""The item of the report."""

import torch

from genloom.studies.iclevr import work
from genloom.studies.iclevr.copies import _results, copies, kept_nearest, nearest


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(copies, tiny)
    assert [row[0] for row in answer.tables[0].rows] == ["GAN", "DDPM", "kept-back pictures"]


def test_copies_are_found_and_said_to_be_copies(tiny) -> None:
    train, known = work.pictures(tiny).train.pictures, kept_nearest(tiny)
    found = nearest(train[5:25], train)
    assert torch.equal(found.places, torch.arange(5, 25))
    assert found.distances.max() == 0
    limit = float(known.distances.quantile(0.05))
    assert [result.status for result in _results("a copier", found, known, limit)] == ["fail", "fail"]
    assert [result.status for result in _results("kept", known, known, limit)] == ["pass", "pass"]


def test_a_distance_is_the_root_mean_square_in_levels() -> None:
    some = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    assert float(nearest(some + 7, torch.cat((some, some + 10))).distances) == 3
    assert int(nearest(some + 7, torch.cat((some, some + 10))).places) == 1


def test_kept_back_pictures_have_as_many_objects_as_the_lists(tiny) -> None:
    asked = work.both_lists(tiny).sum(1)
    assert len(kept_nearest(tiny).distances) == 2 * len(asked)
