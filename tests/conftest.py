"""What every test may rely on, whichever ran before it in the same process."""

import os
import sys
from collections.abc import Iterator

import pytest


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
