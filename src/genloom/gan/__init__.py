"""Generative adversarial networks: losses and training."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {})
