import io
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from genloom.data.images import archive
from genloom.data.images.archive import list_zip
from genloom.data.images.picture import Unreadable
from genloom.errors import DataError


def packed(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as stream:
        for name, content in files.items():
            stream.writestr(name, content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_members_are_listed_sorted_and_read_in_place(tmp_path: Path, png: Callable[..., bytes], method: int) -> None:
    files = {"cats/2.png": png("red"), "cats/1.png": png("blue"), "notes.txt": b"x", "__MACOSX/cats/._1.png": b"x"}
    before = packed(tmp_path / "a.zip", files, method)
    listing = list_zip(before)
    assert [entry.parts for entry in listing.entries] == [("cats", "1.png"), ("cats", "2.png")]
    assert listing.other == 2
    assert [listing.read(entry) for entry in listing.entries] == [png("blue"), png("red")]
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("name", ["../../etc/x.png", "/root/x.png", "C:\\windows\\x.png", "a/../../x.png",
                                  "\\\\host\\x.png", "a//./x.png", "~/x.png", "a\x1bb/x.png", "%2e%2e/x.png"])
def test_names_that_point_elsewhere_are_only_words(tmp_path: Path, png: Callable[..., bytes], name: str) -> None:
    (entry,) = list_zip(packed(tmp_path / "a.zip", {name: png("red")})).entries
    assert entry.parts[-1] == "x.png"
    assert not {"", ".", ".."} & set(entry.parts)
    assert entry.name.isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_member_that_expands_too_far_is_refused_unread(tmp_path: Path) -> None:
    listing = list_zip(packed(tmp_path / "a.zip", {"bomb.png": bytes(1 << 24)}, zipfile.ZIP_DEFLATED))
    with pytest.raises(Unreadable, match="claim to become 16,777,216"):
        listing.read(listing.entries[0])


def test_a_member_that_lies_about_its_size_yields_no_more_than_it_says(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"bomb.png": bytes(1 << 24)}, zipfile.ZIP_DEFLATED)
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<L", 1 << 24), struct.pack("<L", 4096)))
    listing = list_zip(path)
    assert listing.entries[0].size == 4096
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        listing.read(listing.entries[0])


def test_a_flipped_bit_in_a_member_is_noticed(tmp_path: Path, png: Callable[..., bytes]) -> None:
    path = packed(tmp_path / "a.zip", {"a.png": png()})
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    listing = list_zip(path)
    with pytest.raises(zipfile.BadZipFile):
        listing.read(listing.entries[0])


def test_a_table_of_contents_that_is_too_large_is_not_read(tmp_path: Path, png: Callable[..., bytes],
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "a.zip", {f"{i}.png": b"" for i in range(20)})
    monkeypatch.setattr(archive, "MOST_DIRECTORY", 1000)
    with pytest.raises(DataError, match="more than 1,000; unpack it"):
        list_zip(path)
    assert len(list_zip(packed(tmp_path / "b.zip", {"1.png": b""})).entries) == 1


def test_the_size_of_a_zip64_table_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    path = packed(tmp_path / "a.zip", {f"{i}.png": b"" for i in range(9)})
    assert b"PK\x06\x06" in path.read_bytes()
    assert archive._directory_size(path) == 9 * (46 + 5)
    assert len(list_zip(path).entries) == 9


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06", b"hello" * 100, b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.zip"):
        list_zip(tmp_path / "a.zip")


def test_damaged_zips_are_read_or_refused_and_nothing_else(tmp_path: Path, png: Callable[..., bytes]) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as writer:
        for i in range(3):
            writer.writestr(f"cats/{i}.png", png(seed=i))
    whole, chance, path = stream.getvalue(), random.Random(0), tmp_path / "a.zip"
    start = whole.index(b"PK\x01\x02")
    for turn in range(500):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 5))):
            at = chance.randrange(start, len(content)) if turn % 2 else chance.randrange(len(content))
            content[at] = chance.randrange(256)
        path.write_bytes(content[: chance.choice((len(content), chance.randrange(len(content))))])
        try:
            listing = list_zip(path)
        except DataError:
            continue
        assert len(listing.entries) + listing.other <= 3
