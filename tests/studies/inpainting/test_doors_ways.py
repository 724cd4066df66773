"""Every way on doors, from the exact mean to a diffusion model that is asked in many ways."""

import pytest

from genloom.studies.inpainting.doors_ways import EXACT, compare
from genloom.studies.inpainting.work import rooms


def test_the_exact_answers_come_first_and_have_the_known_ratios(tiny) -> None:
    there = rooms(tiny)
    ways = compare(there, 0, count=200)
    assert tuple(way.name for way in ways[:2]) == EXACT
    assert ways[0].ratio == 1
    assert ways[1].ratio == pytest.approx(2, abs=0.4)
    assert len(ways) == 9
    for way in ways:
        known = (there.here.mask == 1).expand(200, -1, -1, -1)
        assert (way.completed[known] == there.truth[:200][known]).all()
