"""Time series: read from a file or simulated, with their borders, scaler and calendar."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Borders": "borders",
    "Scaler": "scaler",
    "Series": "series",
    "Simulation": "simulator",
    "cycle_index": "calendar",
    "following": "clock",
    "marks": "calendar",
    "read_series": "read",
    "season": "calendar",
    "simulate": "simulator",
    "simulation": "simulator",
})
