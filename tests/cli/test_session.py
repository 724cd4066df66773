"""A training and what follows it: paths at the end, and a report that fails loses nothing."""

import json
from pathlib import Path

import pytest

from genloom.cli import session
from genloom.cli.entry import main
from genloom.training.run import RunFolder


def test_json_lines(tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "ve-square", "--steps", "3", "--out", str(tmp_path / "a"), "--json", *tiny]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["event"] == "done"
    assert events[-1]["step"] == 3
    assert events[-1]["results"]
    assert Path(events[-1]["report"]).is_file()


def test_quiet_says_the_paths_alone(tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "ve-square", "--steps", "2", "--out", str(tmp_path / "a"), "--quiet", *tiny]) == 0
    said = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in said} == {"run", "checkpoint", "samples", "report"}


def test_a_report_that_fails_loses_nothing(tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("in the report")

    monkeypatch.setattr(session.written, "all_of", fail)
    folder = tmp_path / "a"
    assert main(["train", "ve-square", "--steps", "2", "--out", str(folder), *tiny]) == 1
    said = capsys.readouterr()
    assert "the training is whole, but what follows it failed: ZeroDivisionError" in said.err
    assert f"genloom report {folder}" in said.out
    assert RunFolder.open(folder).status["state"] == "finished"
    assert "in the report" in (folder / "traceback.txt").read_text()
