"""The two photographs inside scikit-learn, a temple and a flower: real pictures that need no download."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genloom.errors import InputError

NAMES = ("china.jpg", "flower.jpg")
WORDS = "the photographs china.jpg and flower.jpg of scikit-learn (by danielbuechele and vultilion, CC BY 2.0)"


def photographs(shrink: int = 1) -> Tensor:
    """Both photographs in grey, uint8 (2, 427 // shrink, 640 // shrink), averaged over squares of `shrink` pixels.

    Errors: `InputError` for shrink < 1.
    """
    from sklearn.datasets import load_sample_image

    if shrink < 1:
        raise InputError("shrink", shrink, "at least 1")
    found = []
    for name in NAMES:
        grey = Image.fromarray(load_sample_image(name)).convert("L").reduce(shrink)
        found.append(torch.from_numpy(np.array(grey)[: 427 // shrink, : 640 // shrink]))
    return torch.stack(found)


def crops(pictures: Tensor, side: int, count: int, random: torch.Generator) -> Tensor:
    """Squares at random places of random pictures (P, H, W) → (count, side, side).

    Errors: `InputError` for squares that do not fit.
    """
    number, height, width = pictures.shape
    if not 1 <= side <= min(height, width):
        raise InputError("side", side, f"from 1 to {min(height, width)}")
    which, top, left = (torch.randint(most, (count, 1, 1), generator=random)
                        for most in (number, height - side + 1, width - side + 1))
    steps = torch.arange(side)
    return pictures[which, top + steps[:, None], left + steps]
