"""How much of one text stands word for word in another."""

from genloom.autoregressive.overlap import Overlap, overlap
from genloom.data.text.texts import byte_blocks
from genloom.recipes.build_gpt import GptExperiment

LENGTHS = (10, 20, 50, 100)
"""Bytes of the sequences that are looked for."""


def overlaps(found: GptExperiment) -> dict[int, Overlap]:
    """Sequences of the test text that stand in the training text, by their length."""
    corpus, parts = found.corpus, found.parts
    return {n: overlap(byte_blocks(corpus, parts.test), byte_blocks(corpus, parts.train), n) for n in LENGTHS}
