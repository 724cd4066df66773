"""One picture file, of whatever kind, to a square of bytes; or the reason why not."""

import contextlib
import io
import threading

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

Pixels = NDArray[np.uint8]

SMALLEST = 8
"""Pictures with a shorter side than this are left out: nothing can be seen in them."""
MOST_PIXELS = 1 << 26
"""64 million, more than any camera in common use; a file of a few bytes can claim more than the memory holds."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})
_SIXTEEN_BITS = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_DRAFT = 8  # a JPEG is decoded at a fraction of its size if that is still this many times what is wanted
_LARGE = 1 << 24
_one_large = threading.Lock()  # pictures above this many pixels are decoded one at a time, whatever the threads


class Unreadable(Exception):
    """A picture that cannot be used; the words say why."""


def decode(content: bytes, size: int, channels: int) -> Pixels:
    """The picture in a file's bytes as (channels, size, size): upright, opaque, its middle square, resized.

    The first frame of an animation is taken, EXIF's orientation is honoured, transparency is laid on white, 16 bits
    become 8, and colours become grey (ITU-R 601) or grey becomes colour. Colour profiles are not applied.

    Errors: `Unreadable`, and nothing else, for whatever the bytes are.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check_size(image)
            image.draft(None, (_DRAFT * size, _DRAFT * size))  # None keeps the mode
            with _one_large if image.width * image.height > _LARGE else contextlib.nullcontext():
                ImageOps.exif_transpose(image, in_place=True)
                return fit(_plain(image), size, channels)
    except Unreadable:
        raise
    except Image.DecompressionBombError as error:
        raise Unreadable(f"more than {MOST_PIXELS:,} pixels") from error
    except UnidentifiedImageError as error:
        raise Unreadable("not a picture of a known kind") from error
    except Exception as error:  # a damaged file makes the decoders raise almost anything
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise Unreadable(f"damaged: {reason}") from error


def fit(image: Image.Image, size: int, channels: int) -> Pixels:
    """The middle square of a picture as (channels, size, size), resized by Pillow's antialiased bicubic filter."""
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    side = min(image.size)
    if image.size != (size, size):
        left, top = (image.width - side) / 2, (image.height - side) / 2
        image = image.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if min(width, height) < SMALLEST:
        raise Unreadable(f"{width} × {height} pixels, smaller than {SMALLEST}")
    if width * height > MOST_PIXELS:
        raise Unreadable(f"{width} × {height} pixels, more than {MOST_PIXELS:,}")


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits, opaque."""
    if image.mode in _SIXTEEN_BITS or image.mode == "I":
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise Unreadable("whole numbers outside 0 … 65,535, whose range is not known")
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if image.mode == "F":
        raise Unreadable("fractional numbers, whose range is not known")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image
