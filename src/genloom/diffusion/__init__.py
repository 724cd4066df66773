"""Diffusion models: schedules, predictions, denoisers, samplers, likelihoods and exact oracles."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "EDM": "schedule", "Level": "schedule", "Rectified": "schedule", "SCHEDULES": "schedule", "Schedule": "schedule",
    "VarianceExploding": "schedule", "VariancePreserving": "schedule", "cosine": "schedule", "exponential": "schedule",
    "geometric": "schedule", "linear": "schedule", "sigmoid": "schedule",
    "Estimate": "prediction", "PREDICTIONS": "prediction", "solve": "prediction", "target": "prediction",
    "Denoiser": "denoiser", "NetworkDenoiser": "denoiser",
    "CLEAN": "grid", "SPACINGS": "grid",
    "SAMPLERS": "samplers.registry", "Sampler": "samplers.registry", "sample": "samplers.registry",
    "states": "samplers.registry", "trajectory": "samplers.registry", "State": "samplers.state",
})
