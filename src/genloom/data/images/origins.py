"""Where the pictures of each source come from."""

import contextlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from genloom.data import store
from genloom.data.images import material as made
from genloom.data.images.archive import list_zip
from genloom.data.images.folder import list_folder
from genloom.data.images.idx import idx_pair
from genloom.data.images.layout import Layout, Split, arrange
from genloom.data.images.listing import Listing, shown
from genloom.data.images.material import Material
from genloom.data.sources import SOURCES
from genloom.errors import DataError, InputError

_MNIST = {"train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
          "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")}


def find(source: str, size: int, channels: int, *, folder: str | Path, data_root: str | Path | None,
         split: Split, scenes: int = 0, without: Sequence[str] = ()) -> Material:
    """The part `split` of a source, of pictures of (channels, size, size).

    Errors: `InputError` for a part that the source does not have; `DataError` for files that are missing or damaged.
    """
    if source == "digits":
        from genloom.data.images.digits import digits

        pixels, labels = digits(size, channels, split)
        return made.from_array(pixels, labels, made.DIGIT_NAMES, f"scikit-learn's digits, {split} part")
    if source == "shapes":
        from genloom.data.images.shapes import NAMES, shapes

        pixels, labels = shapes(size, channels, split)
        return made.from_array(pixels, labels, NAMES, f"drawn shapes, {split} part")
    if source == "scenes":
        from genloom.data.images import drawn

        return drawn.scenes(size, channels, split, count=scenes, without=without)
    if source == "iclevr":
        from genloom.data.images.iclevr import iclevr

        if split == "test":
            raise _no_test(split, "i-CLEVR")
        with _or_instead("" if folder else source):
            return iclevr(size, channels, folder=folder, data_root=data_root, without=without)
    if source == "mnist":
        with _or_instead(source):
            files = store.locate(source, data_root)
        pictures, classes = (files[name] for name in _MNIST[split])
        return made.from_idx(pictures, classes, size, channels, f"MNIST, {split} part")
    if source == "cats64":
        with _or_instead(source):
            path = next(iter(store.locate(source, data_root).values()))
        return _from_listing(list_zip(path), size, channels, split, "cats64")
    return _from_folder(_existing(folder), size, channels, split)


@contextlib.contextmanager
def _or_instead(source: str) -> Iterator[None]:
    """Name the pictures that need no files, where those of `source` are not at hand; "" is one's own folder."""
    try:
        yield
    except DataError as error:
        if source not in SOURCES or not SOURCES[source].instead:
            raise
        raise DataError(f"{error}; or pass --data.source {SOURCES[source].instead}, which needs no files") from error


def folder_has_test(folder: str | Path) -> bool:
    """Whether one's own folder or ZIP comes with a test part.

    Errors: `InputError` for no folder; `DataError` for one that is missing or has no picture.
    """
    path = _existing(folder)
    if path.is_dir() and idx_pair(path, "train") is not None:
        return idx_pair(path, "test") is not None
    return _layout(_listing(path)).test is not None


def _existing(folder: str | Path) -> Path:
    if not str(folder):
        raise InputError("data.folder", "", "a folder or a ZIP of pictures", "pass --data.folder DIR")
    path = Path(folder).expanduser()
    if not path.exists():
        raise DataError(f"{path}: no such folder or ZIP file; pass --data.folder the one that holds your pictures")
    return path


def _from_folder(path: Path, size: int, channels: int, split: Split) -> Material:
    name = shown(path.resolve().name)
    if path.is_dir() and idx_pair(path, "train") is not None:
        pair = idx_pair(path, split)
        if pair is None:
            raise _no_test(split, name)
        return made.from_idx(*pair, size, channels, f"{name}, {split} part")
    return _from_listing(_listing(path), size, channels, split, name)


def _from_listing(listing: Listing, size: int, channels: int, split: Split, name: str) -> Material:
    layout = _layout(listing)
    part = layout.train if split == "train" else layout.test
    if part is None:
        raise _no_test(split, name)
    words = name if layout.test is None else f"{name}, {split} part"
    return made.from_files(listing, part, size, channels, words)


def _no_test(split: Split, name: str) -> InputError:
    return InputError("split", split, f"train for {name}, which has no test part",
                      "keep some pictures back with --data.holdout 0.15")


def _listing(path: Path) -> Listing:
    if path.is_dir():
        return list_folder(path)
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: neither a folder nor a ZIP file; pass --data.folder a folder or a ZIP of pictures")
    return list_zip(path)


def _layout(listing: Listing) -> Layout:
    if not listing.entries:
        raise DataError(f"{listing.root}: holds no picture, but {listing.other:,} other files; PNG, JPEG, WebP, BMP, "
                        "GIF, TIFF, PPM and PGM files are read")
    return arrange(listing.entries)
