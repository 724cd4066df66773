"""A cache folder of each test's own."""

from pathlib import Path

import pytest

from genloom.data import store


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "the-cache"
    monkeypatch.setattr(store, "cache", lambda: folder)
    return folder
