"""What every test may rely on, whichever ran before it in the same process."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shipped_small import Shipping

sys.path.insert(0, str(Path(__file__).parent))  # makes `shipped_small` importable


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests on real files need the folder that holds them."""
    if item.get_closest_marker("real_data") and not os.environ.get("GENLOOM_DATA"):
        pytest.skip("needs the real files of $GENLOOM_DATA")


@pytest.fixture(autouse=True)
def denormal_numbers() -> Iterator[None]:
    """Denormal numbers, which a training in this process flushes to zero (`machine.prepare`)."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> "dict[str, Shipping]":
    """Small models of drawn scenes by their family, trained once and shipped into a folder of their own."""
    from shipped_small import shipping

    return shipping(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="session")
def pipeline_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random text-to-image pipeline of the real classes, as a folder."""
    from pipeline_small import save

    return save(tmp_path_factory.mktemp("pipeline"))


@pytest.fixture
def known_names(shipped: "dict[str, Shipping]", monkeypatch: pytest.MonkeyPatch) -> "dict[str, Shipping]":
    """The same, which are what comes with genloom for the length of a test."""
    from genloom.recipes import pretrained

    monkeypatch.setattr(pretrained, "roots", lambda: [shipped["images"].place.parent])
    return shipped
