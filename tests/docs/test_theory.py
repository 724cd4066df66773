"""Every function and every test that the theory page names exists."""

import re
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "theory.md").read_text("utf-8")


def test_every_function_is_there() -> None:
    named = set(re.findall(r"`(diffusion\.[\w.]+)`", TEXT))
    assert len(named) > 20
    for name in named:
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(f"genloom.{module}"), attribute), name


def test_every_test_is_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT))
    assert len(named) > 20
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text("utf-8"), (file, name)
