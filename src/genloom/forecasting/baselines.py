"""Forecasts that need no training by steps; a model that does not beat them has learnt nothing."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.forecasting.ridge import fit_ridge
from genloom.forecasting.windows import Parts

Forecast = Callable[[Tensor], Tensor]
"""The values of a lookback (B, L, C) in; those of the horizon (B, H, C) out."""

class Baseline(NamedTuple):
    """A forecast with its name and one line on what it does."""

    name: str
    summary: str
    forecast: Forecast


def repeat_last(x: Tensor, horizon: int) -> Tensor:
    """ŷ_h = x_L: the last value, (B, H, C). The best forecast of a random walk."""
    return x[:, -1:].expand(-1, horizon, -1)


def window_mean(x: Tensor, horizon: int) -> Tensor:
    """ŷ_h = (1/L) Σ x_l, (B, H, C)."""
    return x.mean(dim=1, keepdim=True).expand(-1, horizon, -1)


def seasonal_mean(x: Tensor, horizon: int, period: int, seasons: int = 1) -> Tensor:
    """ŷ_h = the mean of the last `seasons` values at the same place in the period, (B, H, C).

        ŷ_h = (1/k) Σ_{j=1…k} x_{L + h − p (⌈h/p⌉ − 1 + j)}

    One season is the seasonal naive forecast: with hourly rows and p = 24, the last day is repeated.

    Errors: `InputError` unless 1 ≤ period · seasons ≤ L.
    """
    lookback = x.shape[1]
    if period < 1 or seasons < 1 or period * seasons > lookback:
        raise InputError("period, seasons", (period, seasons), f"at least 1 each, and period · seasons ≤ {lookback}",
                         "take a longer lookback")
    last = x[:, lookback - period * seasons :]
    profile = last.reshape(len(x), seasons, period, -1).mean(dim=1)
    return profile[:, torch.arange(horizon, device=x.device) % period]


def baselines(parts: Parts, period: int, *, ridge: bool = True) -> tuple[Baseline, ...]:
    """All forecasts that a lookback has room for, in scaled values, from the simplest to the strongest.

    period   rows of a season, such as `calendar.season(step)`
    ridge    also fit the linear one, whose penalty the validation windows choose; takes seconds

    Their names: train-mean, repeat-last, window-mean, seasonal-naive, seasonal-mean (over all whole seasons of the
    lookback) and ridge; a seasonal one is left out where the lookback has no room for it.
    """
    lookback, horizon = parts.train.lookback, parts.train.horizon
    mean = parts.train.values[parts.train.start : parts.train.stop].double().mean(dim=0)
    found = [
        Baseline("train-mean", "the mean of the training rows",
                 lambda x: mean.to(x).expand(len(x), horizon, -1)),
        Baseline("repeat-last", "the last value", lambda x: repeat_last(x, horizon)),
        Baseline("window-mean", "the mean of the lookback", lambda x: window_mean(x, horizon)),
    ]
    if period <= lookback:
        found.append(Baseline("seasonal-naive", f"the last season of {period} rows again and again",
                              lambda x: seasonal_mean(x, horizon, period)))
    seasons = lookback // period
    if seasons > 1:
        found.append(Baseline("seasonal-mean", f"the mean of the last {seasons} seasons of {period} rows each",
                              lambda x: seasonal_mean(x, horizon, period, seasons)))
    if ridge:
        fitted = fit_ridge(parts.train, parts.valid)
        found.append(Baseline("ridge", f"linear in the lookback less its last value, in closed form; "
                              f"penalty {fitted.penalty:.2g}", fitted))
    return tuple(found)
