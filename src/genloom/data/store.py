"""Finding the files of a data set, fetching them, and never trusting one whose checksum is wrong."""

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from genloom.data.sources import File, Source, source
from genloom.errors import DataError, InputError

DATA_ROOT_VARIABLE = "GENLOOM_DATA"
_BLOCK = 1 << 20
_SECONDS = 30  # without a byte before a download is given up


def cache() -> Path:
    """The folder of fetched files, which the operating system's conventions name."""
    import pooch

    return Path(pooch.os_cache("genloom"))


def locate(name: str | Source, data_root: str | Path | None = None) -> dict[str, Path]:
    """The checked files of a data set by file name, e.g. {"ETTh1.csv": Path(…)}; nothing is downloaded.

    Each is looked for in `data_root`, then in $GENLOOM_DATA, then in the cache. The first one found is taken; a wrong
    checksum is then an error, and no other copy is used silently in its place.

    Errors: `UnknownName`; `InputError` for a data root that is no folder; `DataError` for a file that is not there,
    with the way to get it, or that is not the registered one.
    """
    known = _source(name)
    folders = _folders(data_root)
    found: dict[str, Path] = {}
    for file in known.files:
        path = next((folder / file.path for folder in folders if (folder / file.path).is_file()), None)
        if path is None:
            raise DataError(f"{file.path} of the data set {known.name} is not in "
                            f"{', '.join(str(folder) for folder in folders)}; {_remedy(known)}")
        verify(file, path)
        found[path.name] = path
    return found


def fetch(name: str | Source, folder: str | Path | None = None) -> dict[str, Path]:
    """Download the files of a data set that are not yet in `folder` (the cache when None); returns them by name.

    A file is downloaded beside its place, checked, and only then moved there, so that a broken download leaves nothing.

    Errors: `UnknownName`; `InputError` for a data set that cannot be downloaded; `DataError` when the download fails or
    is not the registered file.
    """
    known = _source(name)
    if known.kind != "fetched":
        reason = "it is generated here, nothing needs to be fetched" if known.kind == "embedded" else known.how
        raise InputError("data", known.name, "a data set that can be fetched", reason)
    root = cache() if folder is None else Path(folder)
    return {Path(file.path).name: _fetch(file, root / file.path) for file in known.files}


def verify(file: File, path: Path) -> None:
    """Check that `path` holds the registered file: its SHA-256, or for a .gz made anew the SHA-256 of its contents.

    Errors: `DataError` with both checksums.
    """
    try:
        found = _sha256(path)
        if found == file.sha256:
            return
        if file.content_sha256 and _content_sha256(path, file.content_bytes or 0) == file.content_sha256:
            return
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}; remove it and fetch it again") from error
    size = path.stat().st_size
    raise DataError(f"{path}: sha256 is {found[:12]}… ({size:,} bytes), must be {file.sha256[:12]}… "
                    f"({file.bytes:,} bytes); remove it and fetch it again")


def _source(name: str | Source) -> Source:
    return name if isinstance(name, Source) else source(name)


def _folders(data_root: str | Path | None) -> list[Path]:
    folders = []
    for parameter, value in (("data-root", data_root), (f"${DATA_ROOT_VARIABLE}", os.environ.get(DATA_ROOT_VARIABLE))):
        if value:
            folder = Path(value).expanduser()
            if not folder.is_dir():
                raise InputError(parameter, str(value), "an existing folder")
            folders.append(folder)
    return [*folders, cache()]


def _remedy(known: Source) -> str:
    named = f"or name the folder that holds it by --data-root or ${DATA_ROOT_VARIABLE}"
    return f"run `genloom data {known.name} --fetch`, {named}" if known.kind == "fetched" else f"{known.how}, {named}"


def _fetch(file: File, path: Path) -> Path:
    if path.is_file():
        with contextlib.suppress(DataError):  # what is not the registered file is replaced by what is
            verify(file, path)
            return path
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # to tell of progress is the command line's part
    try:
        with _explained(file, path):
            path.parent.mkdir(parents=True, exist_ok=True)
            pooch.retrieve(file.url, known_hash=f"sha256:{file.sha256}", fname=path.name, path=path.parent,
                           downloader=_downloader(file))
    finally:
        logger.setLevel(level)
    return path


@contextlib.contextmanager
def _explained(file: File, path: Path) -> Iterator[None]:
    """Turn what can go wrong in a download into one line each."""
    import requests

    by_hand = f"put the file into your data folder as {file.path}"
    try:
        yield
    except requests.HTTPError as error:
        raise DataError(f"{file.url}: the server answers {str(error).partition(' for url')[0]}; {by_hand}") from error
    except requests.RequestException as error:
        raise DataError(f"{file.url}: cannot be reached or broke off ({type(error).__name__}); "
                        f"check the network and try again, or {by_hand}") from error
    except ValueError as error:
        raise DataError(f"{file.url}: what was received is not the registered file (sha256 {file.sha256[:12]}…, "
                        f"{file.bytes:,} bytes); nothing was kept") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def _downloader(file: File) -> "Callable[[str, str, object], None]":
    """pooch's way to download, which stops as soon as more bytes come than the registered file has."""
    import requests

    def download(url: str, output: "str | BinaryIO", _: object) -> None:
        with requests.get(url, stream=True, timeout=_SECONDS) as response, Path(str(output)).open("wb") as stream:
            response.raise_for_status()
            received = 0
            for block in response.iter_content(_BLOCK):
                received += len(block)
                if received > file.bytes:
                    raise ValueError(f"more than {file.bytes} bytes")
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())

    return download


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _content_sha256(path: Path, size: int) -> str:
    """SHA-256 of what a .gz holds; "" as soon as it holds more than `size` bytes, so that a gzip bomb costs nothing."""
    digest, read = hashlib.sha256(), 0
    with gzip.open(path) as stream:
        while block := stream.read(_BLOCK):
            read += len(block)
            if read > size:
                return ""
            digest.update(block)
    return digest.hexdigest()
