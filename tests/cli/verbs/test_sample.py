"""`genloom sample`: samples by any sampler, and pictures that say how to make them again."""

import json
import shlex
from pathlib import Path

import pytest

from genloom.cli.entry import main
from genloom.cli.output import harmless


def drawn(capsys: pytest.CaptureFixture[str], *words: str) -> list[Path]:
    capsys.readouterr()
    assert main(["sample", *words, "--json"]) == 0
    return [Path(path) for path in json.loads(capsys.readouterr().out)["samples"]]


def test_the_command_in_a_picture_makes_it_again(run_copy: Path, tmp_path: Path,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--sampler", "heun", "--steps", "3", "--seed", "5", "--count", "7", "--labels", "1,2", "--guidance", "2"]
    first = drawn(capsys, str(run_copy), *words)
    assert first[0].parent == run_copy / "samples" / "draw-1"
    picture = next(path for path in first if path.suffix == ".png")
    assert main(["inspect", str(picture), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["recipe"] == "ve-square-classes"
    assert found["seed"] == "5"
    assert found["checkpoint"].startswith("step 20, sha256 ")
    genloom, sample, *again = shlex.split(found["command"])
    assert (genloom, sample) == ("genloom", "sample")
    second = drawn(capsys, *again, "--out", str(tmp_path / "again"))
    for one, other in zip(first, second, strict=True):
        assert one.name == other.name
        if one.suffix == ".csv":
            assert one.read_bytes() == other.read_bytes()


def test_final_samples_are_those_of_their_command(run_folder: Path, tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(run_folder / "samples/final/samples.png"), "--json"]) == 0
    command = shlex.split(json.loads(capsys.readouterr().out)["command"])[2:]
    again = drawn(capsys, *command, "--out", str(tmp_path))
    table = next(path for path in again if path.suffix == ".csv")
    assert table.read_bytes() == (run_folder / "samples/final/samples.csv").read_bytes()


@pytest.mark.parametrize(("words", "said"), [
    ("--sampler hoin", "did you mean 'heun'"), ("--steps 0", "--steps = 0"), ("--eta 2", "in [0, 1]"),
    ("--spacing karas", "did you mean 'karras'"), ("--count 0", "--count = 0"), ("--labels 99", "labels = '99'"),
    ("--checkpoint 7", "has no checkpoint 7; there are: "), ("--checkpoint frist", "best, last or a step"),
    ("--steps 0 --eta 3 --sampler x", "3 problems"), ("--classifier=", "--classifier = ''"), ("--labels=", "a name")])
def test_mistakes(words: str, said: str, run_folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["sample", str(run_folder), *words.split(), "--out", str(tmp_path / "s")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_damaged_checkpoint_is_named(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run_copy / "checkpoints/20/networks.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert main(["sample", str(run_copy), "--checkpoint", "last"]) == 2
    assert "is damaged" in capsys.readouterr().err


def test_nothing_is_written_over_and_nothing_empty_is_left(run_copy: Path, tmp_path: Path,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    final = run_copy / "samples" / "final"
    before = (final / "samples.csv").read_bytes()
    assert main(["sample", str(run_copy), "--count", "3", "--out", str(final)]) == 2
    assert "is not an empty folder; pass another --out" in capsys.readouterr().err
    assert (final / "samples.csv").read_bytes() == before
    assert main(["sample", str(run_copy), "--labels", "99"]) == 2
    assert not (run_copy / "samples" / "draw-1").exists()


def test_the_rules_between_fields_hold_for_what_is_asked(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = run_copy / "recipe.yaml"
    before = recipe.read_text()
    after = before.replace("kind: exponential", "kind: linear").replace("steps: 1000", "steps: 50", 1)
    recipe.write_text(after)
    assert main(["sample", str(run_copy), "--steps", "60"]) == 2
    assert "sampling.steps = 60: must be at most schedule.steps = 50" in capsys.readouterr().err


def test_a_language_model_writes(text_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--prompt", "The owl", "--count", "2", "--tokens", "9", "--temperature", "0.5", "--top-k", "20", "--seed",
             "3"]
    assert main(["sample", str(text_run), *words, "--out", str(tmp_path / "a")]) == 0
    said = capsys.readouterr().out
    assert harmless((tmp_path / "a" / "samples.txt").read_text("utf-8")).strip() in said
    body = json.loads((tmp_path / "a" / "samples.json").read_bytes())
    again = shlex.split(body["command"])[2:]
    assert "--top-k" in again
    assert main(["sample", *again, "--out", str(tmp_path / "b"), "--quiet"]) == 0
    assert (tmp_path / "a" / "samples.txt").read_bytes() == (tmp_path / "b" / "samples.txt").read_bytes()


def test_a_single_text_is_seen_while_it_is_written(text_run: Path, tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(text_run), "--prompt", "The owl", "--count", "1", "--out", str(tmp_path / "a")]) == 0
    said, text = capsys.readouterr().out, (tmp_path / "a" / "samples.txt").read_text("utf-8")
    assert said.count(harmless(text.strip())) == 1


@pytest.mark.parametrize(("words", "said"), [
    ("--temperature -1", "--temperature = -1"), ("--top-p 0", "--top-p = 0"), ("--tokens 0", "--tokens = 0"),
    ("--past forget", "refuse, slide, halve"), ("--sampler ddim", "a language model takes --count, --prompt"),
    ("--past refuse --tokens 50", "beyond the context of 12")])
def test_mistakes_with_a_language_model(text_run: Path, words: str, said: str, tmp_path: Path,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(text_run), *words.split(), "--out", str(tmp_path / "a")]) == 2
    assert said in capsys.readouterr().err


def test_a_model_of_points_takes_no_prompt(run_folder: Path, tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(run_folder), "--prompt", "Alice", "--out", str(tmp_path / "a")]) == 2
    assert "only a language model takes it; a diffusion model of points takes" in capsys.readouterr().err
