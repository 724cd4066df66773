import json
import sys
from pathlib import Path

import pytest
import torch
from diffusers_small import SHAPE, folder_of

from genloom.cli.entry import main
from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.training.run import RunFolder


def test_a_folder_becomes_a_run_that_is_sampled_and_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "a run"
    assert main(["import", str(folder_of(tmp_path / "theirs")), "--out", str(run), "--data", "digits"]) == 0
    said = capsys.readouterr().out
    assert f"genloom sample '{run}' --sampler unipc --steps 20" in said
    assert f"run        {run}" in said
    assert RunFolder.open(run).status["state"] == "finished"
    assert main(["sample", str(run), "--sampler", "unipc", "--steps", "20", "--count", "2", "--quiet"]) == 0
    assert list((run / "samples").rglob("*.png"))


def test_classes_are_told_by_their_numbers_where_the_data_do_not_name_them(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shape = UNetShape(**{**vars(SHAPE), "classes": 17})
    run = tmp_path / "run"
    assert main(["import", str(folder_of(tmp_path / "theirs", shape)), "--out", str(run), "--null-class"]) == 0
    assert main(["sample", str(run), "--steps", "2", "--count", "2", "--labels", "16,0", "--quiet"]) == 0
    assert main(["sample", str(run), "--steps", "2", "--count", "2", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["sample", str(run), "--steps", "2", "--count", "2", "--labels", "17"]) == 2
    assert "numbers from 0 to 16" in capsys.readouterr().err


def test_json_says_what_was_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(folder_of(tmp_path / "theirs")), "--out", str(tmp_path / "run"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["run"] == str(tmp_path / "run")
    assert document["parameters"] == sum(p.numel() for p in UNet(SHAPE).parameters())


def test_without_a_folder_the_next_free_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    theirs = str(folder_of(tmp_path / "theirs"))
    assert main(["import", theirs, "--quiet"]) == main(["import", theirs, "--quiet"]) == 0
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"imported-1", "imported-2"}


class _Runs:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def test_a_hostile_file_is_one_line_and_leaves_nothing(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    mark = tmp_path / "mark"
    torch.save({"a": _Runs(mark)}, tmp_path / "bad.pt")  # noqa: TID251 # what a hostile program writes
    assert main(["import", "bad.pt"]) == main(["import", "bad.pt", "--out", "run"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert all(line.startswith("error: bad.pt holds more than weights") for line in errors)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pt"]


@pytest.mark.parametrize(("args", "said"), [
    ([], "SOURCE"), (["nowhere"], "a folder of diffusers"), (["x", "--architecure", "y"], "mean --architecture")])
def test_mistakes_are_one_line(args: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                               capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["import", *args]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_run_that_is_there_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = str(folder_of(tmp_path / "theirs"))
    assert main(["import", theirs, "--out", str(tmp_path / "run"), "--quiet"]) == 0
    assert main(["import", theirs, "--out", str(tmp_path / "run"), "--quiet"]) == 2
    assert "is a run already" in capsys.readouterr().err


def test_the_hub_alone_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for package in ("huggingface_hub", "diffusers"):
        monkeypatch.setitem(sys.modules, package, None)
    theirs = str(folder_of(tmp_path / "theirs"))
    assert main(["import", theirs, "--out", "run", "--quiet"]) == 0
    assert main(["export", "run", "--out", "out", "--quiet"]) == 0
    assert main(["import", "somebody/something"]) == 2
    assert "pip install 'genloom[hub]'" in capsys.readouterr().err


def test_a_language_model_goes_out_and_comes_back(text_run: Path, tmp_path: Path,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    out, run = tmp_path / "theirs", tmp_path / "run"
    assert main(["export", str(text_run), "--out", str(out)]) == 0
    assert f"genloom import {out}" in (said := capsys.readouterr().out)
    assert "from transformers import pipeline" in said
    assert main(["import", str(out), "--out", str(run), "--data", str(text_run.parent / "text.txt")]) == 0
    assert f"genloom score {run}" in capsys.readouterr().out
    sums = []
    for each in (text_run, run):
        assert main(["score", str(each), "The owl sees the moon", "--json"]) == 0
        sums.append(json.loads(capsys.readouterr().out)["log_prob"])
    assert sums[0] == pytest.approx(sums[1], abs=1e-5)
    assert main(["evaluate", str(run), "--json"]) == 0
    assert main(["import", str(out), "--null-class", "--out", str(tmp_path / "other")]) == 2
    assert "this is a language model" in capsys.readouterr().err
