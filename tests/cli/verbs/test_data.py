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


def test_scenes_are_drawn_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "out"
    words = ["--size", "16", "--look", "clevr", "--without", "red cube", "blue cube, gray cube"]
    assert main(["data", "scenes", "--out", str(place), "--count", "2", *words]) == 0
    said = capsys.readouterr().out
    assert "6 pictures" in said
    assert f"--data.source iclevr --data.folder {place}" in said
    assert len(list((place / "iclevr").iterdir())) == 6
    assert main(["data", "scenes", "--out", str(place), "--count", "2"]) == 2
    assert "a new or an empty folder" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "said"), [("scenes --count 2", "--out DIR"),
                                             ("ett --count 2", "the data set scenes")])
def test_what_cannot_be_drawn(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", *words.split()]) == 2
    assert said in capsys.readouterr().err
