"""The study has the checklist's items in their order, and says what it learns from."""

from genloom.studies.cats.deliverables import STUDY


def test_the_numbers_are_the_checklist_s(tiny) -> None:
    assert [each.number for each in STUDY.deliverables] == [f"S3.{k}" for k in range(16, 25)]
    assert STUDY.data_for(tiny) == "drawn shapes"
