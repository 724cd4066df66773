"""Masks of pictures, 1 where a pixel is known and 0 where it is hidden: functions of uniform numbers alone."""

from collections.abc import Callable

import torch
from torch import Tensor

from genloom.errors import InputError, UnknownName
from genloom.rng import StepRng

_BOXES = 3
_STROKES, _TURNS = 4, 4  # lines of a mask, and straight pieces of each
_LEAST, _MOST = 4, 1024  # pixels of a side


def centre_box(count: int, size: int, share: float = 0.5) -> Tensor:
    """A hidden square in the middle whose side is `share` of the picture's: (B, 1, H, W), equal for all.

    >>> int((1 - centre_box(1, 8)).sum())
    16

    Errors: `InputError` for a share outside (0, 1), or a size that is not in 4 … 1024.
    """
    _check(size)
    if not 0 < share < 1:
        raise InputError("share", share, "in (0, 1)")
    inner = max(1, round(share * size))
    start = (size - inner) // 2
    mask = torch.ones(count, 1, size, size)
    mask[:, :, start : start + inner, start : start + inner] = 0
    return mask


def half(side: Tensor, size: int) -> Tensor:
    """One half hidden: the left, right, upper or lower one where `side` (B,) is 0, 1, 2 or 3. Shape (B, 1, H, W)."""
    _check(size)
    line = torch.arange(size, device=side.device)
    across = torch.where((side % 2 == 0)[:, None], line >= size // 2, line < size - size // 2)
    rows = across[:, None, :, None].expand(-1, 1, size, size)
    columns = across[:, None, None, :].expand(-1, 1, size, size)
    return torch.where((side >= 2)[:, None, None, None], rows, columns).float()


def boxes(uniforms: Tensor, size: int) -> Tensor:
    """Hidden rectangles whose sides are ⅕ to ½ of the picture's.

    uniforms   in [0, 1), shape (B, K, 4): for each rectangle its height, width and place; one covers 12 % on average

    Returns (B, 1, H, W) with at least one pixel hidden and one known.
    """
    _check(size)
    shape = (uniforms[..., :2] * 0.3 + 0.2) * size
    low = uniforms[..., 2:] * (size - shape)
    line = torch.arange(size, device=uniforms.device) + 0.5
    inside = (line >= low[..., None]) & (line < (low + shape)[..., None])  # (B, K, 2, S)
    hidden = inside[:, :, 0, :, None] & inside[:, :, 1, None, :]
    return _finish(hidden.any(1))


def strokes(uniforms: Tensor, size: int) -> Tensor:
    """Hidden lines as of a brush: polylines with round ends, 1/12 to ⅙ of the picture wide.

    uniforms   in [0, 1), shape (B, K, 3 + 2·T): for each of K lines its place, its width, and T pieces of an angle and
               a length each, as in [Yu et al. 2019, Alg. 1]

    Returns (B, 1, H, W) with at least one pixel hidden and one known.
    """
    _check(size)
    place, width = uniforms[..., :2], (uniforms[..., 2] + 1) / 24 * size  # the distance from the middle of the line
    angle, length = uniforms[..., 3::2] * 2 * torch.pi, (uniforms[..., 4::2] + 0.5) / 4
    steps = torch.stack((angle.cos() * length, angle.sin() * length), -1).cumsum(2)
    corners = (torch.cat((place[..., None, :], place[..., None, :] + steps), 2) * size).clamp(0, size)
    line = torch.arange(size, device=uniforms.device) + 0.5
    pixels = torch.stack(torch.meshgrid(line, line, indexing="ij"), -1)
    return _finish((_distance(corners, pixels) < width[..., None, None]).any(1))


def _distance(corners: Tensor, pixels: Tensor) -> Tensor:
    """Distance of pixels (S, S, 2) from polylines (B, K, T + 1, 2): (B, K, S, S)."""
    start, piece = corners[..., :-1, :], corners.diff(dim=-2)
    square = piece.square().sum(-1).clamp(min=1e-12)
    off = pixels[..., None, :] - start[:, :, None, None]  # (B, K, S, S, T, 2)
    along = ((off * piece[:, :, None, None]).sum(-1) / square[:, :, None, None]).clamp(0, 1)
    return (off - along[..., None] * piece[:, :, None, None]).square().sum(-1).amin(-1).sqrt()


def _finish(hidden: Tensor) -> Tensor:
    """The mask (B, 1, H, W) of what is hidden (B, H, W): neither all nor nothing, by a pixel where that must be."""
    mask = (~hidden).float()[:, None]
    flat = mask.flatten(1)
    middle = flat.shape[1] // 2 + mask.shape[-1] // 2
    flat[:, middle] = torch.where(flat.amin(1) > 0, 0.0, flat[:, middle])
    flat[:, 0] = torch.where(flat.amax(1) < 1, 1.0, flat[:, 0])
    return mask


def _draw_centre(count: int, size: int, rng: StepRng) -> Tensor:
    return centre_box(count, size)


def _draw_half(count: int, size: int, rng: StepRng) -> Tensor:
    return half(rng.integers(4, (count,)), size)


def _draw_boxes(count: int, size: int, rng: StepRng) -> Tensor:
    return boxes(rng.uniform((count, _BOXES, 4)), size)


def _draw_strokes(count: int, size: int, rng: StepRng) -> Tensor:
    return strokes(rng.uniform((count, _STROKES, 3 + 2 * _TURNS)), size)


def _draw_mixed(count: int, size: int, rng: StepRng) -> Tensor:
    """Each sample has one of the other kinds, all as likely."""
    which = rng.integers(len(_PLAIN), (count,))
    drawn = torch.stack([draw(count, size, rng).to(which.device) for draw in _PLAIN.values()])
    return drawn[which, torch.arange(count, device=which.device)]


Draw = Callable[[int, int, StepRng], Tensor]

_PLAIN: dict[str, Draw] = {"centre": _draw_centre, "half": _draw_half, "boxes": _draw_boxes, "strokes": _draw_strokes}
MASKS: dict[str, Draw] = {**_PLAIN, "mixed": _draw_mixed}
"""The kinds of masks by name."""


def draw_masks(kind: str, count: int, size: int, rng: StepRng) -> Tensor:
    """`count` masks of a kind, (B, 1, H, W), float32, with 1 = known.

    kind   centre (a box), half (one of the four), boxes (three rectangles), strokes (four lines), mixed (any of these)
    rng    where all randomness comes from: a mask is a function of (seed, step, place in the global batch)

    Errors: `UnknownName` for another kind; `InputError` for a size that is not in 4 … 1024.
    """
    if kind not in MASKS:
        raise UnknownName("masks.kind", kind, tuple(MASKS))
    _check(size)
    return MASKS[kind](count, size, rng)


def _check(size: int) -> None:
    if not _LEAST <= size <= _MOST:
        raise InputError("size", size, f"in {_LEAST} … {_MOST}")
