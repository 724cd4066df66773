"""The study is whole."""

from genloom.studies.context import Context
from genloom.studies.registry import study


def test_its_items_are_those_of_the_checklist_and_the_dropped_modes(tmp_path) -> None:
    found = study("gan-theory")
    assert [each.number for each in found.deliverables] == ["S4.1", "S4.2", "S4.3", "modes"]
    assert found.chosen(["1", "modes"]) == {"S4.1", "modes"}
    assert set(found.expected) == {"laptop", "gpu"}
    assert "25 Gaussians" in found.data_for(Context(folder=tmp_path))
