"""S3, written problem 3: completing pictures, S3.6 to S3.8, as running code."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables"})
