"""Samplers: generators of states that turn noise into data, one file per paper."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "SAMPLERS": "registry", "Sampler": "registry", "sample": "registry", "states": "registry", "trajectory": "registry",
    "State": "state",
})
