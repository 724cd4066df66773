"""`genloom train`: from a recipe to a run that explains itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from genloom.cli.entry import main
from genloom.recipes import recipe


def test_a_run_explains_itself(run_folder: Path) -> None:
    for name in ("recipe.yaml", "command.txt", "environment.json", "metrics.jsonl", "status.json", "results.json",
                 "report.html", "samples/final/samples.png", "samples/final/samples.csv", "checkpoints/20"):
        assert (run_folder / name).exists(), name
    assert (run_folder / "command.txt").read_text().startswith("genloom train ve-square-classes --out")


def test_it_ends_with_paths_and_commands(tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "ve-square", "--steps", "3", *tiny]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("genloom ")
    assert "train ve-square" in lines[0]
    assert "run         runs/ve-square-1" in lines
    assert "report      runs/ve-square-1/report.html" in lines
    following = lines[lines.index("next:") + 1:]
    assert 1 <= len(following) <= 3
    assert all(line.startswith("  genloom ") for line in following)
    banner = [line for line in lines[1:lines.index("next:")] if line.startswith("  ")]
    assert len(banner) <= 15


def test_a_taken_folder_is_left_alone(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run_copy / "recipe.yaml").read_bytes()
    assert main(["train", "ve-square", "--out", str(run_copy)]) == 2
    assert f"genloom resume {run_copy}" in capsys.readouterr().err
    assert (run_copy / "recipe.yaml").read_bytes() == before


def test_bad_data_leave_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "ve-square", "--data.pattern", "file", "--data.path", "none.csv"]) == 2
    assert "none.csv" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def first_line(words: list[str]) -> tuple[str, float]:
    """The first line of a command and the seconds of work until it came: the machine may be busy with others."""
    before = os.times()
    process = subprocess.Popen([sys.executable, "-m", "genloom", *words], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.kill()
    process.communicate()
    after = os.times()
    return line, sum(after[2:4]) - sum(before[2:4])


def test_the_first_line_comes_within_a_second(tiny: list[str], tmp_path: Path) -> None:
    words = ["train", "ve-square", "--steps", "1", *tiny, "--out"]
    seen = [first_line([*words, str(tmp_path / str(k))]) for k in range(3)]
    assert all(recipe("ve-square").summary in line for line, _ in seen)
    assert min(seconds for _, seconds in seen) < 1


def test_a_batch_that_cannot_be_divided_leaves_no_folder(tiny: list[str], tmp_path: Path,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "ve-square", "--devices", "7", "--out", str(tmp_path / "a"), *tiny]) == 2
    assert capsys.readouterr().err.endswith("pass --engine.batch-size 63\n")
    assert not (tmp_path / "a").exists()


def test_every_picture_says_how_to_make_it_again(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (run_folder / "figures").glob("*.png"):
        assert main(["inspect", str(path)]) == 0
        said = capsys.readouterr().out
        assert "checkpoint  step 20, sha256 " in said
        assert "genloom report " in said
