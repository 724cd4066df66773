"""`genloom report`: the page of a run, written again."""

from pathlib import Path

import pytest

from genloom.cli.entry import main


def test_report_writes_the_page_again(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_copy / "report.html").unlink()
    assert main(["report", str(run_copy)]) == 0
    assert f"report      {run_copy / 'report.html'}" in capsys.readouterr().out
    assert "ve-square-classes" in (run_copy / "report.html").read_text("utf-8")
