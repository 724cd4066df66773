"""`genloom attention`: painted in the terminal, as pictures and a page; every mistake in one line."""

import json
import shlex
from pathlib import Path

import pytest

from genloom.cli.entry import main


@pytest.fixture(scope="module")
def able_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learned what the squirrel does, so that it can write a word."""
    folder = tmp_path_factory.mktemp("able")
    (folder / "text.txt").write_text("The squirrel holds a walnut.\nThe owl sees a moon.\n" * 200, "utf-8")
    flags = ["--data.text", str(folder / "text.txt"), "--data.blocks", "1", "--tokenizer.vocabulary", "280",
             "--network.width", "32", "--network.blocks", "2", "--network.heads", "2", "--network.context", "24",
             "--generation.tokens", "5", "--generation.count", "1", "--evaluation.order", "2",
             "--evaluation.texts", "1", "--engine.batch-size", "16", "--engine.evaluate-every", "60",
             "--engine.no-tensorboard", "--quiet"]
    assert main(["train", "gpt-nano", "--out", str(folder / "run"), "--steps", "120", *flags]) == 0
    return folder / "run"


def test_everything_is_painted_and_can_be_made_again(able_run: Path, tmp_path: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(able_run), "The squirrel", "--words", "3", "--heads", "--temperature", ".2", "--seed", "4"]
    assert main(["attention", *words, "--out", str(tmp_path / "one")]) == 0
    out = capsys.readouterr().out
    for part in ("Block 2, the last", "Block 1, the first", "squirrel", "weights 1.0000", "Only the weights",
                 "Word 3 is “holds”, which the model wrote", "First against last block", "genloom invert"):
        assert part in out
    assert "\x1b" not in out
    files = {path.name for path in (tmp_path / "one").iterdir()}
    assert files == {"attention.png", "evidence.png", "heads.png", "attention.html", "attention.json"}
    first = json.loads((tmp_path / "one/attention.json").read_text("utf-8"))
    assert main(["inspect", str(tmp_path / "one/attention.png"), "--json"]) == 0
    command = shlex.split(json.loads(capsys.readouterr().out)["command"])[1:]
    assert main([*command, "--out", str(tmp_path / "two"), "--json"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert {key: second[key] for key in first} == first
    assert (first["number"], first["generated"]) == (3, 1)


def test_one_block_of_the_last_word_given(text_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention", str(text_run), "The owl sees", "--block", "2"]) == 0
    out = capsys.readouterr().out
    assert "Block 2" in out
    assert "Block 1" not in out
    assert "Word 3 is “sees”, which was given" in out
    folder = text_run / "attention"
    assert (folder / "look-1" / "attention.html").is_file()
    assert not (folder / "look-1" / "heads.png").exists()


def test_one_more_word_is_generated(able_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention", str(able_run), "The owl", "--generate", "--json", "--out", str(tmp_path / "one")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["word"] == "sees"
    assert (found["number"], found["generated"]) == (3, 1)


def test_blanks_that_part_no_words_do_not_count(able_run: Path, tmp_path: Path,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    words = ["The\u3000owl sees", "--generate", "--json", "--out", str(tmp_path / "one")]
    assert main(["attention", str(able_run), *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["number"], found["generated"]) == (3, 1), "an ideographic blank is within a word"


@pytest.mark.parametrize(("words", "said"), [
    ("one --out x", "at least two words"), ("'a b' --block 3", "a number from 1 to 2"),
    ("'a b' --block midle", "--block"),
    ("'a b' --words 2", "more than the 2 words"), ("'a b' --words 1000000", "the context of this model"),
    ("'a b' --words 9 --generate", "left out with --generate"),
    ("'a b' --temperature -1", "--temperature"), ("'a b' --seed -1", "--seed"),
    ("'a b c d e f g h i j k l m n o p'", "the context of this model"), ("'a b' --sed 3", "did you mean --seed")])
def test_mistakes(words: str, said: str, text_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                  capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["attention", str(text_run), *shlex.split(words)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_a_run_of_points_has_no_words(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention", str(run_folder), "a b"]) == 2
    assert "a run of a language model" in capsys.readouterr().err


def test_nothing_is_written_over(text_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["attention", str(text_run), "The owl", "--out", str(tmp_path)]) == 2
    assert "is not an empty folder" in capsys.readouterr().err
