"""The study has the checklist's items in their order, and says what it learns from."""

from genloom.recipes.registry import STUDIES, resolve
from genloom.studies.mnist_gans.deliverables import STUDY


def test_the_numbers_are_the_checklist_s_and_one_more(tiny) -> None:
    numbers = [f"S0.{k}" for k in range(12, 19)] + [f"S4.{k}" for k in range(13, 19)]
    assert sorted(each.number for each in STUDY.deliverables) == sorted([*numbers, "losses"])
    assert STUDY.data_for(tiny) == "small digits"
    assert set(STUDY.expected) == {"laptop", "gpu"}
    assert STUDY.chosen(["losses", "14"]) == {"losses", "S0.14"}


def test_it_is_registered_under_its_name() -> None:
    assert resolve(STUDIES[STUDY.name].function) is STUDY
