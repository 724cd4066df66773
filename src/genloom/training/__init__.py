"""The engine: what trains, saves and resumes; it knows no family."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Batch": "method",
    "Checkpoints": "checkpoint",
    "Engine": "options",
    "Job": "engine",
    "Method": "method",
    "Optimizer": "options",
    "Outcome": "engine",
    "RunFolder": "run",
    "Screen": "screen",
    "Source": "method",
    "TensorSource": "source",
    "Update": "method",
    "fit": "engine",
    "load_networks": "checkpoint",
})
