"""Generators and discriminators, pair by pair, and how both are told what to make."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "ConditionalNorm": "told",
    "GanShape": "shape",
    "Head": "verdict",
    "LabelPlanes": "told",
    "PAIRS": "pairs",
    "Pair": "pairs",
    "Start": "told",
    "Verdict": "verdict",
    "pair": "pairs",
})
