"""S1: pictures of sets of objects by a conditional GAN and a conditional DDPM on i-CLEVR, S1.1 to S1.23."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {"STUDY": "deliverables"})
