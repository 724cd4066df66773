"""The names of benchmarks."""

import pytest

from genloom.benchmarks.registry import BENCHMARKS, benchmark
from genloom.errors import UnknownName
from genloom.recipes.registry import resolve


def test_every_name_has_its_function() -> None:
    assert all(callable(resolve(entry.function)) for entry in BENCHMARKS.values())


def test_a_typo_gets_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'points'"):
        benchmark("point")
