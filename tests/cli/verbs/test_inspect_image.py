"""`genloom inspect`: what a picture was made of."""

from pathlib import Path

import pytest

from genloom.cli.entry import main
from genloom.recipes import from_yaml


def test_it_prints_recipe_seed_checkpoint_and_command(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(run_folder / "samples/final/samples.png")]) == 0
    said = capsys.readouterr().out
    assert "ve-square-classes" in said
    assert "sha256" in said
    assert "genloom sample" in said
    assert "format: 1" not in said


def test_it_prints_the_whole_recipe_where_asked(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(run_folder / "samples/final/samples.png"), "--recipe"]) == 0
    _, _, text = capsys.readouterr().out.partition("\n\n")
    assert from_yaml(text).engine.steps == 20


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), (b"GIF89a", "not a PNG"),
                                               (b"\x89PNG\r\n\x1a\n", "cut off")])
def test_a_picture_that_says_nothing(content: bytes | None, said: str, tmp_path: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    assert main(["inspect", str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
