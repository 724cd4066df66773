"""S4, problem 5: a score model of points that spell a text, S4.19 to S4.24, and S4.8 as masked sampling."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "STUDY": "deliverables",
    "ExactLetters": "exact", "Observed": "exact", "segments": "exact",
})  # fmt: skip
