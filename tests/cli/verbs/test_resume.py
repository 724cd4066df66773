"""`genloom resume`: a run that was stopped goes on, and a finished one for more steps."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from genloom.cli.entry import main
from genloom.training.run import RunFolder


def test_a_finished_run_says_so(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", str(run_folder)]) == 0
    said = capsys.readouterr().out
    assert "is finished: 20 of 20 steps" in said
    assert "--steps 40" in said


def test_a_finished_run_goes_on_for_more_steps(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", str(run_copy), "--steps", "25", "--quiet"]) == 0
    assert RunFolder.open(run_copy).status["step"] == 25
    assert "steps: 25" in (run_copy / "recipe.yaml").read_text()
    assert main(["resume", str(run_copy), "--steps", "3"]) == 2
    assert "at least 25, the steps that are done" in capsys.readouterr().err


def test_a_folder_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", str(tmp_path)]) == 2
    assert "is not a run" in capsys.readouterr().err


def test_stopped_and_resumed_is_the_same_run(tiny: list[str], tmp_path: Path) -> None:
    """SIGINT after the first lines: exit code 130, and `resume` ends with the metrics of a run that was not stopped."""
    import signal

    flags = ["--steps", "800", "--engine.log-every", "50", *tiny]
    command = [sys.executable, "-m", "genloom", "train", "ve-square", "--out", str(tmp_path / "a"), *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("step "):
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert f"genloom resume {tmp_path / 'a'}" in said
    assert main(["resume", str(tmp_path / "a"), "--quiet"]) == 0
    assert main(["train", "ve-square", "--out", str(tmp_path / "b"), "--quiet", *flags]) == 0
    assert (tmp_path / "a/metrics.jsonl").read_bytes() == (tmp_path / "b/metrics.jsonl").read_bytes()


def test_a_damaged_checkpoint_is_refused_with_a_command_that_works(run_copy: Path,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume", str(run_copy), "--steps", "25", "--quiet"]) == 0
    rows = (run_copy / "metrics.jsonl").read_bytes()
    weights = run_copy / "checkpoints" / "25" / "networks.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert main(["resume", str(run_copy), "--steps", "30"]) == 2
    assert "is damaged" in (said := capsys.readouterr().err)
    assert "--checkpoint 20" in said
    assert main(["resume", str(run_copy), "--steps", "25", "--checkpoint", "20", "--quiet"]) == 0
    assert (run_copy / "metrics.jsonl").read_bytes() == rows
    assert main(["resume", str(run_copy), "--checkpoint", "7"]) == 2


def test_a_run_that_lost_its_patience_goes_on_without(tiny: list[str], tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    """No rate at all: no evaluation is better than the first."""
    run = str(tmp_path / "run")
    flags = ["--steps", "12", "--optimizer.lr", "1e-30", "--engine.evaluate-every", "2", "--engine.patience", "3"]
    assert main(["train", "ve-square", "--out", run, *flags, *tiny]) == 0
    status = RunFolder.open(tmp_path / "run").status
    assert (status["state"], status["step"]) == ("finished", 8)
    assert f"genloom resume {run} --patience 0" in capsys.readouterr().out
    for more in ([], ["--steps", "20"]):
        assert main(["resume", run, *more]) == 0
        assert "8 of 12 steps; no better evaluation in 3, so it ended after step 8 of 12" in (
            said := capsys.readouterr().out)
        assert said.rstrip().endswith(f"genloom resume {run} --patience 0")
    assert main(["resume", run, "--patience", "0", "--quiet"]) == 0
    assert RunFolder.open(tmp_path / "run").status["step"] == 12
    assert "patience: 0" in (tmp_path / "run" / "recipe.yaml").read_text()
