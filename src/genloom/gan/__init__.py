"""Generative adversarial networks: losses and training."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "ADVERSARIAL": "losses",
    "Adversarial": "losses",
    "Completion": "inpainting",
    "Inpainting": "inpainting",
    "adversarial": "losses",
    "complete": "inpainting",
    "hidden_error": "inpainting",
})
