"""Language models: tokens, training, generation, scoring, and what goes on inside."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Word": "words", "counted": "words",
})
