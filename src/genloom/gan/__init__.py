"""Generative adversarial networks: losses and training."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "ADVERSARIAL": "losses",
    "Adversarial": "losses",
    "Code": "latent",
    "Completion": "inpainting",
    "Inpainting": "inpainting",
    "Latent": "latent",
    "Penalty": "penalties",
    "Playing": "method",
    "Told": "method",
    "adversarial": "losses",
    "complete": "inpainting",
    "hidden_error": "inpainting",
    "told_apart": "method",
})
