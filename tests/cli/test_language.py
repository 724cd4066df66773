"""Verbs that look at a language model take nothing else."""

from pathlib import Path

import pytest

from genloom.cli import language
from genloom.cli.output import Voice
from genloom.cli.verbs.score import Options
from genloom.errors import InputError, RunError, UnknownName


def test_a_run_is_opened_without_its_text(text_run: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(text_run, tmp_path / "copy"))
    yaml = (copy / "recipe.yaml").read_text().replace(str(text_run.parent / "text.txt"), str(tmp_path / "gone.txt"))
    (copy / "recipe.yaml").write_text(yaml)
    made = language.trained(Options(run=copy, sentence="x"), Voice(quiet=True), "looking at")
    assert set(made.networks) == {"gpt"}


def test_runs_of_other_families_are_refused(run_folder: Path) -> None:
    with pytest.raises(InputError, match=r"of the family points; train one with `genloom train gpt`"):
        language.trained(Options(run=run_folder, sentence="x"), Voice(quiet=True), "looking at")


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run"):
        language.trained(Options(run=tmp_path, sentence="x"), Voice(quiet=True), "looking at")
    with pytest.raises(UnknownName):
        language.trained(Options(run=Path("gtp"), sentence="x"), Voice(quiet=True), "looking at")
