"""Models of other libraries as runs of genloom, and runs of genloom as models that diffusers opens."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Asked": "imported",
    "Imported": "imported",
    "export_run": "export",
    "load": "read",
    "pull": "hub",
    "push": "hub",
    "write_run": "imported",
})
