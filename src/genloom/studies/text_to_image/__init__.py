"""S0.29–S0.30: prompts on which text-to-image models fail, and the same failures measured on a model of our own."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables", "SheetOptions": "options"})
