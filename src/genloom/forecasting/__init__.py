"""Forecasts of time series: windows, baselines that every model must face, attention kinds and models."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Baseline": "baselines",
    "MASKS": "masks",
    "Parts": "windows",
    "Ridge": "ridge",
    "Windows": "windows",
    "fit_ridge": "ridge",
    "make_mask": "masks",
    "parts": "windows",
})
