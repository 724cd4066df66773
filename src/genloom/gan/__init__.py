"""Generative adversarial networks: losses and training."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "ADVERSARIAL": "losses",
    "Adversarial": "losses",
    "Augmentation": "method",
    "Code": "latent",
    "Completion": "inpainting",
    "Finding": "diagnosis",
    "Inpainting": "inpainting",
    "Latent": "latent",
    "Penalty": "penalties",
    "Playing": "method",
    "Told": "method",
    "Watch": "diagnosis",
    "adversarial": "losses",
    "complete": "inpainting",
    "diagnose": "diagnosis",
    "differentiable": "augment",
    "hidden_error": "inpainting",
    "history": "diagnosis",
    "told_apart": "method",
})
