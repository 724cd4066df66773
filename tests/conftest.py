"""What every test may rely on, whichever ran before it in the same process."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def denormal_numbers() -> Iterator[None]:
    """Denormal numbers, which a training in this process flushes to zero (`machine.prepare`)."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)
