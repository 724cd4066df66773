"""A GAN of pictures through every verb: two networks, two optimizers, classes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genloom.cli.entry import main
from genloom.training.run import RunFolder

TINY = ["--data.source", "digits", "--data.size", "16", "--latent.size", "8", "--evaluation.samples", "30",
        "--evaluation.quick", "12", "--evaluation.features", "pixels", "--engine.batch-size", "8", "--threads", "1",
        "--engine.no-tensorboard", "--engine.log-every", "5", "--precision", "32"]
TOLD = ["--network.told", "concatenate", "--network.judging", "projection"]


@pytest.fixture(scope="module")
def gan_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conditional GAN of digits that is finished after 20 steps."""
    folder = tmp_path_factory.mktemp("trained") / "gan"
    flags = ["--steps", "20", "--engine.evaluate-every", "10", "--engine.sample-every", "10", *TINY, *TOLD]
    assert main(["train", "tiny-gan", "--out", str(folder), "--quiet", *flags]) == 0
    return folder


@pytest.fixture
def gan_copy(gan_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(gan_run, tmp_path / "copy"))


def test_a_run_explains_itself(gan_run: Path) -> None:
    for name in ("recipe.yaml", "metrics.jsonl", "evaluations.jsonl", "results.json", "report.html",
                 "samples/10/step-0000010.png", "samples/final/samples.png", "samples/final/samples.zip",
                 "figures/way.png", "figures/classes.png", "checkpoints/20"):
        assert (gan_run / name).exists(), name
    assert "family: gan" in (gan_run / "recipe.yaml").read_text()
    said = (gan_run / "report.html").read_text("utf-8")
    assert "The game" in said
    assert "missing" not in json.loads((gan_run / "results.json").read_text())["items"][1]["status"]


def test_classes_are_drawn_as_asked_for(gan_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sample", str(gan_run), "--labels", "3,7", "--count", "5", "--out"]
    assert main([*words, str(tmp_path / "a"), "--json"]) == 0
    assert main([*words, str(tmp_path / "b"), "--quiet"]) == 0
    assert (tmp_path / "a/samples.zip").read_bytes() == (tmp_path / "b/samples.zip").read_bytes()
    capsys.readouterr()
    assert main(["inspect", str(tmp_path / "a/samples.png"), "--json"]) == 0
    assert "--labels 3,7" in json.loads(capsys.readouterr().out)["command"]


@pytest.mark.parametrize(("words", "said"), [
    ("--sampler ddim", "a generator makes a picture in one step"), ("--steps 5", "steps = 5"),
    ("--guidance 2", "guidance = 2.0"), ("--labels eleven", "labels = 'eleven'"),
    ("--checkpoint 7", "no checkpoint 7")])
def test_mistakes(words: str, said: str, gan_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(gan_run), *words.split(), "--out", str(tmp_path / "s")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "s").exists()


def test_evaluate_and_report(gan_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(gan_copy), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["results"][0]["name"] == "FD-pixels"
    (gan_copy / "report.html").unlink()
    assert main(["report", str(gan_copy)]) == 0
    assert (gan_copy / "report.html").is_file()


def test_it_cannot_be_a_diffusers_folder(gan_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(gan_copy), "--out", str(tmp_path / "out")]) == 2
    assert "must be a U-Net that diffuses pictures" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_it_is_no_classifier_to_be_guided_by(gan_copy: Path, run_folder: Path, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--classifier", str(gan_copy), "--out", str(tmp_path / "s")]
    assert main(["sample", str(run_folder), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_more_steps_are_the_run_that_was_longer_from_the_start(gan_copy: Path, tmp_path: Path) -> None:
    assert main(["resume", str(gan_copy), "--steps", "25", "--quiet"]) == 0
    assert RunFolder.open(gan_copy).status["step"] == 25
    flags = ["--steps", "25", "--engine.evaluate-every", "10", "--engine.sample-every", "10", *TINY, *TOLD]
    assert main(["train", "tiny-gan", "--out", str(tmp_path / "whole"), "--quiet", *flags]) == 0
    assert (gan_copy / "metrics.jsonl").read_bytes() == (tmp_path / "whole/metrics.jsonl").read_bytes()
    own, whole = (folder / "checkpoints/25/networks.safetensors" for folder in (gan_copy, tmp_path / "whole"))
    assert own.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("flags", [
    ["--loss.adversarial", "wasserstein", "--penalty.kind", "unit-slope", "--loss.critic-steps", "3"],
    pytest.param(["--network.kind", "progressive", "--network.width", "4", "--engine.ema", "0.9", "--augment.policy",
                  "shift"], marks=pytest.mark.slow)])
def test_stopped_and_resumed_is_the_same_run(flags: list[str], tmp_path: Path) -> None:
    """SIGINT after the first lines: exit code 130, and `resume` ends with the metrics of a run that was not stopped."""
    whole = ["--steps", "150", "--engine.evaluate-every", "0", "--engine.sample-every", "0", *TINY, *flags]
    command = [sys.executable, "-m", "genloom", "train", "tiny-gan", "--out", str(tmp_path / "a"), *whole]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("step "):
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert main(["resume", str(tmp_path / "a"), "--quiet"]) == 0
    assert main(["train", "tiny-gan", "--out", str(tmp_path / "b"), "--quiet", *whole]) == 0
    assert (tmp_path / "a/metrics.jsonl").read_bytes() == (tmp_path / "b/metrics.jsonl").read_bytes()


def test_all_that_cannot_be_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--loss.adversarial", "wasserstein", "--network.kind", "dcgan", "--network.told", "norm"]
    assert main(["train", "dcgan-mnist", "--out", str(tmp_path / "a"), *flags]) == 2
    said = capsys.readouterr().err
    assert "3 problems" in said
    assert "loss.adversarial" in said
    assert "network.judging" in said
    assert "data.size" in said
    assert not (tmp_path / "a").exists()
