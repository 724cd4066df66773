"""S0, sampling and guidance: one model of digits, many ways to draw from it, S0.21 to S0.28."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables"})
