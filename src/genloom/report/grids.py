"""Pictures in rows and columns, with whole crisp pixels: as arrays, as PNG files, and inside figures with labels."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genloom.errors import InputError
from genloom.report.figures import canvas, styled
from genloom.report.plots import array
from genloom.report.provenance import embed
from genloom.report.results import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_SIDE = 64  # pixels that each picture is enlarged to at least, so that 8 × 8 can be seen
_WIDTH = 1600  # unless all of them together would be wider than this


def grid(pictures: Any, columns: int, pad: int = 2, scale: int | None = None) -> Pixels:
    """Pictures (N, C, H, W) in reading order, as RGB bytes (H', W', 3): H' = rows·(sH + pad) − pad, W' likewise.

    pictures   uint8, as a tensor or an array; grey (C = 1) or colour (C = 3)
    columns    pictures of a row; places left over are white
    pad        white pixels between two pictures
    scale      s: each pixel becomes s × s equal ones; by default pictures become at least 64 pixels wide

    >>> grid(np.zeros((3, 1, 2, 2), dtype=np.uint8), columns=2, pad=1, scale=2).shape
    (9, 9, 3)

    Errors: `InputError` for another type or shape, no pictures, or numbers below 1 (below 0 for `pad`).
    """
    cells = _enlarged(_colour(pictures), columns, pad, scale)
    count, height, width, _ = cells.shape
    rows = -(-count // columns)
    placed = np.full((rows * columns, height + pad, width + pad, 3), 255, dtype=np.uint8)
    placed[:count, :height, :width] = cells
    whole = placed.reshape(rows, columns, height + pad, width + pad, 3).swapaxes(1, 2)
    flat = whole.reshape(rows * (height + pad), columns * (width + pad), 3)
    return np.ascontiguousarray(flat[: flat.shape[0] - pad, : flat.shape[1] - pad])


def save_grid(pictures: Any, path: Path, provenance: Mapping[str, str], columns: int | None = None) -> Path:
    """Write `grid(pictures, columns)` as a PNG that carries `provenance`; by default about as many rows as columns.

    Errors: `InputError` as `grid`.
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(grid(pictures, square(len(pictures)) if columns is None else columns)).save(buffer, format="PNG")
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_atomically(path, embed(buffer.getvalue(), provenance))


def square(count: int) -> int:
    """The columns of the grid of `count` pictures that is nearest to a square.

    >>> [square(n) for n in (1, 5, 16, 17)]
    [1, 3, 4, 5]
    """
    return max(1, math.ceil(math.sqrt(count)))


@styled()
def show_grid(axes: "Axes", pictures: Any, columns: int, title: str = "") -> None:
    """Draw `grid(pictures, columns)` into axes, without ticks.

    Errors: `InputError` as `grid`.
    """
    _show(axes, grid(pictures, columns))
    axes.set_axis_off()
    if title:
        axes.set_title(title)


@styled()
def rows_of(axes: "Axes", rows: Mapping[str, Any], column_labels: Sequence[str] = ()) -> None:
    """Draw one row of pictures for each entry, its label at the left, and the columns' labels above.

    rows   label -> uint8 (N, C, H, W), all of one size; shorter rows end in white

    Errors: `InputError` for no rows, sizes that differ, more column labels than columns, or as `grid`.
    """
    pictures, columns = _table(rows)
    if len(column_labels) > columns:
        raise InputError("column_labels", len(column_labels), f"at most {columns}, the pictures of a row")
    pad = 2
    whole = grid(pictures, columns, pad)
    _show(axes, whole)
    height, width = (whole.shape[0] + pad) / len(rows), (whole.shape[1] + pad) / columns
    axes.set_yticks([(k + 0.5) * height - pad / 2 for k in range(len(rows))], list(rows))
    axes.set_xticks([(k + 0.5) * width - pad / 2 for k in range(len(column_labels))], list(column_labels))
    axes.tick_params(length=0, labelbottom=False, labeltop=True)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)


@styled()
def rows_figure(rows: Mapping[str, Any], column_labels: Sequence[str] = (), *, cell: float = 0.62,
                title: str = "") -> "Canvas":
    """A figure of the right size that holds `rows_of` alone.

    cell   width of a picture in inches; less where the row would be wider than 9 inches

    Errors: `InputError` as `rows_of`.
    """
    pictures, columns = _table(rows)
    cell = min(cell, 9.0 / columns)
    tall = cell * pictures.shape[2] / pictures.shape[3]
    margin = 0.3 + 0.075 * max(len(label) for label in rows)  # inches that the labels take
    above = 0.15 + 0.22 * bool(column_labels) + 0.28 * bool(title)
    figure, (axes,) = canvas(margin + cell * columns, above + tall * len(rows))
    rows_of(axes, rows, column_labels)
    axes.set_anchor("E")  # whole pixels leave some width over: the labels may need it
    if title:
        axes.set_title(title)
    return figure


def _table(rows: Mapping[str, Any]) -> tuple[Pixels, int]:
    """All rows as one list of RGB pictures (R·columns, 3, H, W), and the length of the longest row."""
    if not rows:
        raise InputError("rows", 0, "at least one row of pictures")
    each = [_colour(pictures) for pictures in rows.values()]
    sizes = {pictures.shape[1:3] for pictures in each}
    if len(sizes) != 1:
        raise InputError("rows", sorted(sizes), "pictures of one size")
    columns = max(map(len, each))
    ends = [np.full((columns - len(pictures), *pictures.shape[1:]), 255, dtype=np.uint8) for pictures in each]
    table = np.concatenate([part for pair in zip(each, ends, strict=True) for part in pair])
    return table.transpose(0, 3, 1, 2), columns


def _colour(pictures: Any) -> Pixels:
    """Pictures (N, C, H, W) as (N, H, W, 3)."""
    pixels = array(pictures)
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1] not in (1, 3) or 0 in pixels.shape:
        raise InputError("pictures", f"{pixels.dtype} {pixels.shape}", "uint8 of shape (N, 1 or 3, H, W), N ≥ 1")
    return np.broadcast_to(pixels.transpose(0, 2, 3, 1), (len(pixels), *pixels.shape[2:], 3))


def _enlarged(pixels: Pixels, columns: int, pad: int, scale: int | None) -> Pixels:
    width = pixels.shape[2]
    if scale is None:
        scale = max(1, min(-(-_SIDE // width), _WIDTH // (max(1, columns) * width)))
    for name, value, least in (("columns", columns, 1), ("pad", pad, 0), ("scale", scale, 1)):
        if value < least:
            raise InputError(name, value, f"at least {least}")
    return pixels.repeat(scale, axis=1).repeat(scale, axis=2)


def _show(axes: "Axes", pixels: Pixels) -> None:
    # `auto` keeps whole pixels where the figure enlarges, and averages them where it makes them smaller
    axes.imshow(pixels, interpolation="auto")
