"""genloom: a workbench for generative models in which every result stands beside its known answer."""

__version__ = "0.1.0"
