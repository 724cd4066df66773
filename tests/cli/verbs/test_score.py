"""`genloom score`: tokens, words, the sum, the product that underflows, and the longest copy."""

import json
from pathlib import Path

import pytest

from genloom.cli.entry import main

SENTENCE = "The squirrel holds a walnut, I think"


def test_a_person_reads_tokens_words_sum_product_and_copy(text_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(text_run), SENTENCE]) == 0
    said = capsys.readouterr().out
    for part in ("token", "log p", "choice", "word", "sum of log p", "bits per byte", "· 10^", "= exp(sum)",
                 "in float32", "in float64", "longest copy"):
        assert part in said, part
    assert "'The squirrel holds a walnut', at byte" in said
    assert f"genloom attention '{text_run}' '{SENTENCE}'" in said


def test_json_has_all_of_it(text_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(text_run), SENTENCE, "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["log_prob"] == pytest.approx(sum(token["log_prob"] for token in body["tokens"]))
    assert body["log_prob"] == pytest.approx(sum(word["log_prob"] for word in body["words"]))
    assert "".join(word["text"] for word in body["words"]) == SENTENCE
    assert body["copied"]["text"] == "The squirrel holds a walnut"


def test_a_long_text_underflows_and_says_with_which_token(text_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(text_run), "Zq9 " * 200]) == 0
    said = capsys.readouterr().out
    assert said.count("0: it underflowed with token") == 2


def test_what_stands_before_is_asked_for(text_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for more in ([], ["--after", "The cat sees"]):
        assert main(["score", str(text_run), " the moon", "--json", *more]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert [each["after"] for each in found] == ["\n", "The cat sees"]
    assert found[0]["log_prob"] != found[1]["log_prob"]


def test_a_text_that_is_not_at_hand_is_said(text_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import shutil

    copy = Path(shutil.copytree(text_run, tmp_path / "copy"))
    yaml = (copy / "recipe.yaml").read_text().replace(str(text_run.parent / "text.txt"), str(tmp_path / "gone.txt"))
    (copy / "recipe.yaml").write_text(yaml)
    assert main(["score", str(copy), SENTENCE]) == 0
    assert "not known, since the training text is not at hand" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "said"), [([""], "SENTENCE"), ([], "SENTENCE"), (["x", "--checkpoint", "7"], "7")])
def test_mistakes_are_one_line(text_run: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(text_run), *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(("sentence", "command"), [("The owl", "'The owl'"), ("owl", "owl --generate"), (" ", "")])
def test_what_is_named_next_can_be_run(text_run: Path, sentence: str, command: str,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(text_run), sentence]) == 0
    assert capsys.readouterr().out.rstrip("\n").endswith(f"genloom attention '{text_run}' {command}".rstrip())
