"""Forecasts of time series: windows, baselines that every model must face, attention kinds and models."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Attending": "attending",
    "Attentions": "transformer",
    "Baseline": "baselines",
    "Cycle": "cycle",
    "DLinear": "linear_models",
    "fit_ridge": "ridge",
    "Forecaster": "forecaster",
    "Forecasting": "method",
    "Gaussian": "heads",
    "InstanceNorm": "revin",
    "InvertedShape": "itransformer",
    "ITransformer": "itransformer",
    "LayerShape": "layers",
    "Linear": "linear_models",
    "make_head": "heads",
    "make_mask": "masks",
    "MASKS": "masks",
    "Parts": "windows",
    "parts": "windows",
    "PatchShape": "patchtst",
    "PatchTST": "patchtst",
    "Point": "heads",
    "Quantiles": "heads",
    "Ridge": "ridge",
    "StudentT": "heads",
    "Transformer": "transformer",
    "TransformerShape": "transformer",
    "Windows": "windows",
})
