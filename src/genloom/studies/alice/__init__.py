"""S2.22–S2.29: a language model of one book, trained, looked into, inverted and scored."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables", "Options": "options"})
