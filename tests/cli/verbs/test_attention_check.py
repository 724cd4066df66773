"""`genloom attention-check`: our own kinds, and the reader's file."""

import json
from pathlib import Path

import pytest

from genloom.cli.entry import main
from genloom.forecasting.attention import own
from genloom.forecasting.attention.kinds import KINDS
from genloom.forecasting.attention.own import Own

RIGHT = """
print("this is a line of the file")
def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1) @ v
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "mine.py"
    place.write_text(RIGHT, encoding="utf-8")
    return place


def test_ours_are_all_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention-check"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in KINDS)
    assert "all are right: relative error at most" in said
    assert "genloom attention-check FILE.py" in said


def test_ours_as_json_and_the_code_where_one_is_wrong(monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(own, "check_kinds", lambda: [Own("full", False, 1e-8, 1e-8, 1.0, 0.0),
                                                     Own("local", True, 0.5, 1e-8, 0.0, 0.9)])
    assert main(["attention-check", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["right"]
    assert [one["right"] for one in found["kinds"]] == [True, False]


def test_a_file_that_is_right(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention-check", str(path)]) == 0
    said = capsys.readouterr()
    assert "is your own code: it is run here" in said.out
    assert "attention: relative error 1e-07" in said.out
    assert "(B, H, L, d)" in said.out
    assert "this is a line of the file" in said.err


def test_a_mistake_is_named_and_the_code_is_1(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(RIGHT.replace("** 0.5", "").replace("~mask", "mask"), encoding="utf-8")
    assert main(["attention-check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "the scale is 1/d; the mask is inverted" in said
    assert said.count("remedy") == 2


def test_a_file_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention-check", str(path), "--function", "attention", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["right"]
    assert found["name"] == "attention"
    assert found["faults"] == []
    assert found["relative_error"] < 1e-6


@pytest.mark.parametrize(("words", "said"), [
    (["nowhere.py"], "no such file"), (["--function", "f"], "given with a file"),
    (["{path}", "--function", "atention"], "did you mean 'attention'"), (["{path}", "--fucntion", "f"], "--function"),
])
def test_what_is_wrong_in_the_command_is_said(path: Path, words: list[str], said: str,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention-check", *(word.format(path=path) for word in words)]) == 2
    assert said in capsys.readouterr().err
