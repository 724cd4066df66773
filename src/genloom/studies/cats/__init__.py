"""S3, programming: a diffusion model of cats, S3.16 to S3.24."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables"})
