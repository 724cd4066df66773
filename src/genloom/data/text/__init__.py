"""Text of any size: read from a file or a folder byte for byte, parted for training and for judging."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Corpus": "corpus",
    "Document": "document",
    "Parts": "split",
    "Span": "document",
    "byte_blocks": "texts",
    "read_corpus": "corpus",
    "texts_of_spans": "texts",
})
