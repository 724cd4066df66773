"""S1.1 as an item of the report, and what is counted."""

import os
from pathlib import Path

import pytest
import torch

from genloom.studies.context import Context
from genloom.studies.iclevr import labels
from genloom.studies.iclevr.labels import loader


def test_the_item_is_whole_and_every_verdict_holds(tiny, check) -> None:
    answer = check(loader, tiny, formula=True)
    assert {result.name: result.status for result in answer.results if result.status == "fail"} == {}
    found = {result.name: result.value for result in answer.results}
    assert found["pictures"] == 3 * (150 + 250)
    assert found["scenes in which each frame adds one object"] == 150 + 250
    assert [row[1] for row in answer.tables[0].rows[:3]] == ["400"] * 3


def test_a_scene_grows_by_one_object_at_a_time() -> None:
    one, two, three = torch.eye(3).cumsum(0)
    assert labels._grows(torch.stack((two, one, three)))
    assert not labels._grows(torch.stack((one, two)))
    assert not labels._grows(torch.stack((torch.tensor([0.0, 0, 1]), two, three)))


@pytest.mark.real_data
def test_the_course_s_files_have_the_numbers_that_are_said(tmp_path: Path) -> None:
    context = Context(folder=tmp_path, data_root=Path(os.environ["GENLOOM_DATA"]))
    found = labels.plain(context)
    assert sum(found.sets.values()) == labels.PICTURES
    assert found.twice == 0
    assert len(found.sets) == 2188
