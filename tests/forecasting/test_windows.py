import numpy as np
import pytest
import torch

from genloom.data.series.borders import Borders, borders
from genloom.data.series.simulator import simulate
from genloom.errors import InputError
from genloom.forecasting.windows import Windows, parts

VALUES = torch.arange(60.0).reshape(20, 3)
MARKS = -torch.arange(40.0).reshape(20, 2)


def test_each_window_is_the_slice_of_its_rows() -> None:
    windows = Windows(VALUES, MARKS, 6, 17, lookback=4, horizon=3)
    assert len(windows) == 17 - 6 - 3 + 1
    batch = windows.batch(torch.tensor([8, 0, 3]))
    for place, index in enumerate((8, 0, 3)):
        origin = 6 + index
        assert windows.origin(index) == origin
        torch.testing.assert_close(batch["x"][place], VALUES[origin - 4 : origin])
        torch.testing.assert_close(batch["y"][place], VALUES[origin : origin + 3])
        torch.testing.assert_close(batch["x_marks"][place], MARKS[origin - 4 : origin])
        torch.testing.assert_close(batch["y_marks"][place], MARKS[origin : origin + 3])


def test_the_first_part_begins_after_one_lookback() -> None:
    windows = Windows(VALUES, MARKS, 0, 20, lookback=5, horizon=2)
    assert len(windows) == 14
    assert windows.origin(0) == 5
    assert windows.origin(-1) == 18
    torch.testing.assert_close(windows.batch(torch.tensor([13]))["y"][0], VALUES[18:20])


@pytest.mark.parametrize("size", [1, 4, 7, 14, 100])
def test_batches_hold_all_windows_once_and_none_is_dropped(size: int) -> None:
    windows = Windows(VALUES, MARKS, 0, 20, lookback=5, horizon=2)
    whole = windows.batch(torch.arange(14))
    for name in whole:
        torch.testing.assert_close(torch.cat([batch[name] for batch in windows.batches(size)]), whole[name])


def test_what_is_forecast_lies_in_its_part_alone() -> None:
    series = simulate(600)
    train, valid, test, _ = parts(series, borders(series, "ratio", lookback=24, horizon=12), 24, 12)
    rows = [{windows.origin(index) + step for index in range(len(windows)) for step in range(12)}
            for windows in (train, valid, test)]
    assert sum(map(len, rows)) == len(set.union(*rows))
    assert set.union(*rows) == set(range(24, 600))


def test_the_scaler_knows_the_training_rows_alone() -> None:
    series = simulate(600)
    limits = borders(series, "ratio", lookback=24, horizon=12)
    series.values[limits.train.stop :] += 1000.0
    made = parts(series, limits, 24, 12)
    np.testing.assert_allclose(made.scaler.mean, series.values[: limits.train.stop].mean(axis=0))
    torch.testing.assert_close(made.train.values[: limits.train.stop].mean(dim=0), torch.zeros(7), atol=1e-5, rtol=0)


def test_marks_may_have_no_columns_and_values_may_be_a_view() -> None:
    windows = Windows(VALUES[2:, 1:], MARKS[2:, :0], 0, 18, lookback=4, horizon=2)
    batch = windows.batch(torch.tensor([1]))
    torch.testing.assert_close(batch["x"][0], VALUES[3:7, 1:])
    assert batch["y_marks"].shape == (1, 2, 0)
    assert windows.channels == 2


def test_an_index_outside_is_an_error() -> None:
    windows = Windows(VALUES, MARKS, 6, 17, lookback=4, horizon=3)
    for index in (9, -1):
        with pytest.raises((IndexError, RuntimeError)):
            windows.batch(torch.tensor([index]))
    with pytest.raises(IndexError):
        windows.origin(9)


@pytest.mark.parametrize(("asked", "told"), [
    ((VALUES[0], MARKS, 0, 20, 4, 3), "shapes"), ((VALUES, MARKS[1:], 0, 20, 4, 3), "shapes"),
    ((VALUES, MARKS, 0, 20, 0, 3), "at least 1 each"), ((VALUES, MARKS, 0, 21, 4, 3), "inside 0 … 20"),
    ((VALUES, MARKS, 5, 5, 4, 3), "in order"), ((VALUES, MARKS, 0, 20, 10, 11), "21 rows are needed"),
    ((VALUES, MARKS, 15, 20, 10, 6), "6 rows are needed"),
])
def test_what_does_not_fit_is_told(asked: tuple[torch.Tensor, torch.Tensor, int, int, int, int], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Windows(*asked)


def test_a_batch_of_no_rows_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        next(Windows(VALUES, MARKS, 0, 20, 4, 3).batches(0))


def test_the_windows_of_the_standard_split_are_counted() -> None:
    values, marks = torch.zeros(14_400, 1), torch.zeros(14_400, 1)
    limits = Borders(slice(0, 8640), slice(8640, 11_520), slice(11_520, 14_400))
    counts = tuple(len(Windows(values, marks, part.start, part.stop, 96, 720)) for part in limits)
    assert counts == limits.windows(96, 720) == (7825, 2161, 2161)
