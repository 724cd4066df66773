"""The study has every item of the checklist, and at full size every number agrees with its known answer."""

import pytest

from genloom.studies.letters import STUDY
from genloom.studies.registry import study
from genloom.studies.runner import Options, run_study


def test_all_items_are_there_in_the_order_of_the_report() -> None:
    numbers = [item.number for item in STUDY.deliverables]
    assert numbers == ["S4.19", "S4.20", "S4.21", "S4.22", "S4.23", "S4.24", "S4.8"]
    assert all(item.question and item.title for item in STUDY.deliverables)
    assert study("letters") is STUDY


@pytest.mark.slow
def test_the_laptop_study_agrees_with_its_known_answers(tmp_path) -> None:
    outcome = run_study("letters", tmp_path / "letters", Options(seed=3))
    assert outcome.exit_code == 0
    assert outcome.page.complete
    wrong = [result.name for item in outcome.page.items for result in item.results if result.status == "fail"]
    assert not wrong
