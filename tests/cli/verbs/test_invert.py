"""`genloom invert`: a table, a picture, the vectors; every mistake in one line."""

import json
import shlex
from pathlib import Path

import pytest
from safetensors.torch import load_file

from genloom.cli.entry import main


def test_the_command_in_the_picture_finds_the_same(text_run: Path, tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(text_run), "a walnut", "--seeds", "2", "--steps", "300", "--control", "--discrete", "--searches", "1",
             "--exchanges", "1", "--batch", "4"]
    assert main(["invert", *words, "--out", str(tmp_path / "one")]) == 0
    out = capsys.readouterr().out
    for part in ("log p a token", "of 2 starts", "no words", "random order", "Search 1", "genloom inspect",
                 "--reading continuation"):
        assert part in out
    assert {path.name for path in (tmp_path / "one").iterdir()} == {
        "inversion.png", "vectors.safetensors", "inversion.json"}
    first = json.loads((tmp_path / "one/inversion.json").read_text("utf-8"))
    vectors = load_file(tmp_path / "one/vectors.safetensors")["vectors"]
    assert vectors.shape == (2, len(first["tokens"]), 16)
    assert main(["inspect", str(tmp_path / "one/inversion.png"), "--json"]) == 0
    command = shlex.split(json.loads(capsys.readouterr().out)["command"])[1:]
    assert main([*command, "--out", str(tmp_path / "two"), "--json"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert {key: second[key] for key in first} == first


def test_it_goes_into_the_run_where_nothing_else_is_said(text_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invert", str(text_run), "a walnut", "--seeds", "1", "--steps", "2", "--reading", "continuation",
                 "--length", "3"]) == 0
    assert "0 of 1 starts" in capsys.readouterr().out
    assert (text_run / "inversion/try-1/inversion.json").is_file()


@pytest.mark.parametrize(("words", "said"), [
    ("'a b' --seeds 0", "--seeds = 0"), ("'a b' --rate 0", "--rate"), ("''", "some text"),
    ("'a b' --length 40", "length = 40"), ("'a b' --reading input", "--reading"), ("'a b' --exchange 3", "--exchanges"),
    ("'a walnut the moon some more of it' --reading continuation", "fit into the context of 12 tokens")])
def test_mistakes(words: str, said: str, text_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invert", str(text_run), *shlex.split(words)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_run_of_points_says_nothing(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invert", str(run_folder)]) == 2
    assert "a run of a language model" in capsys.readouterr().err
