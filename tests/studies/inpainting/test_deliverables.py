"""The study is whole."""

from genloom.studies.context import Context
from genloom.studies.registry import study


def test_its_items_are_those_of_the_checklist(tmp_path) -> None:
    found = study("inpainting")
    assert [each.number for each in found.deliverables] == ["S3.6", "S3.7", "S3.8"]
    assert set(found.expected) == {"laptop", "gpu"}
    assert "doors" in found.data_for(Context(folder=tmp_path))
