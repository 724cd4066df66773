"""Is a forecaster's score what it says? Checks for leaks of the future and for accidents of evaluation."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Check": "check",
    "History": "protocol",
    "Preparation": "preparation",
    "Probe": "probe",
    "audit": "whole",
})
