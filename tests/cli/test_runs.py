"""Run folders: where a new one goes, and what is in one."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from genloom.cli import runs
from genloom.errors import DataError, InputError, RunError
from genloom.recipes import recipe
from genloom.training.run import RunFolder


def test_the_next_free_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = [runs.new_folder(None, "a") for _ in range(3)]
    assert made == [Path("runs/a-1"), Path("runs/a-2"), Path("runs/a-3")]
    Path("runs/a-2").rmdir()
    assert runs.new_folder(None, "a") == Path("runs/a-2")
    assert runs.new_folder(Path("own"), "a") == Path("own")
    assert not Path("own").exists()


def test_a_run_works_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = recipe("ddpm-images")
    asked = replace(base, data=replace(base.data, folder="pictures"), latent=replace(base.latent, autoencoder="runs/a"))
    placed = runs.placed(asked)
    assert (placed.data.folder, placed.latent.autoencoder) == (str(tmp_path / "pictures"), str(tmp_path / "runs/a"))
    assert runs.placed(placed) == placed
    assert runs.placed(base) == base, "what is not given stays so"


def test_a_text_is_a_place_or_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = recipe("gpt")
    for asked, found in (("my.txt", str(tmp_path / "my.txt")), ("python-docs", "python-docs"), ("alice", "alice")):
        assert runs.placed(replace(base, data=replace(base.data, text=asked))).data.text == found
    letters = recipe("score-letters")
    assert runs.placed(letters).data.text == letters.data.text, "letters to draw are no file"


def test_a_judge_is_a_place_or_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "judge").mkdir()
    (tmp_path / "digit-classifier").mkdir()
    base = recipe("ddpm-images")
    for asked, found in (("judge", str(tmp_path / "judge")), ("digit-classifier", "digit-classifier"),
                         ("evaluator-elsewhere", "evaluator-elsewhere"), ("", "")):
        whole = replace(base, evaluation=replace(base.evaluation, judge=asked))
        assert runs.placed(whole).evaluation.judge == found


def test_codes_of_another_autoencoder_are_refused(run_copy: Path) -> None:
    chosen = recipe("ddpm-images")
    chosen = replace(chosen, latent=replace(chosen.latent, autoencoder="runs/codes"))
    before, after = (SimpleNamespace(recipe=chosen, space=SimpleNamespace(digest=letter * 64)) for letter in "ab")
    run = RunFolder.open(run_copy)
    runs.refuse_other_codes(run, after)  # a run that does not say
    (run_copy / "environment.json").write_text(json.dumps(runs.environment(None, before)))
    runs.refuse_other_codes(run, before)
    with pytest.raises(RunError, match=r"codes of runs/codes when its weights had sha256 a{12}; .* b{12} now"):
        runs.refuse_other_codes(run, after)


def test_helper_processes_make_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCAL_RANK", "1")
    runs.new_folder(None, "a")
    assert not list(tmp_path.iterdir())


def test_a_taken_folder_is_refused(tmp_path: Path) -> None:
    runs.refuse_taken(tmp_path)
    runs.refuse_taken(tmp_path / "none")
    runs.refuse_taken(None)
    (tmp_path / "letter.txt").touch()
    with pytest.raises(RunError, match=r"not an empty folder.*pass another --out"):
        runs.refuse_taken(tmp_path)
    with pytest.raises(RunError, match="not an empty folder"):
        runs.refuse_taken(tmp_path / "letter.txt")
    (tmp_path / "recipe.yaml").touch()
    with pytest.raises(RunError, match="is a run already; go on with `genloom resume"):
        runs.refuse_taken(tmp_path)


def test_a_damaged_recipe_is_a_run_error(tmp_path: Path) -> None:
    for content in (b"format: 1", b"\xff\xfe", b"format: 1\nfamily: points\nname: 3\nsummary: 4\n"):
        (tmp_path / "recipe.yaml").write_bytes(content)
        with pytest.raises(RunError, match=r"recipe.yaml: "):
            runs.recipe_of(RunFolder.open(tmp_path))


def test_the_data_root_is_remembered(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert runs.data_root_of(run, None) is None
    (tmp_path / "environment.json").write_text(json.dumps(runs.environment(tmp_path)))
    assert runs.data_root_of(run, None) == tmp_path.resolve()
    assert runs.data_root_of(run, Path("other")) == Path("other")
    (tmp_path / "environment.json").write_text("[]")
    assert runs.data_root_of(run, None) is None


@pytest.mark.parametrize(("word", "found"), [("best", "best"), ("last", "last"), ("120", 120), ("", None)])
def test_names_of_checkpoints(word: str, found: object) -> None:
    assert runs.which(word) == found


@pytest.mark.parametrize("word", ["bset", "-1", "1.5", "²"])
def test_other_names_of_checkpoints(word: str) -> None:
    with pytest.raises(InputError, match="best, last or a step"):
        runs.which(word)


def test_a_picture_without_a_source_is_refused(tmp_path: Path) -> None:
    import struct
    import zlib

    from genloom.report.provenance import embed

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    blank = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
             + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))
    path = tmp_path / "a.png"
    path.write_bytes(embed(blank, {"colour": "red"}))
    with pytest.raises(DataError, match="neither a recipe nor a command"):
        runs.read_picture(path)
    path.write_bytes(embed(blank, {"recipe": "r"}))
    assert runs.read_picture(path) == {"recipe": "r"}
