"""`genloom forecast`: from one's own file to what comes next, as files that say how to make them again."""

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from genloom.cli.entry import main


@pytest.fixture(scope="module")
def run_of_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forecaster of one's own CSV, trained for a moment by its shortest flags."""
    folder = tmp_path_factory.mktemp("forecast")
    hours = np.datetime64("2021-03-01T00", "h") + np.arange(400)
    wave = 10 + 3 * np.sin(2 * np.pi * np.arange(400) / 24)
    rows = "".join(f"{moment},{value:.4f}\n" for moment, value in zip(hours, wave, strict=True))
    (folder / "my.csv").write_text("when,heat\n" + rows)
    words = ["--csv", str(folder / "my.csv"), "--horizon", "6", "--lookback=48", "--window.label", "6", "--steps", "4",
             "--network.width", "8", "--network.heads", "2", "--network.hidden", "8", "--engine.evaluate-every", "2",
             "--evaluation.draws", "100", "--engine.no-tensorboard", "--out", str(folder / "run"), "--quiet"]
    assert main(["train", "forecaster", *words]) == 0
    return folder / "run"


def forecast(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["forecast", *words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_it_goes_on_after_the_end_of_the_file(run_of_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = forecast(capsys, str(run_of_file))
    assert (found["from"], found["to"]) == ("2021-03-17T16:00:00", "2021-03-17T21:00:00")
    table, document, picture = map(Path, found["files"])
    assert table.parent == run_of_file / "forecasts" / "forecast-1"
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert len(rows) == 6
    assert list(rows[0]) == ["time", "heat", "heat_low", "heat_high", "heat_naive"]
    assert 0 < float(rows[0]["heat"]) < 20
    assert json.loads(document.read_text())["level"] == 0.9
    assert picture.suffix == ".png"


def test_the_command_in_the_picture_makes_the_same_forecast(run_of_file: Path, tmp_path: Path,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    first = forecast(capsys, str(run_of_file), "--from", "2021-03-10 12:00", "--level", "0.5", "--out",
                     str(tmp_path / "one"))
    assert first["from"] == "2021-03-10T12:00:00"
    assert main(["inspect", first["files"][2], "--json"]) == 0
    genloom, verb, *again = shlex.split(json.loads(capsys.readouterr().out)["command"])
    assert (genloom, verb) == ("genloom", "forecast")
    second = forecast(capsys, *again, "--out", str(tmp_path / "two"))
    assert Path(first["files"][0]).read_bytes() == Path(second["files"][0]).read_bytes()


@pytest.mark.parametrize(("words", "said"), [
    ("--from 1999-01-01", "a time from 2021-03-03T00:00:00 to 2021-03-17T16:00:00"), ("--level 1", "between 0 and 1"),
    ("--form 2021-03-10", "did you mean --from"), ("--checkpoint 77", "has no checkpoint 77"),
])
def test_mistakes_are_told_in_one_line(words: str, said: str, run_of_file: Path,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", str(run_of_file), *words.split()]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (run_of_file / "forecasts" / "forecast-99").exists()


def test_what_is_no_forecaster_is_refused_with_the_way_to_one(run_folder: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", str(run_folder)]) == 2
    assert "genloom train forecaster" in capsys.readouterr().err


def test_a_trained_forecaster_says_what_can_be_done_next(run_of_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from genloom.cli import written
    from genloom.recipes import recipe

    assert written.following(recipe("forecaster"), "RUN")[0] == "genloom forecast RUN"
    assert main(["sample", str(run_of_file)]) == 2
    assert "genloom forecast" in capsys.readouterr().err


def test_the_run_finds_its_file_from_any_folder(run_of_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert forecast(capsys, str(run_of_file), "--out", "here")["from"] == "2021-03-17T16:00:00"


def test_a_forecast_without_a_start_can_be_made_again_when_the_file_has_grown(
        run_of_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = forecast(capsys, str(run_of_file), "--out", str(tmp_path / "one"))
    assert main(["inspect", found["files"][2], "--json"]) == 0  # type: ignore[index]
    assert "--from 2021-03-17T16:00:00" in json.loads(capsys.readouterr().out)["command"]
    assert main(["forecast", str(run_of_file), "--out", str(tmp_path / "two")]) == 0
    said = capsys.readouterr().out
    assert "next:" in said
    assert "genloom inspect" in said
