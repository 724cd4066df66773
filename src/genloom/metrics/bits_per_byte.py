"""The measure in which language models with different tokens, and compressors, can be compared."""

import math

from genloom.errors import InputError


def bits_per_byte(nats: float, size: int) -> float:
    """−log p of a text in bits per UTF-8 byte: nats / ln 2 / bytes. A text that is taken for random bytes needs 8.

    nats   −log p of the whole text
    size   its UTF-8 bytes, whatever the tokens are

    >>> bits_per_byte(100 * math.log(256), 100)
    8.0

    Errors: `InputError` for a size below 1.
    """
    if size < 1:
        raise InputError("size", size, "at least 1 byte of text")
    return nats / math.log(2) / size
