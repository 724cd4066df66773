"""What codes keep of kept-back pictures."""

import torch

from genloom.studies.iclevr import work
from genloom.studies.iclevr.codes import code_results, coded, codes_figure, decibels, judged_codes


def test_codes_are_of_kept_back_pictures_and_lose_something(tiny) -> None:
    found = coded(tiny)
    assert found.originals.shape == found.autoencoder.shape == found.linear.shape
    assert found.numbers == 2 * 8 * 8
    assert found.parameters > 0
    assert not torch.equal(found.originals, found.linear)
    assert torch.equal(found.originals, work.pictures(tiny).kept.pictures[: len(found.sets)])


def test_the_judge_sees_the_same_pictures_before_and_after(tiny) -> None:
    found, said = coded(tiny), judged_codes(tiny)
    assert set(said) == {"originals", "autoencoder", "linear"}
    own = work.judge(tiny).accuracy(found.originals, found.sets).micro.value
    assert said["originals"].micro.value == own
    first, second = code_results(found, said)
    assert first.known == decibels(found, found.linear)
    assert second.known == own
    assert decibels(found, found.originals) == 100
    assert (tiny.folder / codes_figure(tiny, found).path).is_file()
