"""Typed experiments: torch-free configurations, the functions that name them, and what makes them real."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Experiment": "experiment",
    "PointsRecipe": "points",
    "SampleRequest": "experiment",
    "build": "experiment",
    "from_yaml": "serial",
    "recipe": "registry",
    "to_yaml": "serial",
    "validate": "rules",
})
