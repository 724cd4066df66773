import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genloom.errors import DataError, InputError
from genloom.report.provenance import embed, read_provenance

PNG = (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
       + struct.pack(">I", zlib.crc32(b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))))  # fmt: skip
PNG += b"".join(struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b))
                for k, b in ((b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")))
TOLD = {"recipe": "ve-square", "seed": "0", "checkpoint": "ab" * 32,
        "command": "genloom sample 'rün' --labels \"ε\"\nline"}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(embed(PNG, TOLD))
    assert read_provenance(path) == TOLD


def test_the_picture_is_still_a_picture_and_pillow_reads_the_text(tmp_path):
    from PIL import Image

    path = tmp_path / "a.png"
    path.write_bytes(embed(PNG, TOLD))
    with Image.open(path) as image:
        image.load()
        assert image.text["genloom:recipe"] == "ve-square"


def test_keys_and_sizes_are_bounded():
    for key in ("", "a" * 71, "ε", "a\0b"):
        with pytest.raises(InputError, match="provenance key"):
            embed(PNG, {key: "x"})
    with pytest.raises(InputError, match="at most"):
        embed(PNG, {"a": "x" * 2_000_000})


@pytest.mark.parametrize(("content", "message"), [
    (None, "cannot be read"), (b"", "not a PNG"), (b"GIF89a", "not a PNG"), (PNG, "without genloom's text"),
    (PNG[:20], "cut off"), (embed(PNG, TOLD)[:60], "cut off"),
    (PNG[:33] + struct.pack(">I4s", 1 << 31, b"iTXt"), "cut off"),
    (embed(PNG, TOLD).replace(b"ve-square", b"ve-squire"), "damaged"),
])
def test_what_is_no_picture_of_ours_is_one_typed_line(tmp_path, content, message):
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_provenance(path)
    assert "\n" not in str(caught.value)


def test_too_much_text_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.png"
    body = b"genloom:a\0\0\0\0\0" + b"x" * 1_100_000
    path.write_bytes(PNG[:33] + struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", 0) + PNG[33:])
    with pytest.raises(DataError, match="more than"):
        read_provenance(path)


def test_compressed_text_is_never_inflated(tmp_path):
    path = tmp_path / "a.png"
    body = b"genloom:bomb\0\1\0\0\0" + zlib.compress(b"x" * 10_000_000)
    path.write_bytes(PNG[:33] + struct.pack(">I", len(body)) + b"iTXt" + body
                     + struct.pack(">I", zlib.crc32(b"iTXt" + body)) + PNG[33:])
    with pytest.raises(DataError, match="without genloom's text"):
        read_provenance(path)


@given(st.integers(min_value=0, max_value=8 * len(embed(PNG, TOLD)) - 1))
@settings(max_examples=100, deadline=None)
def test_a_flipped_bit_gives_the_text_or_a_typed_error(bit):
    import tempfile
    from pathlib import Path

    raw = bytearray(embed(PNG, TOLD))
    raw[bit // 8] ^= 1 << bit % 8
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(raw)
        try:
            found = read_provenance(Path(file.name))
        except DataError:
            return
        assert set(found.items()) <= set(TOLD.items())
