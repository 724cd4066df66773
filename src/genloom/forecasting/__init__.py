"""Forecasts of time series: windows, baselines that every model must face, attention kinds and models."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "MASKS": "masks",
    "Parts": "windows",
    "Windows": "windows",
    "make_mask": "masks",
    "parts": "windows",
})
