"""S0.12–S0.18 and S4.13–S4.18: adversarial networks on handwritten digits, and every loss on one budget."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables"})
