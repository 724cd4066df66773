"""S1.14 as an item of the report."""

import pytest
import torch

from genloom.studies.iclevr import work
from genloom.studies.iclevr.denoising import ASKED, _chance, denoising, stages


def test_the_item_is_whole_and_begins_with_the_noise_that_it_should(tiny, check) -> None:
    answer = check(denoising, tiny, formula=True)
    assert answer.results[1].status == "pass"
    assert all(name in answer.text[0] for name in ASKED)


def test_the_first_stage_is_noise_and_the_last_is_the_picture_itself(tiny) -> None:
    way = stages(tiny)
    assert way[0].step == 0
    assert way[-1].ratio == 0
    assert torch.equal(way[-1].x, way[-1].guess)
    assert [each.ratio for each in way] == sorted((each.ratio for each in way), reverse=True)
    made = work.ddpm(tiny).draw(torch.stack([_set(tiny)] * 4), 3)
    torch.testing.assert_close(way[-1].x.int(), made.int(), rtol=0, atol=1)


def _set(tiny) -> torch.Tensor:
    return torch.tensor([name in ASKED for name in work.names(tiny)]).to(torch.uint8)


def test_chance_is_three_of_24() -> None:
    assert _chance() == pytest.approx(3 / 24)
