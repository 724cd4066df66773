"""How much of one text stands word for word in another."""

from genloom.autoregressive.overlap import Overlap, byte_stretches, overlap
from genloom.recipes.build_gpt import GptExperiment

LENGTHS = (10, 20, 50, 100)
"""Bytes of the sequences that are looked for."""


def overlaps(found: GptExperiment) -> dict[int, Overlap]:
    """Sequences of the test text that stand in the training text, by their length."""
    corpus, parts = found.corpus, found.parts
    return {n: overlap(byte_stretches(corpus, parts.test, n), byte_stretches(corpus, parts.train, n), n)
            for n in LENGTHS}
