"""The command: it answers at once, and every failure is one line and an exit code."""

import os
import subprocess
import sys

import pytest

from genloom import __version__
from genloom.cli import entry
from genloom.cli.entry import main
from genloom.cli.verbs import LATER, VERBS
from genloom.errors import CheckpointError, Interrupted, TrainingError

HEAVY = ("torch", "numpy", "rich", "matplotlib", "scipy", "jinja2", "PIL", "lightning_fabric")

# What must answer at once: listings, every help, every mistake.
QUICK = {
    "": 0, "--help": 0, "--version": 0, "list": 0, "list --json": 0, "data": 0, "data square": 0,
    **{f"{verb} --help": 0 for verb in VERBS if verb != "studio"}, "train ve-square --help": 0,
    "studio": 2, "trian": 2, "score": 2, "list recpies": 2, "train": 2, "train ve-sqare": 2,
    "train ve-square --stpes 3": 2, "train ve-square --steps three": 2, "train ve-square --steps 0": 2,
    "train ve-square --sampling.sampler dimm": 2, "train ve-square --tier huge": 2, "train nothing.yaml": 2,
    "resume": 2, "resume nowhere": 2, "sample nowhere": 2, "sample nowhere --sampler dimm": 2, "evaluate nowhere": 2,
    "report nowhere": 2, "results nowhere": 2, "inspect nowhere.png": 2, "data iclver": 2,
    "bench": 0, "bench pionts": 2, "study square --seed -1": 2, "study sqare": 2,
}

_PROBE = f"""
import sys, time
sys.stdout.reconfigure(encoding="utf-8"); sys.stderr.reconfigure(encoding="utf-8")
start = time.process_time()
from genloom.cli.entry import main
code = main(sys.argv[1:])
print("SECONDS", time.process_time() - start, "HEAVY", [m for m in {HEAVY} if m in sys.modules], file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("words", QUICK)
def test_it_answers_at_once_and_without_heavy_imports(words: str, tmp_path: object) -> None:
    done = subprocess.run([sys.executable, "-c", _PROBE, *words.split()], capture_output=True, text=True, cwd=tmp_path,
                          env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    said, _, report = done.stderr.rpartition("SECONDS")
    seconds, _, heavy = report.partition("HEAVY")
    assert done.returncode == QUICK[words], said
    assert heavy.strip() == "[]"
    assert float(seconds) < 0.3  # of this process alone: the machine may be busy with others
    if QUICK[words]:
        assert said.startswith("error: ")
        assert said.count("\n") == 1
        assert done.stdout == ""
    else:
        assert said == ""
        assert done.stdout


def test_the_installed_command_answers_within_a_third_of_a_second() -> None:
    seconds = []
    for _ in range(5):
        before = os.times()
        subprocess.run([sys.executable, "-m", "genloom", "--help"], capture_output=True, check=True)
        after = os.times()
        seconds.append(sum(after[2:4]) - sum(before[2:4]))  # of the child alone: the machine may be busy with others
    assert min(seconds) < 0.3


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert all(f"genloom {verb.usage}" in said and verb.summary in said for verb in VERBS.values())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"genloom {__version__}\n"


@pytest.mark.parametrize(("verb", "said"), [("trian", "did you mean `genloom train`?"),
                                            ("zzzz", "see `genloom --help`")])
def test_an_unknown_verb_gets_a_suggestion(verb: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("verb", [*LATER, "studio"])
def test_what_is_planned_says_so(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb]) == 2
    assert "planned and not there yet" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "code", "said"), [
    (CheckpointError("a\nb"), 2, "error: a b\n"), (TrainingError("c"), 1, "error: c\n"),
    (Interrupted("saved", 15), 143, "error: saved\n"), (KeyboardInterrupt(), 130, "error: interrupted\n"),
    (SystemExit(3), 3, ""), (SystemExit(), 0, "")])
def test_exit_codes(error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch,
                    capsys: pytest.CaptureFixture[str]) -> None:
    def fail(args: list[str]) -> int:
        raise error

    monkeypatch.setattr(entry, "dispatch", fail)
    assert main(["list"]) == code
    assert capsys.readouterr().err == said


def test_a_fault_is_one_line_and_a_saved_traceback(monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    def fail(args: list[str]) -> int:
        raise ZeroDivisionError("of a kind")

    monkeypatch.setattr(entry, "dispatch", fail)
    assert main(["list"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ZeroDivisionError: of a kind (unexpected; traceback in ")
    assert said.count("\n") == 1


def test_a_reader_that_goes_away_is_no_failure() -> None:
    code = "import sys\nfrom genloom.cli.entry import main\nsys.exit(main(['data']))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert said == b""


def test_a_terminal_without_greek_still_gets_an_answer() -> None:
    done = subprocess.run([sys.executable, "-m", "genloom", "train", "ve-square", "--help"], capture_output=True,
                          env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=True)
    assert b"--network.width" in done.stdout


def test_help_has_no_colours_in_a_pipe_or_where_none_are_wanted() -> None:
    for extra in ({}, {"NO_COLOR": "1"}):
        done = subprocess.run([sys.executable, "-m", "genloom", "list", "--help"], capture_output=True,
                              env={**os.environ, **extra}, check=True)
        assert b"\x1b[" not in done.stdout
