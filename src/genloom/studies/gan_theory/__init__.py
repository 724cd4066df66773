"""S4, problem 1: what a discriminator learns and what a generator learns from it, S4.1 to S4.3, and dropped modes."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables"})
