"""S0.1: right attentions pass and wrong ones are named."""

from genloom.forecasting.attention.check import check
from genloom.studies.forecasting.attention import MISTAKES, attention, ours, torchs


def test_the_item_is_whole_and_everything_agrees(tiny, check) -> None:
    answer = check(attention, tiny, formula=True)
    assert {result.status for result in answer.results} == {"pass"}


def test_right_ones_are_right_and_each_mistake_is_found() -> None:
    assert check(ours).right
    assert check(torchs).right
    for what, function in MISTAKES.items():
        assert not check(function).right, what
