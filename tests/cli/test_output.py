"""What a command says: lines for people or JSON, never both."""

import json
import math

import pytest

from genloom.cli.output import Voice, aligned, plain


def said(capsys: pytest.CaptureFixture[str], voice: Voice) -> str:
    voice.say("working")
    voice.table(("a", "b"), [("1", "22")])
    voice.answer({"x": math.nan, "y": (1, 2)}, "path")
    return capsys.readouterr().out


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, Voice()) == "working\na  b\n1  22\npath\n"


def test_quiet_keeps_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, Voice(quiet=True)).endswith("path\n")
    assert "working" not in said(capsys, Voice(quiet=True))


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(said(capsys, Voice(json=True))) == {"x": None, "y": [1, 2]}


def test_events_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Voice(json=True).event("done", {"a": 1}, "line")
    assert capsys.readouterr().out == '{"event": "done", "a": 1}\n'
    Voice(quiet=True).event("done", {"a": 1}, "line")
    assert capsys.readouterr().out == "line\n"


def test_helper_processes_are_silent(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    Voice(json=True).event("done", {})
    assert said(capsys, Voice()) == ""


def test_columns_stand_under_each_other() -> None:
    assert aligned([("a", "bb"), ("ccc", "d")], indent=" ") == [" a    bb", " ccc  d"]
    assert aligned([]) == []


def test_plain_data() -> None:
    assert plain({1: (math.inf, None, True, object)}) == {"1": [None, None, True, "<class 'object'>"]}


def test_a_terminal_gets_a_drawn_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    Voice().table(("a",), [("[red]1",)])
    assert "[red]1" in capsys.readouterr().out


def test_a_terminal_obeys_nothing_that_came_from_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Voice().say("a\x1b[31mb", "σ²\tc")
    Voice().table(("a",), [("\x07",)])
    assert capsys.readouterr().out == "a�[31mb\nσ²\tc\na\n�\n"
