"""`genloom data`: what there is, where it comes from, and fetching it."""

import json
from pathlib import Path

import pytest

from genloom.cli.entry import main
from genloom.data import sources, store


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in sources.SOURCES)
    assert main(["data", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == list(sources.SOURCES)


def test_one_in_detail(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "ett"]) == 0
    said = capsys.readouterr().out
    assert "sha256" in said
    assert "CC BY-ND 4.0" in said


@pytest.mark.parametrize(("words", "said"), [("etth", "did you mean 'ett'"), ("square --fetch", "nothing needs to be"),
                                             ("--fetch", "given with the name of a data set")])
def test_mistakes(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", *words.split()]) == 2
    assert said in capsys.readouterr().err


def test_fetching_says_where_the_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(store, "fetch", lambda name, folder: {f"{name}.csv": Path(folder) / f"{name}.csv"})
    assert main(["data", "ett", "--fetch", "--out", str(tmp_path)]) == 0
    assert str(tmp_path / "ett.csv") in capsys.readouterr().out
