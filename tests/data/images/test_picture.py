import io
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from genloom.data.images.picture import FORMATS, MOST_PIXELS, Unreadable, decode, fit


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bands(*levels: int, width: int = 8, height: int = 8) -> Image.Image:
    """Vertical bands of grey, `width` pixels each."""
    return Image.fromarray(np.repeat(np.array(levels, np.uint8), width)[None].repeat(height, 0))


def png_of(width: int, height: int, rows: bytes) -> bytes:
    """A PNG with a header of its own."""
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))

    header = struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "JPEG"])
def test_a_picture_of_the_right_size_comes_back_exactly(kind: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    image = Image.fromarray(pixels)
    if kind == "GIF":
        image = image.quantize(256)
        pixels = np.asarray(image.convert("RGB"))
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(decode(saved(image, kind, **options), 16, 3), pixels.transpose(2, 0, 1))


def test_a_jpeg_comes_back_as_pillow_decodes_it(png: Callable[..., bytes]) -> None:
    content = saved(Image.linear_gradient("L").convert("RGB"), "JPEG", quality=95)
    expected = np.asarray(Image.open(io.BytesIO(content))).transpose(2, 0, 1)
    assert np.array_equal(decode(content, 256, 3), expected)


def test_the_middle_square_is_taken_of_wide_and_of_tall_pictures() -> None:
    wide = bands(0, 100, 200, height=8)
    assert (decode(saved(wide), 8, 1) == 100).all()
    assert (decode(saved(wide.transpose(Image.Transpose.ROTATE_90)), 8, 1) == 100).all()


def test_shrinking_averages_all_pixels_instead_of_picking_some() -> None:
    checks = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    small = decode(saved(Image.fromarray(checks)), 8, 1)
    assert np.abs(small.astype(int) - 127.5).max() <= 8


def test_a_very_long_picture_costs_no_more_than_its_square() -> None:
    assert (decode(saved(Image.new("L", (200_000, 8), 77)), 512, 1) == 77).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(orientation: int) -> None:
    upright = Image.fromarray(np.random.default_rng(1).integers(0, 256, (16, 16), np.uint8))
    undo = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}[orientation]
    turned = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(decode(saved(turned, exif=exif), 16, 1)[0], np.asarray(upright))


def test_sixteen_bits_become_eight_by_rounding() -> None:
    values = np.array([0, 128, 129, 257, 32896, 65535], np.uint16).repeat(8)[None].repeat(48, 0)
    got = decode(saved(Image.fromarray(values)), 48, 1)
    assert sorted(set(got.ravel().tolist())) == [0, 1, 128, 255]
    assert (got[0, 0, ::8] == [0, 0, 1, 1, 128, 255]).all()


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_of_an_unknown_range_are_refused(mode: str) -> None:
    image = Image.fromarray(np.full((8, 8), 1e6, np.int32 if mode == "I" else np.float32))
    with pytest.raises(Unreadable, match="range is not known"):
        decode(saved(image, "TIFF"), 8, 3)


def test_transparency_is_laid_on_white() -> None:
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert (decode(saved(half), 8, 3) == 127).all()
    assert (decode(saved(Image.new("LA", (8, 8), (9, 0))), 8, 1) == 255).all()
    grey = Image.new("L", (8, 8), 40)
    assert (decode(saved(grey, transparency=40), 8, 1) == 255).all()
    palette = Image.new("P", (8, 8), 3)
    palette.putpalette([0, 0, 0, 1, 1, 1, 2, 2, 2, 10, 20, 30])
    assert (decode(saved(palette), 8, 3)[:, 0, 0] == [10, 20, 30]).all()
    assert (decode(saved(palette, transparency=3), 8, 3) == 255).all()


def test_grey_becomes_colour_and_colour_grey() -> None:
    assert decode(saved(Image.new("L", (8, 8), 50)), 8, 3).tolist() == np.full((3, 8, 8), 50).tolist()
    green = decode(saved(Image.new("RGB", (8, 8), (0, 255, 0))), 8, 1)
    assert (green == round(0.587 * 255)).all()
    assert (decode(saved(Image.new("1", (8, 8), 1)), 8, 1) == 255).all()
    assert (decode(saved(Image.new("CMYK", (8, 8), (0, 0, 0, 255)), "JPEG"), 8, 1) <= 2).all()


def test_a_tiny_picture_is_refused_with_its_size() -> None:
    with pytest.raises(Unreadable, match="7 × 20 pixels, smaller than 8"):
        decode(saved(Image.new("L", (7, 20))), 8, 1)


@pytest.mark.parametrize("side", [9_000, 13_000, 50_000])
def test_a_few_bytes_that_claim_a_huge_picture_are_refused(side: int) -> None:
    assert side**2 > MOST_PIXELS
    with pytest.raises(Unreadable, match=r"more than 67,108,864|exceeds limit"):
        decode(png_of(side, side, b"\0" * 100), 32, 3)


def test_other_kinds_and_texts_are_refused() -> None:
    for content in (b"", b"GIF89a", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\0" * 5000):
        with pytest.raises(Unreadable):
            decode(content, 32, 3)
    with pytest.raises(Unreadable, match="known kind"):
        decode(saved(Image.new("RGB", (32, 32)), "ICO"), 8, 3)


def test_every_truncation_is_refused() -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8))
    for kind in ("PNG", "JPEG"):
        content = saved(image, kind)
        for length in range(0, len(content) - 30, 37):
            with pytest.raises(Unreadable):
                decode(content[:length], 8, 3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_are_read_or_refused_and_nothing_else(kind: str) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8))
    whole, chance = saved(image, kind), random.Random(kind)
    for _ in range(250):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 3, 30))):
            content[chance.randrange(min(len(content), chance.choice((40, 400, 1 << 20))))] = chance.randrange(256)
        try:
            pixels = decode(bytes(content[: chance.choice((len(content), chance.randrange(len(content))))]), 8, 3)
        except Unreadable as error:
            words = str(error)
        else:
            words = "read"
            assert (pixels.shape, pixels.dtype) == ((3, 8, 8), np.uint8)
        assert words.isprintable()
        assert len(words) < 120


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit of memory is Linux's")
def test_damaged_files_take_no_more_memory_than_the_largest_picture_may() -> None:
    code = """
import io, random, resource, struct, warnings
import numpy as np
from PIL import Image
from genloom.data.images.picture import FORMATS, Unreadable, decode
warnings.simplefilter("ignore")
decode_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
image = Image.fromarray(np.zeros((20, 30, 3), np.uint8))
chance = random.Random(0)
for kind in FORMATS:
    stream = io.BytesIO(); image.save(stream, kind); whole = stream.getvalue()
    for _ in range(400):
        content = bytearray(whole)
        at = chance.randrange(max(1, min(len(content) - 4, 60)))
        claim = chance.choice((1 << 14, 1 << 20, 1 << 31, 2**32 - 1))
        content[at:at + 4] = struct.pack(chance.choice("<>") + "L", claim)
        try: decode(bytes(content), 8, 3)
        except Unreadable: pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - decode_before) / 1024)
"""
    grown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(grown.stdout) < 1024


def test_fitting_a_picture_that_fits_changes_nothing() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(fit(Image.fromarray(pixels), 16, 1)[0], pixels)
    assert np.array_equal(fit(Image.fromarray(pixels), 16, 3), np.stack([pixels] * 3))
