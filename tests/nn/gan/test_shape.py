"""A shape of a pair refuses what cannot be, in words that name the flag."""

from typing import Any

import pytest

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape


@pytest.mark.parametrize("wrong", [{"size": 3}, {"channels": 0}, {"latent": 0}, {"width": 0}, {"labels": -1},
                                   {"read": -1}])
def test_sizes_that_cannot_be_are_refused_by_name(wrong: dict[str, Any]) -> None:
    (name, value), = wrong.items()
    with pytest.raises(InputError, match=rf"network\.{name} = {value}: must be at least \d"):
        GanShape(**wrong)


@pytest.mark.parametrize("wrong", [{"told": "concatenate"}, {"told": "norm"}, {"judging": "planes"},
                                   {"judging": "projection+auxiliary"}])
def test_conditions_need_data_with_classes(wrong: dict[str, Any]) -> None:
    (name, value), = wrong.items()
    with pytest.raises(InputError, match=rf"network\.{name} = '{value}'.*none for data without classes"
                       .replace("+", r"\+")):
        GanShape(**wrong)
    assert getattr(GanShape(labels=2, **wrong), name) == value


def test_classes_need_no_condition() -> None:
    assert GanShape(labels=10).told == GanShape(labels=10).judging == "none"


@pytest.mark.parametrize(("size", "doublings"), [(4, 0), (8, 1), (16, 2), (32, 3), (64, 4), (256, 6)])
def test_doublings_from_four_pixels(size: int, doublings: int) -> None:
    assert GanShape(size=size).doublings == doublings
    assert 4 * 2**doublings == size


@pytest.mark.parametrize("size", [5, 6, 12, 28, 48, 63])
def test_a_size_that_is_not_reached_by_doubling_is_refused(size: int) -> None:
    with pytest.raises(InputError, match=rf"data\.size = {size}: .*; pass --data\.size 32"):
        _ = GanShape(size=size).doublings


def test_what_a_pair_has_no_place_for_is_named() -> None:
    shape = GanShape(attention=(16,), width=32)
    shape.without("mlp", width=32)
    with pytest.raises(InputError, match=r"network\.attention = \(16,\): must be \(\) for the pair 'mlp'"):
        shape.without("mlp", width=32, attention=())
    with pytest.raises(InputError, match=r"network\.width = 32: must be 64 for the pair 'mlp'"):
        shape.without("mlp", width=GanShape.width)


def test_a_generator_without_norms_cannot_be_told_through_them() -> None:
    with pytest.raises(InputError, match=r"network\.told = 'norm'.*'mlp' has no norms; pass --network.told concat"):
        GanShape(labels=2, told="norm").plainly_told("mlp")
    GanShape(labels=2, told="multiply").plainly_told("mlp")
