"""The reader's own file: what is taken from it, and one line for everything that goes wrong."""

import sys
from pathlib import Path

import pytest
from torch import nn

from genloom.cli import own_code
from genloom.errors import InputError, UnknownName


def test_files_and_names_are_told_from_folders() -> None:
    assert own_code.split("a/b.py:Net") == (Path("a/b.py"), "Net")
    for text in ("runs/forecaster-1", "a/b.py", "a:b", "C:stuff"):
        assert own_code.split(text) is None


def test_a_file_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text("WIDTH = 3\n")
    (tmp_path / "mine.py").write_text("from beside_it import WIDTH\n")
    before = list(sys.path)
    assert own_code.named(own_code.load(tmp_path / "mine.py"), "WIDTH") == 3
    assert sys.path == before
    sys.modules.pop("beside_it")


@pytest.mark.parametrize(("text", "said"), [("def f(:\n", "SyntaxError"), ("1/0\n", "ZeroDivisionError"),
                                            ("raise SystemExit(3)\n", "SystemExit"), ("import no_such\n", "no_such")])
def test_files_that_fail_are_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(InputError, match=said):
        own_code.load(tmp_path / "mine.py")


def test_a_file_or_a_name_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a Python file"):
        own_code.load(tmp_path / "none.py")
    (tmp_path / "mine.py").write_text("class Network: pass\n")
    with pytest.raises(UnknownName, match="did you mean 'Network'"):
        own_code.named(own_code.load(tmp_path / "mine.py"), "Netwerk")


def test_models_are_made_of_the_sizes_that_they_ask_for() -> None:
    def build(horizon: int, lookback: int, width: int = 4) -> nn.Module:
        return nn.Linear(lookback, horizon)

    sizes = {"lookback": 5, "horizon": 2, "channels": 3}
    made = own_code.make_model(build, sizes)
    assert isinstance(made, nn.Linear)
    assert (made.in_features, made.out_features) == (5, 2)
    assert own_code.make_model(made, sizes) is made
    assert isinstance(own_code.make_model(nn.Identity, sizes), nn.Identity)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(InputError, match=r"a torch\.nn\.Module"):
        own_code.make_model(3, {})
    with pytest.raises(InputError, match=r"a torch\.nn\.Module"):
        own_code.make_model(lambda: 3, {})
    with pytest.raises(InputError, match="it raises TypeError"):
        own_code.make_model(nn.Linear, {"lookback": 3})


def test_dataclasses_of_a_file_know_their_module_and_nothing_stays_behind(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from __future__ import annotations\nfrom dataclasses import dataclass\n"
                                      "@dataclass\nclass Settings:\n    limit: int = 7\n")
    before = set(sys.modules)
    assert own_code.named(own_code.load(tmp_path / "mine.py"), "Settings")().limit == 7
    assert "_own_mine" not in set(sys.modules) - before
    (tmp_path / "text.txt").write_text("x = 1\n")
    with pytest.raises(InputError, match=r"ends in \.py"):
        own_code.load(tmp_path / "text.txt")


def test_a_class_cannot_end_the_command_while_it_is_made() -> None:
    def build() -> nn.Module:
        raise SystemExit(0)

    with pytest.raises(InputError, match="it raises SystemExit"):
        own_code.make_model(build, {})
