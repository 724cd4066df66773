"""Standardised values: each channel by its own mean and standard deviation, those of the training rows alone."""

import json
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genloom.errors import DataError, InputError

Values = TypeVar("Values", NDArray[np.float64], Tensor)
"""A numpy array or a tensor; what goes in comes out, in float64."""

LARGEST = 1e30
"""Size of a value beyond which a series is not read: networks compute in float32, which ends at 3e38."""


@dataclass(frozen=True, eq=False)
class Scaler:
    """z = (x − mean) / std for each channel; a channel that is constant is only centred (its std counts as 1).

    mean, std   (C,) float64; std is the root of the mean squared deviation, over N and not N − 1
    constant    columns whose training values are all equal
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    constant: tuple[int, ...] = ()

    @classmethod
    def fit(cls, values: NDArray[np.float64]) -> "Scaler":
        """Mean and deviation of training values (N, C).

        Errors: `DataError` for values of another shape, none, some that are not finite, or a size or a deviation that
        float32 has no squares of.
        """
        sample = np.asarray(values, dtype=np.float64)
        if sample.ndim != 2 or len(sample) == 0 or not np.isfinite(sample).all():
            raise DataError(f"a scaler is fitted to finite values (N, C) with N ≥ 1; these have shape {sample.shape}")
        if np.abs(sample).max() > LARGEST:
            raise DataError(f"values of a series must be at most {LARGEST:g} in size; express them in a larger unit")
        constant = (sample == sample[0]).all(axis=0)
        mean = np.where(constant, sample[0], sample.mean(axis=0))
        std = np.where(constant, 1.0, sample.std(axis=0))
        if std.min() < 1 / LARGEST:
            raise DataError(f"channel {int(std.argmin()) + 1} changes by less than {1 / LARGEST:g} in training, and is "
                            "not constant; express it in a smaller unit")
        return cls(mean, std, tuple(np.flatnonzero(constant).tolist()))

    def apply(self, values: Values, axis: int = -1) -> Values:
        """Scaled values; channels lie along `axis`."""
        mean, std = self._along(values, axis)
        return (_double(values) - mean) / std

    def invert(self, values: Values, axis: int = -1) -> Values:
        """Values in the original unit; channels lie along `axis`."""
        mean, std = self._along(values, axis)
        return _double(values) * std + mean

    def apart(self, mean: NDArray[np.float64], std: NDArray[np.float64]) -> float:
        """How far other statistics (C,), which were kept in float32, are from these: the most, in deviations.

        What float32 may have rounded of a mean does not count: it is much for a channel whose mean is many deviations.
        """
        rounding = np.finfo(np.float32).eps * np.abs(self.mean)
        moved = np.maximum(np.abs(mean - self.mean) - rounding, 0.0)
        return float((np.maximum(moved, np.abs(std - self.std)) / self.std).max())

    def to_json(self) -> str:
        """The numbers, written so that `from_json` reads the same ones."""
        return json.dumps({"mean": self.mean.tolist(), "std": self.std.tolist(), "constant": list(self.constant)})

    @classmethod
    def from_json(cls, text: str) -> "Scaler":
        """The scaler that `to_json` wrote.

        Errors: `DataError` for anything else.
        """
        try:
            told = json.loads(text)
            mean, std = (np.array(told[name], dtype=np.float64) for name in ("mean", "std"))
            constant = tuple(int(column) for column in told["constant"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"not a scaler: {error}") from error
        if mean.ndim != 1 or mean.shape != std.shape or not np.isfinite(mean).all() or not (std > 0).all():
            raise DataError("not a scaler: mean and std must be lists of one length, finite, and std above 0")
        return cls(mean, std, constant)

    def _along(self, values: Values, axis: int) -> tuple[Values, Values]:
        if not -values.ndim <= axis < values.ndim or values.shape[axis] != len(self.mean):
            raise InputError("values", tuple(values.shape), f"with {len(self.mean)} channels along axis {axis}")
        shape = [1] * values.ndim
        shape[axis] = -1
        mean, std = self.mean.reshape(shape), self.std.reshape(shape)
        if isinstance(values, Tensor):
            return torch.from_numpy(mean).to(values.device), torch.from_numpy(std).to(values.device)
        return mean, std


def _double(values: Values) -> Values:
    return values.double() if isinstance(values, Tensor) else np.asarray(values, dtype=np.float64)
