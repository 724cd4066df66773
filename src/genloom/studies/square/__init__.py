"""S2, first part: variance-exploding diffusion on points in a square, S2.1 to S2.21."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "STUDY": "deliverables", "unconditional": "runs", "conditional": "runs",
})  # fmt: skip
