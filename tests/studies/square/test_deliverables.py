from dataclasses import replace

import pytest

from genloom.studies.runner import Options, run_study
from genloom.studies.square import STUDY


def test_the_study_has_its_21_items_in_order():
    assert [item.number for item in STUDY.deliverables] == [f"S2.{k}" for k in range(1, 22)]
    assert all(item.title and item.question for item in STUDY.deliverables)


@pytest.mark.slow
def test_the_whole_study_is_complete_and_agrees_with_its_known_answers(tmp_path):
    outcome = run_study(STUDY, tmp_path, replace(Options(), seed=0))
    assert outcome.exit_code == 0
    assert outcome.page.complete
    assert all(item.status == "done" and (item.figures or item.tables or item.results) for item in outcome.page.items)
    results = [result for item in outcome.page.items[:12] for result in item.results]
    assert [result.name for result in results if result.status == "fail"] == []
