"""Rules of evaluation: counted windows, the best epoch, used masks."""

import math
from collections.abc import Iterator

import pytest
import torch
import zoo
from test_probe import batch

from genloom.forecasting.attending import Attending
from genloom.forecasting.audit.probe import Probe
from genloom.forecasting.audit.protocol import History, best, counted, masked
from genloom.forecasting.masks import make_mask
from genloom.forecasting.windows import Windows
from genloom.training.method import Batch


def windows(count: int) -> Windows:
    rows = count + zoo.L + zoo.H - 1
    return Windows(torch.zeros(rows, zoo.C), torch.zeros(rows, zoo.M), 0, rows, zoo.L, zoo.H)


@pytest.mark.parametrize("count", [50, 77, 64])
def test_all_windows_are_counted_and_dropped_ones_are_missed(count: int) -> None:
    source = windows(count)

    def dropping(size: int) -> Iterator[Batch]:
        return (each for each in source.batches(size) if len(each["x"]) == size)

    assert counted(len(source), source.batches).verdict == "pass"
    found = counted(len(source), dropping)
    assert found.verdict == "fail"
    assert found.number == count - sum(len(each["x"]) for each in dropping(13 if count == 77 else 7))


@pytest.mark.parametrize(("values", "chosen", "patience", "verdict"), [
    ((0.5, 0.4, 0.6), 2, 0, "pass"), ((0.5, 0.4, 0.6), 3, 0, "fail"), ((0.5, math.nan, 0.6), 1, 0, "pass"),
    ((0.5, math.nan, 0.4), 2, 0, "fail"), ((math.nan, math.nan), None, 0, "pass"), ((math.nan, 0.3), None, 0, "fail"),
    ((math.nan,), 1, 0, "fail"), ((0.5, -math.inf, 0.4), 3, 0, "pass"), ((), None, 0, "not asked"),
    ((0.5, 0.6, 0.7), 1, 2, "pass"), ((0.5, 0.6, 0.7, 0.8), 1, 2, "fail"), ((0.5, 0.6, 0.4, 0.8), 3, 2, "pass"),
    ((math.nan, math.nan, 0.4), 3, 2, "fail")])
def test_the_best_epoch(values: tuple[float, ...], chosen: int | None, patience: int, verdict: str) -> None:
    steps = range(1, len(values) + 1)
    assert best(History(steps, values, chosen, patience)).verdict == verdict


@pytest.mark.parametrize("name", ["causal", "shuffled"])
def test_masks_of_our_own_hide_what_they_say(name: str) -> None:
    torch.manual_seed(0)
    attending = Attending(seen=make_mask(name, zoo.H, zoo.H, seed=1))
    found = masked(Probe(zoo.Taught(zoo.WithAttending(attending)), batch()))
    assert (found.verdict, found.number) == ("pass", 0.0)


def test_a_deaf_attention_is_named() -> None:
    torch.manual_seed(0)
    found = masked(Probe(zoo.Taught(zoo.WithAttending(zoo.Deaf(causal=True))), batch()))
    assert found.verdict == "fail"
    assert "mix.attending lets through" in found.said


def test_without_a_mask_nothing_is_asked() -> None:
    assert masked(Probe(zoo.Linear(), batch())).verdict == "not asked"
    assert masked(Probe(zoo.Taught(zoo.WithAttending(Attending())), batch())).verdict == "not asked"


def test_a_mask_of_another_shape_is_unclear() -> None:
    class Wants(zoo.Masked):
        def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
            if mask is not None and mask.ndim != 4:
                raise ValueError("a mask (B, heads, L, L)")
            return super().forward(x, mask)

    torch.manual_seed(0)
    found = masked(Probe(Wants(used=True), batch()))
    assert found.verdict == "unclear"
    assert "(B, heads, L, L)" in found.said
