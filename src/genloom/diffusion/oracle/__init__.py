"""Distributions known in closed form at every noise level, so that samplers, losses and likelihoods meet the truth."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "BoxOracle": "boxes",
    "CloudOracle": "cloud",
    "MixtureOracle": "mixture",
    "Oracle": "base",
    "bayes_loss": "bayes",
    "condition": "posterior",
    "square": "boxes",
})
