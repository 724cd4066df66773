"""Attention kinds behind one signature, each with the exact matrix it applies, and the means to check and to time them.

Functions that are called what their module is called stay there: `genloom.forecasting.attention.check.check`.
"""

from genloom._lazy import lazy

_NAMES = {
    "kinds": "KINDS Kind attend weights",
    "options": "Options Setting",
    "check": "Finding",
    "own": "Own check_kind check_kinds",
    "cost": "COMPARED Cost LENGTHS Work costs crossing growth measure peak_bytes",
}

__all__, __getattr__, __dir__ = lazy(__name__, {
    name: module for module, names in _NAMES.items() for name in names.split()
})
