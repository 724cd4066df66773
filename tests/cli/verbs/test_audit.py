"""`genloom audit`: a reader's module and a run, what is printed, and the exit code."""

import json
from pathlib import Path

import numpy as np
import pytest

from genloom.cli.entry import main

MODELS = '''
import torch
from torch import nn


class Sound(nn.Module):
    def __init__(self, lookback, horizon):
        super().__init__()
        self.map = nn.Linear(lookback, horizon)

    def forward(self, x):
        return self.map(x.transpose(1, 2)).transpose(1, 2)


class Peeking(Sound):
    def forward(self, x, x_marks, y_marks, y=None):
        made = super().forward(x)
        return made if y is None else made + y.mean(1, keepdim=True)


def scaled(values, train):
    return (values - values[:train].mean(0)) / values[:train].std(0)


def scaled_by_all(values, train):
    return (values - values.mean(0)) / values.std(0)
'''


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A module file and a series of two days' waves."""
    (tmp_path / "mine.py").write_text(MODELS)
    hours, random = np.arange(500), np.random.default_rng(0)
    times = np.datetime64("2020-01-01T00:00:00") + hours * np.timedelta64(1, "h")
    values = np.sin(hours / 4) + 0.1 * random.standard_normal(500) + hours / 500
    rows = "".join(f"{time},{value}\n" for time, value in zip(times, values, strict=True))
    (tmp_path / "series.csv").write_text("time,load\n" + rows)
    return tmp_path


def flags(files: Path) -> list[str]:
    return ["--source", str(files / "series.csv"), "--lookback", "24", "--horizon", "8", "--windows", "4"]


def test_a_sound_module_passes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", f"{files / 'mine.py'}:Sound", *flags(files), "--prepare", "scaled"]) == 0
    said = capsys.readouterr().out
    assert "running" in said
    assert "fail" not in said
    assert "refit the scaler" in said


def test_a_leak_fails_with_its_number_and_remedy(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", f"{files / 'mine.py'}:Peeking", *flags(files), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    failed = [check for check in found["checks"] if check["verdict"] == "fail"]
    assert found["failed"] == len(failed) == 2
    assert failed[0]["name"] == "perturb the future"
    assert failed[0]["number"] > failed[0]["tolerance"]
    assert failed[0]["remedy"]
    assert main(["audit", f"{files / 'mine.py'}:Peeking", *flags(files)]) == 1
    assert "perturb the future: y from step" in capsys.readouterr().out


def test_a_scaler_of_all_rows_fails(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", f"{files / 'mine.py'}:Sound", *flags(files), "--prepare", "scaled_by_all"]) == 1
    assert "refit the scaler: training rows change by" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "said"), [
    (["mine.py:Sound", "--windows", "1"], "--windows"), (["mine.py:Sond"], "did you mean 'Sound'"),
    (["none.py:Sound"], "a Python file"), (["no-run"], "is not a run"), (["mine.py:scaled"], "callable"),
    (["mine.py:Sound", "--prepare", "scald"], "did you mean 'scaled'")])
def test_mistakes_are_told_in_one_line(files: Path, capsys: pytest.CaptureFixture[str], words: list[str],
                                       said: str) -> None:
    assert main(["audit", str(files / words[0]), *words[1:], *flags(files)[: 6 if "--windows" in words else 8]]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_run_is_audited_with_its_books(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = files / "run"
    tiny = ["--data.csv", str(files / "series.csv"), "--window.lookback", "24", "--window.horizon", "8",
            "--window.label", "8", "--network.kind", "linear", "--engine.evaluate-every", "3", "--evaluation.draws",
            "100", "--engine.no-tensorboard", "--quiet"]
    assert main(["train", "forecaster", "--out", str(run), "--steps", "6", *tiny]) == 0
    capsys.readouterr()
    assert main(["audit", str(run), "--windows", "4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {check["verdict"] for check in found["checks"]} <= {"pass", "not asked"}
    assert found["checks"][-1]["name"] == "look for the best epoch"
    assert found["checks"][-1]["verdict"] == "pass"


def test_runs_of_other_families_are_refused(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(run_folder)]) == 2
    assert "the run of a forecaster" in capsys.readouterr().err


def test_what_a_module_prints_and_missing_values_do_not_spoil_the_answer(
        files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chatty = MODELS.replace("        return self.map", "        print('hello')\n        return self.map")
    (files / "mine.py").write_text(chatty)
    lines = (files / "series.csv").read_text().splitlines()
    (files / "series.csv").write_text("\n".join(lines[:77] + lines[78:]) + "\n")
    words = ["audit", f"{files / 'mine.py'}:Sound", *flags(files), "--json"]
    assert main(words) == 2
    assert "pass --data.missing interpolate or last" in capsys.readouterr().err
    assert main([*words, "--data.missing", "last"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["failed"] == 0
    assert "hello" in said.err


def test_a_series_is_named_once(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(files / "series.csv")
    assert main(["audit", f"{files / 'mine.py'}:Sound", "--source", place, "--data.csv", place]) == 2
    assert "--source" in capsys.readouterr().err
