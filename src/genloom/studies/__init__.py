"""Studies: the deliverables of an assignment, each beside its known answer, and one page that holds them."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "STUDIES": "registry", "study": "registry",
    "Study": "study", "Deliverable": "study", "Answer": "study", "deliverable": "study",
    "Context": "context", "Trained": "context",
    "run_study": "runner", "Outcome": "runner",
})  # fmt: skip
