"""Windows of a series: what is known, what is to be forecast, and the calendar of both."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.series.borders import Borders
from genloom.data.series.calendar import marks as calendar_marks
from genloom.data.series.scaler import Scaler
from genloom.data.series.series import Series
from genloom.errors import InputError
from genloom.training.method import Batch


class Windows:
    """All windows whose forecast rows lie in [start, stop); their lookback may begin before `start`. A training source.

    Window i is forecast from row o = max(start, lookback) + i on:

        x = values[o − lookback : o]  (L, C)        y = values[o : o + horizon]  (H, C)

    and there are stop − max(start, lookback) − horizon + 1 of them. A batch has x (B, L, C), y (B, H, C),
    x_marks (B, L, M) and y_marks (B, H, M).

    values   (N, C) float32, scaled
    marks    (N, M) float32

    Errors: `InputError` for shapes that do not fit, or where not one window fits.
    """

    def __init__(self, values: Tensor, marks: Tensor, start: int, stop: int, lookback: int, horizon: int) -> None:
        if values.ndim != 2 or marks.ndim != 2 or len(values) != len(marks):
            raise InputError("values, marks", (tuple(values.shape), tuple(marks.shape)), "of shapes (N, C) and (N, M)")
        if lookback < 1 or horizon < 1:
            raise InputError("lookback, horizon", (lookback, horizon), "at least 1 each")
        if not 0 <= start < stop <= len(values):
            raise InputError("start, stop", (start, stop), f"in order and inside 0 … {len(values)}")
        self.values, self.marks = values.contiguous(), marks.contiguous()
        self.start, self.stop, self.lookback, self.horizon = start, stop, lookback, horizon
        self.first = max(start, lookback)
        self._length = stop - self.first - horizon + 1
        if self._length < 1:
            raise InputError("lookback, horizon", (lookback, horizon), f"small enough for one window of rows {start} … "
                             f"{stop}", f"{horizon + self.first - start:,} rows are needed")

    def __len__(self) -> int:
        return self._length

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return self.values.shape[1]

    def origin(self, index: int) -> int:
        """Row of the first forecast value of a window."""
        return self.first + range(self._length)[index]

    def batch(self, indices: Tensor) -> Batch:
        """The windows of these indices, shape (B,)."""
        rows = indices.to(self.values.device)
        back, forth = self.first - self.lookback, self.first
        return {"x": self._rows(self.values, back, self.lookback, rows),
                "y": self._rows(self.values, forth, self.horizon, rows),
                "x_marks": self._rows(self.marks, back, self.lookback, rows),
                "y_marks": self._rows(self.marks, forth, self.horizon, rows)}

    def batches(self, size: int) -> Iterator[Batch]:
        """All windows in their order, `size` at a time; the last batch has what is left.

        Errors: `InputError` for a size below 1.
        """
        if size < 1:
            raise InputError("size", size, "at least 1")
        for start in range(0, self._length, size):
            yield self.batch(torch.arange(start, min(start + size, self._length)))

    def _rows(self, table: Tensor, first: int, length: int, indices: Tensor) -> Tensor:
        width = table.shape[1]
        # a view of all windows, which overlap; only those asked for are copied
        start = table.storage_offset() + first * width
        return table.as_strided((self._length, length, width), (width, width, 1), start).index_select(0, indices)


class Parts(NamedTuple):
    """The windows of training, validation and test, and the scaler that was fitted to the training rows."""

    train: Windows
    valid: Windows
    test: Windows
    scaler: Scaler


def parts(series: Series, borders: Borders, lookback: int, horizon: int) -> Parts:
    """Scaled windows of a series, by mean and deviation of its training rows alone."""
    scaler = Scaler.fit(series.values[borders.train])
    values = torch.from_numpy(scaler.apply(series.values)).float()
    marks = calendar_marks(series.times, series.step)
    train, valid, test = (Windows(values, marks, part.start, part.stop, lookback, horizon) for part in borders)
    return Parts(train, valid, test, scaler)
