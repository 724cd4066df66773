"""S0.1–S0.11: the Transformer on ETTh1, its kinds of attention, and the baselines that it must face."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables"})
