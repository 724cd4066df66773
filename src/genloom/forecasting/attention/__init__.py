"""Attention kinds behind one signature, each with the exact matrix it applies, and the means to check them.

The functions `attend` and `weights` take a kind by its name; `check` compares any attention with a reference.
"""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "KINDS": "kinds",
    "Kind": "kinds",
    "Options": "options",
    "Setting": "options",
    "attend": "kinds",
    "weights": "kinds",
})
