"""The study as it is registered."""

from genloom.studies.registry import STUDIES, study


def test_every_number_is_there_in_order() -> None:
    found = study("forecasting")
    assert [each.number for each in found.deliverables] == [*(f"S0.{k}" for k in range(1, 12)), "best", "audit"]
    assert all(each.question for each in found.deliverables)
    assert STUDIES["forecasting"].summary.startswith("S0.1–S0.11")


def test_the_first_line_names_the_data(tiny) -> None:
    assert study("forecasting").data_for(tiny) == "small"
