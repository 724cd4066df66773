from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genloom.autoregressive.characters import Characters
from genloom.autoregressive.token_file import TokenFile, from_sequences
from genloom.autoregressive.windows import LEFT_OUT, FixedWindows, Windows
from genloom.errors import DataError, InputError

LENGTHS = st.lists(st.integers(0, 23), min_size=1, max_size=6)


def tokens(*lengths: int) -> TokenFile:
    """Stretches that count on: every token is another one."""
    places = np.cumsum([0, *lengths])
    return from_sequences([range(a, b) for a, b in pairwise(places)], Characters(
        "".join(chr(0x4E00 + k) for k in range(200))))


def test_an_example_is_a_window_and_the_same_one_token_later() -> None:
    source = Windows(tokens(10), 4)
    batch = source.batch(torch.tensor([5, 0]))
    assert len(source) == 6
    assert batch["x"].tolist() == [[5, 6, 7, 8], [0, 1, 2, 3]]
    assert batch["y"].tolist() == [[6, 7, 8, 9], [1, 2, 3, 4]]
    assert batch["x"].dtype == batch["y"].dtype == torch.int64
    assert batch["x"].is_contiguous()
    assert batch["y"].is_contiguous()


@given(LENGTHS, st.integers(1, 6), st.integers(1, 8))
def test_no_window_reaches_over_an_end_and_all_that_can_be_learned_is(lengths: list[int], context: int,
                                                                     stride: int) -> None:
    file = tokens(*lengths)
    if max(lengths) <= context:
        with pytest.raises(DataError, match=f"longest stretch of training text has {max(lengths)} tokens"):
            Windows(file, context, stride)
        return
    source = Windows(file, context, stride)
    batch = source.batch(torch.arange(len(source)))
    both = torch.cat((batch["x"], batch["y"][:, -1:]), 1)
    assert torch.equal(both, both[:, :1] + torch.arange(context + 1))  # counts on, so it crosses no end: ends …
    inside = [set(range(start, stop)) for start, stop in file.spans]
    assert all(any(set(row) <= span for span in inside) for row in both.tolist())  # … as this shows in full
    targets = {target for row in batch["y"].tolist() for target in row}
    if stride <= context:
        assert targets == {t for a, b in file.spans if b - a > context for t in range(a + 1, b)}
    assert source.left_out == sum(length for length in lengths if length <= context)
    firsts = both[:, 0].tolist()
    assert len(set(firsts)) == len(firsts)


def test_side_by_side_each_token_is_a_target_about_once() -> None:
    assert Windows(tokens(65), 8, 8).batch(torch.arange(8))["y"].flatten().tolist() == list(range(1, 65))
    assert len(Windows(tokens(65), 8, 8)) == 8
    assert len(Windows(tokens(66), 8, 8)) == 9


@given(LENGTHS, st.integers(1, 6), st.integers(0, 6), st.integers(1, 5))
def test_every_held_out_token_but_the_first_counts_exactly_once(lengths: list[int], context: int, stride: int,
                                                                batch: int) -> None:
    file, stride = tokens(*lengths), min(stride, context)
    if max(lengths) < 2:
        with pytest.raises(DataError, match="no token that could be predicted"):
            FixedWindows(file, context, stride, batch)
        return
    windows = FixedWindows(file, context, stride, batch)
    counted = list[int]()
    for x, y, count in windows:
        assert x.shape == y.shape == count.shape
        assert x.shape[1] == context
        assert len(x) <= batch
        real = y != LEFT_OUT
        assert bool((real | ~count).all())
        assert torch.equal(y[real], x[real] + 1)  # the text counts on
        counted += y[count].tolist()
    assert sorted(counted) == [t for a, b in file.spans for t in range(a + 1, b)]
    assert windows.tokens == len(counted)
    sizes = [1 if t < 256 else 3 for t in counted]
    assert windows.bytes == sum(sizes)
    assert sum(len(x) for x, _, _ in windows) == sum(len(x) for x, _, _ in windows)  # it can be gone through again


@pytest.mark.parametrize("stride", [1, 3, 8])
def test_a_token_is_predicted_from_as_many_before_it_as_was_said(stride: int) -> None:
    context, least = 8, []
    for _, y, count in FixedWindows(tokens(50), context, stride):
        for row, mask in zip(y.tolist(), count.tolist(), strict=True):
            least += [min(place + 1, row[place]) for place in range(context) if mask[place] and row[place] > context]
    assert min(least) == context - stride + 1


def test_every_window_of_a_long_stretch_is_full() -> None:
    for _, y, _ in FixedWindows(tokens(50), 8, 3):
        assert bool((y != LEFT_OUT).all())


@pytest.mark.parametrize(("arguments", "name"), [((0, 1), "context"), ((4, 0), "stride")])
def test_windows_need_a_context_and_a_stride(arguments: tuple[int, int], name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} = 0: must be at least 1"):
        Windows(tokens(20), *arguments)


@pytest.mark.parametrize("stride", [-1, 5])
def test_fixed_windows_must_not_leave_gaps(stride: int) -> None:
    with pytest.raises(InputError, match=r"^stride = .*must be of 1 to the context 4"):
        FixedWindows(tokens(20), 4, stride)
