"""scikit-learn's 1,797 handwritten digits, 8 × 8, which work without any download."""

import numpy as np
from PIL import Image

from genloom.data.images.picture import Pixels, fit

KEPT = 359
"""The last fifth is the test part: a fixed one, since the set comes without."""


def digits(size: int, channels: int, part: str) -> tuple[Pixels, list[int]]:
    """(N, channels, size, size) pictures of the part "train" (the first 1,438) or "test" (the last 359), and classes.

    Levels 0 … 16 become 0 … 255, and pictures are enlarged from 8 × 8.
    """
    from sklearn.datasets import load_digits

    loaded = load_digits()
    count = len(loaded.target)
    which = slice(0, count - KEPT) if part == "train" else slice(count - KEPT, count)
    levels = np.round(loaded.images[which] * (255 / 16)).astype(np.uint8)
    pictures = np.stack([fit(Image.fromarray(level), size, channels) for level in levels])
    return pictures, [int(label) for label in loaded.target[which]]
