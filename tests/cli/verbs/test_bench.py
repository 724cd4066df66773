"""`genloom bench`: the ratios of one benchmark, and a page that holds them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from genloom.benchmarks import registry
from genloom.cli.entry import main
from genloom.report.results import Item, Page, Result


def small(pairs: int, tell: Callable[[str], None]) -> Page:
    """A benchmark that measures nothing."""
    tell("measuring")
    result = Result(name="ratio", value=2.0, known=1.5, known_name="goal", n=pairs)
    return Page(title="Small", kind="study", name="small", items=(Item(number="1", title="One", results=(result,)),))


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(registry.BENCHMARKS)


def test_an_unknown_one_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "pionts"]) == 2
    assert "did you mean 'points'" in capsys.readouterr().err


def test_one_is_run_shown_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    module = ModuleType("small_bench")
    module.__dict__["bench"] = small
    monkeypatch.setitem(sys.modules, "small_bench", module)
    monkeypatch.setitem(registry.BENCHMARKS, "small", registry.Entry("small_bench:bench", "nothing"))
    assert main(["bench", "small", "--out", str(tmp_path / "b")]) == 0
    said = capsys.readouterr().out
    assert "ratio" in said
    assert (tmp_path / "b" / "report.html").is_file()
