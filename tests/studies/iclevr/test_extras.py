"""S1.23 as an item of the report."""

import pytest

from genloom.studies.iclevr.ablation import row, variants
from genloom.studies.iclevr.extras import _difference, _name, _told, ablations


def test_the_item_is_whole_and_has_every_variant(tiny, check) -> None:
    answer = check(ablations, tiny)
    assert len(answer.tables[0].rows) == len(variants(tiny)) + 1
    assert len(answer.tables[1].rows) == 3


def test_tokens_are_compared_with_the_sum_whatever_the_recipe_has(tiny) -> None:
    own, other = row(tiny, "own"), row(tiny, "told-labels")
    (found,) = _difference([own, other])
    assert found.value == pytest.approx(own.judged.micro.value - other.judged.micro.value)
    assert _difference([other, own])[0].value == found.value
    assert _difference([own]) == _told([own]) == (), "the other training broke off"
    assert found.interval[0] < found.value < found.interval[1]
    assert _name(other) == "conditioning: the sum of the labels alone"
