"""`genloom evaluate`: numbers beside their known answers, shown and kept."""

import json
from pathlib import Path

import pytest

from genloom.cli.entry import main


def test_evaluate_shows_and_keeps_the_numbers(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_copy / "results.json").unlink()
    assert main(["evaluate", str(run_copy)]) == 0
    said = capsys.readouterr().out
    assert "known" in said
    assert "Bayes optimum" in said
    assert "\x1b" not in said
    assert main(["results", str(run_copy), "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)
    assert main(["evaluate", str(run_copy), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["results"]
    values = [result["value"] for item in kept["items"] for result in item["results"]]
    assert values == [result["value"] for result in again]


def test_evaluate_keeps_the_sections_of_the_report(run_copy: Path) -> None:
    before = [item["number"] for item in json.loads((run_copy / "results.json").read_text())["items"]]
    assert main(["evaluate", str(run_copy)]) == 0
    assert [item["number"] for item in json.loads((run_copy / "results.json").read_text())["items"]] == before
