"""Generators and discriminators, pair by pair, and how both are told what to make."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Attention": "attention",
    "ConditionalNorm": "told",
    "GanShape": "shape",
    "Head": "verdict",
    "LabelPlanes": "told",
    "PAIRS": "pairs",
    "Pair": "pairs",
    "PointDiscriminator": "points",
    "PointGenerator": "points",
    "ProgressiveDiscriminator": "progressive",
    "ProgressiveGenerator": "progressive",
    "ResidualDiscriminator": "residual",
    "ResidualGenerator": "residual",
    "Start": "told",
    "Verdict": "verdict",
    "at_growth": "progressive",
    "grow": "progressive",
    "growth_at": "progressive",
    "pair": "pairs",
})
