"""S1.22 as an item of the report."""

import torch

from genloom.studies.iclevr import work
from genloom.studies.iclevr.compared import _shown, _together, alike, apart, compared, diversity
from genloom.studies.iclevr.judged import both


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(compared, tiny)
    assert [row[0] for row in answer.tables[0].rows] == ["GAN", "DDPM", "real pictures"]
    assert [row[6] for row in answer.tables[0].rows] == ["1", "8", "—"]


def test_sets_whose_variety_is_looked_at_have_enough_real_pictures(tiny) -> None:
    sets = alike(tiny)
    assert len(sets) >= 1
    for row in sets:
        rows = _shown(tiny, row)
        assert len(rows) >= 4
        assert (work.labels_of(work.pictures(tiny).train)[rows] == row).all()


def test_one_picture_again_and_again_has_no_variety_and_real_ones_have_their_own(tiny) -> None:
    here = work.gan(tiny).experiment
    some = work.pictures(tiny).train.pictures[:6]
    assert apart(here.extractor, some[:1].expand(5, -1, -1, -1).contiguous()) < 1e-6
    assert apart(here.extractor, some) > 0
    assert diversity(tiny, work.gan(tiny)).n == len(alike(tiny))


def test_both_lists_are_one_of_64_sets(tiny) -> None:
    each = both(tiny, work.gan(tiny), work.judge(tiny))
    found = _together(list(each.values()))
    assert found.sets == 64
    total = sum(int(one.found.counts.sum()) for one in each.values())
    assert int(found.found.counts.sum()) == total
    assert torch.equal(found.groups.unique(), torch.arange(64))
