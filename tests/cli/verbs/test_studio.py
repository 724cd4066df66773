"""`genloom studio` is planned."""

import pytest

from genloom.cli.verbs import studio
from genloom.errors import NotHere


def test_it_says_so_and_what_to_do_instead() -> None:
    with pytest.raises(NotHere, match="not there yet; `genloom sample RUN`"):
        studio.run([])
