"""Random changes of real pictures and fakes that gradients pass through, so that few pictures are not learned by heart.

The discriminator sees no picture as it is, and the generator's gradient comes through the change; otherwise it would
learn to make changed pictures. [Zhao et al. 2020, Eq. 4 and 5]
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from genloom.errors import UnknownName
from genloom.gan.method import Augmentation
from genloom.rng import StepRng

_SHIFT = 1 / 8  # of the size, at most, each way
_CUT = 1 / 2  # of the size: the side of what is cut out


def differentiable(policy: Sequence[str]) -> Augmentation:
    """The changes named in `policy`, in its order; every sample has draws of its own. None leaves pictures as they are.

    colour   brightness, saturation and contrast
    shift    by up to an eighth of the size each way, with 0 where nothing comes from
    cut      a square of half the size around any pixel is 0
    [Zhao et al. 2020, §3.2]

    Errors: `UnknownName`.
    """
    for name in policy:
        if name not in CHANGES:
            raise UnknownName("augment.policy", name, tuple(CHANGES))
    changes = [CHANGES[name] for name in policy]

    def augment(x: Tensor, rng: StepRng) -> Tensor:
        for change in changes:
            x = change(x, rng)
        return x

    return augment


def colour(x: Tensor, rng: StepRng) -> Tensor:
    """x + b, then each pixel's distance to its grey times s, then all distances to the mean times c.

        b ~ U(−½, ½),   s ~ U(0, 2),   c ~ U(½, 3/2)

    x   (B, C, H, W) in [−1, 1], which the result may leave
    """
    draws = rng.uniform((len(x), 3)).to(x)
    bright, vivid, contrast = draws.view(-1, 3, 1, 1, 1).unbind(1)
    x = x + (bright - 0.5)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (2 * vivid)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (contrast + 0.5)


def shift(x: Tensor, rng: StepRng) -> Tensor:
    """x moved by whole pixels, every (rows, columns) of at most an eighth of the size equally likely; 0 comes in.

    x   (B, C, H, W)
    """
    height, width = x.shape[2:]
    rows, row_there = _moved(height, x, rng)
    columns, column_there = _moved(width, x, rng)
    place = (rows[:, :, None] * width + columns[:, None, :]).view(len(x), 1, height * width)
    moved = x.flatten(2).gather(2, place.expand(-1, x.shape[1], -1)).view_as(x)
    return moved * (row_there[:, None, :, None] & column_there[:, None, None, :])


def cut(x: Tensor, rng: StepRng) -> Tensor:
    """x with 0 in a square of half the size around a pixel that is drawn evenly; at a border less of it is inside.

    x   (B, C, H, W)
    """
    rows, columns = (_covered(size, x, rng) for size in x.shape[2:])
    return x * ~(rows[:, None, :, None] & columns[:, None, None, :])


CHANGES: dict[str, Callable[[Tensor, StepRng], Tensor]] = {"colour": colour, "shift": shift, "cut": cut}
"""The changes by name."""


def _moved(size: int, x: Tensor, rng: StepRng) -> tuple[Tensor, Tensor]:
    """Where each of `size` lines comes from (B, size), within the picture, and whether it comes from within."""
    most = int(size * _SHIFT + 0.5)
    source = torch.arange(size, device=x.device) + rng.integers(2 * most + 1, (len(x), 1)).to(x.device) - most
    return source.clamp(0, size - 1), (source >= 0) & (source < size)


def _covered(size: int, x: Tensor, rng: StepRng) -> Tensor:
    """Which of `size` lines are within half a side of a drawn one, (B, size)."""
    side = int(size * _CUT + 0.5)
    # an even side has its middle between two lines, which may be the borders
    first = rng.integers(size + 1 - side % 2, (len(x), 1)).to(x.device) - side // 2
    along = torch.arange(size, device=x.device)
    return (along >= first) & (along < first + side)
