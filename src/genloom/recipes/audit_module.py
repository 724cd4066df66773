"""Windows and data preparation for the audit of a module of the reader's own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genloom.data.series.borders import Borders
from genloom.data.series.calendar import marks
from genloom.data.series.scaler import Scaler
from genloom.data.series.series import Series
from genloom.errors import InputError
from genloom.forecasting.audit.preparation import Preparation
from genloom.forecasting.windows import Windows

Prepare = Callable[[NDArray[np.float64], int], Any]
"""(values (N, C), training rows) → prepared values (N, C), an array or a tensor."""


def prepared(series: Series, split: Borders, lookback: int, horizon: int,
             own: Prepare | None = None) -> tuple[Preparation, Windows]:
    """How the series is prepared, by a function of the reader's own or our scaler, and the windows of the test.

    Errors: `InputError` where that function raises something, or returns other shapes or what is not finite.
    """
    def prepare(values: Tensor) -> Tensor:
        return torch.from_numpy(_called(own or _scaled, values.numpy(), split.train.stop))

    data = Preparation(prepare, torch.from_numpy(series.values), split.train.stop, split.test.start, lookback)
    values = data.plain().float()
    return data, Windows(values, marks(series.times, series.step), split.test.start, split.test.stop, lookback, horizon)


def _scaled(values: NDArray[np.float64], train: int) -> NDArray[np.float64]:
    return Scaler.fit(values[:train]).apply(values)


def _called(prepare: Prepare, values: NDArray[np.float64], train: int) -> NDArray[np.float64]:
    name = getattr(prepare, "__name__", "prepare")
    try:
        found = np.array(prepare(values.copy(), train), dtype=np.float64)
    except (Exception, SystemExit) as error:  # the reader's own code may raise anything
        raise InputError("--prepare", name, "a function of values (N, C) and the number of training rows",
                         f"it raises {type(error).__name__}: {' '.join(str(error).split())[:200]}") from error
    if not np.isfinite(found).all():
        raise InputError("--prepare", name, "such that all prepared values are finite")
    return found
