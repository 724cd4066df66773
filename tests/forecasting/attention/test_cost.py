"""Seconds and memory: what is counted, how it grows, and where lines cross."""

import math

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.attention import cost
from genloom.forecasting.attention.cost import Cost, Work, costs, crossing, growth, measure, peak_bytes

TINY = Work(heads=1, size=4, repeats=1)


def test_memory_is_that_of_the_tensors_that_live_at_a_time() -> None:
    def two_at_a_time() -> None:
        x = torch.ones(1000)
        for _ in range(5):
            x = x + 1

    def three_kept() -> object:
        x = torch.ones(1000, requires_grad=True)
        y = x.exp()
        return torch.autograd.grad((y * y).sum(), x)

    assert peak_bytes(two_at_a_time) == 8000
    assert peak_bytes(lambda: torch.ones(1000).view(10, 100).T) == 4000
    assert 12000 <= peak_bytes(three_kept) <= 25000


def test_what_was_there_before_is_not_counted() -> None:
    x = torch.ones(1000)
    assert peak_bytes(lambda: x.add_(1)) == 0


@pytest.mark.parametrize(("kind", "power"), [("materialised", 2.0), ("full", 1.0), ("strided", 1.5), ("logsparse", 1.1),
                                             ("performer", 1.0), ("linear", 1.0), ("local", 1.5)])
@pytest.mark.parametrize("backward", [False, True])
def test_memory_grows_as_each_kind_promises(kind: str, power: float, backward: bool) -> None:
    lengths = [128, 256, 512]
    work = Work(heads=1, size=4, repeats=1, backward=backward)
    assert growth(lengths, [measure(kind, n, work).bytes for n in lengths]) == pytest.approx(power, abs=0.25)


def test_time_is_measured_and_gradients_cost_more_memory() -> None:
    forward = measure("full", 64, Work(heads=1, size=4, repeats=2, backward=False))
    both = measure("full", 64, TINY)
    assert 0 < forward.seconds < 10
    assert both.bytes > forward.bytes


def test_every_kind_and_length_is_measured_and_told() -> None:
    told: list[Cost] = []
    found = costs(lengths=(16, 8), work=TINY, tell=told.append)
    assert [(one.kind, one.length) for one in found] == [(kind, n) for kind in cost.COMPARED for n in (8, 16)]
    assert sorted(told, key=str) == sorted(found, key=str)


def test_what_would_not_fit_is_left_out() -> None:
    found = costs(("materialised", "linear"), (64, 128, 256, 512), TINY, most_bytes=2e6)
    assert [one.length for one in found if one.kind == "materialised"] == [64, 128, 256]
    assert [one.length for one in found if one.kind == "linear"] == [64, 128, 256, 512]


def test_lines_cross_where_they_are_equal() -> None:
    lengths = [100, 200, 400, 800]
    quadratic, linear = [n * n / 1e4 for n in lengths], [n / 30 for n in lengths]
    assert crossing(lengths, linear, quadratic) == pytest.approx(1e4 / 30)
    assert crossing(lengths, linear, [0.1] * 4) == math.inf
    assert crossing(lengths, [1, 1, 1, 1], [2, 2, 2, 2]) == 100
    # cheaper once, dearer again, and cheaper in the end: the last crossing counts
    assert crossing(lengths, [1, 3, 3, 1], [2, 2, 2, 2]) > 400


@pytest.mark.parametrize("lengths", [[], [2, 1], [1, 1], [0, 1]])
def test_lengths_that_do_not_rise_are_refused(lengths: list[int]) -> None:
    with pytest.raises(InputError, match="lengths"):
        crossing(lengths, [1.0] * len(lengths), [1.0] * len(lengths))


def test_work_needs_positive_sizes() -> None:
    with pytest.raises(InputError, match="repeats"):
        Work(repeats=0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_memory_of_an_accelerator() -> None:
    assert measure("materialised", 256, Work(heads=1, size=8, device="cuda")).bytes >= 256 * 256 * 4
