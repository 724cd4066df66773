import io
import json

import pytest

from genloom.training.screen import Screen


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(mode, stream, steps=1000, capture=()):
    screen = Screen(mode, stream)
    screen.banner([("device", "cpu"), ("data", "48 points")], title="genloom")
    screen.start(0, steps)
    for step in range(1, steps + 1):
        screen.progress(step, 1 / step, 16, 300.0)
    screen.warn("careful")
    screen.stop()
    screen.done([("run", "runs/a"), ("next", "genloom sample runs/a")])
    return stream.getvalue()


@pytest.mark.parametrize("steps", [1, 7, 16, 17, 1000])
def test_a_pipe_gets_at_most_twenty_plain_lines(steps, capsys):
    text = show("auto", io.StringIO(), steps)
    lines = [line for line in text.splitlines() if line.startswith("step")]
    assert 1 <= len(lines) <= 18
    assert lines[0].startswith(f"step 1/{steps} ")
    for word in ("%", "loss", "ETA", "samples/s", "MB"):
        assert word in lines[0]
    assert "\x1b" not in text
    assert "warning: careful" in capsys.readouterr().err


def test_json_is_one_event_a_line():
    events = [json.loads(line) for line in show("json", io.StringIO()).splitlines()]
    assert {event["event"] for event in events} == {"banner", "progress", "warning", "done"}


def test_quiet_says_nothing_but_warnings(capsys):
    assert show("quiet", io.StringIO()) == ""
    assert capsys.readouterr().err == "warning: careful\n"


def test_a_terminal_gets_a_bar_and_no_color_is_obeyed(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    colored = show("auto", Terminal(), 50)
    assert "50/50" in colored
    assert "\x1b[38" in colored or "\x1b[3" in colored
    monkeypatch.setenv("NO_COLOR", "1")
    plain = show("auto", Terminal(), 50)
    assert "50/50" in plain
    assert "\x1b[38" not in plain


def test_a_banner_has_at_most_fifteen_lines():
    stream = io.StringIO()
    Screen("plain", stream).banner([(str(i), "x") for i in range(40)], title="t")
    assert len(stream.getvalue().splitlines()) == 15


def test_helper_processes_are_silent(monkeypatch, capsys):
    monkeypatch.setenv("LOCAL_RANK", "1")
    for mode in ("auto", "json", "rich"):
        assert show(mode, io.StringIO()) == ""
    assert capsys.readouterr().err == ""


def test_a_banner_of_json_joins_the_lines_of_one_name():
    stream = io.StringIO()
    Screen("json", stream).banner([("changed", "a"), ("", "b"), ("data", "d")])
    assert json.loads(stream.getvalue()) == {"event": "banner", "title": "", "changed": "a b", "data": "d"}
