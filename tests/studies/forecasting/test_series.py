"""Which series a study has is said, and never another one in silence."""

from pathlib import Path

import pytest

from genloom.errors import DataError
from genloom.studies.forecasting import series


def test_the_measured_series_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "locate", lambda name, root: {"ETTh1.csv": Path("ETTh1.csv")})
    found = series.at_hand(None)
    assert (found.data.source, found.real) == ("etth1", True)
    assert found.said.startswith("ETTh1")


def test_where_it_is_not_the_simulation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def locate(name: str, root: Path | None) -> dict[str, Path]:
        raise DataError("not there")

    monkeypatch.setattr(series, "locate", locate)
    found = series.at_hand(None)
    assert (found.data.source, found.real) == ("transformer", False)
    assert "ETTH1 IS NOT AT HAND" in found.said
