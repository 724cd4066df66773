"""`genloom results`: the numbers as they were measured."""

from pathlib import Path

import pytest

from genloom.cli.entry import main


def test_results_are_shown_as_a_table(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", str(run_folder)]) == 0
    assert "Bayes optimum" in capsys.readouterr().out
    assert main(["results", str(run_folder / "results.json")]) == 0


def test_a_folder_without_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", str(tmp_path)]) == 2
    assert "has no results.json; `genloom evaluate" in capsys.readouterr().err
    (tmp_path / "results.json").write_text("{")
    assert main(["results", str(tmp_path)]) == 2
    assert "not JSON" in capsys.readouterr().err
