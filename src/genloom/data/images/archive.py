"""Pictures in a ZIP, read in place: nothing is unpacked to disk, and no claim in it costs memory or time."""

import struct
import zipfile
from pathlib import Path

from genloom.data.images.listing import MOST_BYTES, Entry, Listing, is_picture, shown
from genloom.data.images.picture import Unreadable
from genloom.errors import DataError

MOST_DIRECTORY = 1 << 26
"""The largest table of contents that is read: 64 MiB, about half a million files."""
MOST_EXPANSION = 100
"""Pictures are compressed already; one that grows more than this, and above a megabyte, is a bomb."""


def list_zip(path: Path) -> Listing:
    """The pictures of a ZIP file.

    Errors: `DataError` for a file that is no ZIP, or whose table of contents is damaged or too large.
    """
    try:
        directory = _directory_size(path)
        if directory > MOST_DIRECTORY:
            raise DataError(f"{path}: its table of contents has {directory:,} bytes, more than {MOST_DIRECTORY:,}; "
                            "unpack it into a folder")
        archive = zipfile.ZipFile(path)
        members = [member for member in archive.infolist() if not member.is_dir()]
    except DataError:
        raise
    except Exception as error:  # zipfile raises struct.error, ValueError and others for damaged files
        raise DataError(f"{path}: not a ZIP file that can be read: {error}") from error

    def read(entry: Entry) -> bytes:
        member = entry.at
        assert isinstance(member, zipfile.ZipInfo)
        _refuse_bomb(member)
        with archive.open(member) as stream:
            return stream.read(MOST_BYTES)

    entries = [Entry(_parts(member.filename), member.file_size, f"{member.CRC:08x}", member) for member in members]
    pictures = sorted((entry for entry in entries if is_picture(entry.parts)), key=lambda entry: entry.parts)
    return Listing(root=shown(str(path)), place="", read=read, other=len(entries) - len(pictures),
                   entries=tuple(pictures))


def _parts(name: str) -> tuple[str, ...]:
    """The words of a path; whatever points elsewhere (drives, "..", a leading "/") is only a word here."""
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")) or ("",)


def _refuse_bomb(member: zipfile.ZipInfo) -> None:
    if member.file_size > MOST_BYTES:
        raise Unreadable(f"{member.file_size:,} bytes, more than {MOST_BYTES:,}")
    if member.file_size > max(1 << 20, MOST_EXPANSION * member.compress_size):
        raise Unreadable(f"{member.compress_size:,} bytes that claim to become {member.file_size:,}")


def _directory_size(path: Path) -> int:
    """Bytes of the table of contents as the end of the file declares it; -1, for zipfile to judge, if it does not."""
    with path.open("rb") as stream:
        length = stream.seek(0, 2)
        stream.seek(max(0, length - (1 << 16) - 22 - 20))
        tail = stream.read()
        end = tail.rfind(b"PK\x05\x06")
        if end < 0 or len(tail) < end + 22:
            return -1
        size = int(struct.unpack_from("<L", tail, end + 12)[0])
        if tail[max(0, end - 20) : end].startswith(b"PK\x06\x07"):  # ZIP64 keeps the true size elsewhere
            stream.seek(min(length, struct.unpack_from("<Q", tail, end - 12)[0]))
            record = stream.read(56)
            size = int(struct.unpack_from("<Q", record, 40)[0]) if len(record) == 56 else -1
        return size
