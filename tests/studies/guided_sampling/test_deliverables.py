"""The study has the checklist's items in their order, and says what it learns from."""

from genloom.recipes.registry import STUDIES, resolve
from genloom.studies.guided_sampling.deliverables import STUDY


def test_the_numbers_are_the_checklist_s(tiny) -> None:
    assert [each.number for each in STUDY.deliverables] == [f"S0.{k}" for k in range(21, 29)]
    assert STUDY.data_for(tiny) == "small digits"


def test_it_is_registered_under_its_name() -> None:
    assert resolve(STUDIES[STUDY.name].function) is STUDY
