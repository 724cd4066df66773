"""The command line: one file for each verb, flags made from the recipes' types."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"main": "entry"})
