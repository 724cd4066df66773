"""i-CLEVR: pictures of one to three objects, three frames a scene, from the course's files or the packed array."""

import json
import lzma
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from genloom.data import store
from genloom.data.images.course import json_file, pictures_of, read_labels, read_objects, scene_of
from genloom.data.images.labelsets import forbidden, multi_hot
from genloom.data.images.listing import Entry, Listing, shown
from genloom.data.images.material import Material, decoded, digest
from genloom.data.images.picture import Pixels, fit
from genloom.data.sources import source
from genloom.errors import DataError


def iclevr(size: int, channels: int, *, folder: str | Path = "", data_root: str | Path | None = None,
           without: Sequence[str] = ()) -> Material:
    """The training pictures with their label sets.

    folder    a folder or a ZIP with CLEVR_train_*.png and, in it or beside it, train.json and objects.json; where one
              of these is not there, the registered one is taken. Without a folder: the packed array of the data folder
    without   label sets, as "red cube, blue sphere", whose pictures are left out

    Errors: `DataError` for files that are missing or wrong; `UnknownName` for an object that is not known.
    """
    place = Path(folder).expanduser() if str(folder) else None
    if place is not None and not place.exists():
        raise DataError(f"{place}: no such folder or ZIP file; pass --data.folder the one that holds i-CLEVR")
    names = read_objects(json_file("objects", place, data_root))
    labels = read_labels(json_file("train", place, data_root), names)
    out = forbidden(without, names)
    files = [file for file in sorted(labels) if frozenset(labels[file]) not in out]
    if place is None:
        identity, picture = _packed(sorted(labels), files, size, channels, data_root)
    else:
        identity, picture = _listed(pictures_of(place), files, size, channels)
    scenes = {scene: number for number, scene in enumerate(sorted({scene_of(file) for file in files}))}
    words = "i-CLEVR" if place is None else shown(place.resolve().name)
    left = f", {len(out)} label sets held out" if out else ""
    return Material(
        words=words + left, labels=tuple(range(len(files))), class_names=names, picture=picture,
        sets=multi_hot([labels[file] for file in files], names).numpy(),
        groups=tuple(scenes[scene_of(file)] for file in files),
        identity=digest(identity, files, [labels[file] for file in files]))


def _packed(names: list[str], files: list[str], size: int, channels: int,
            data_root: str | Path | None) -> tuple[str, Callable[[int], Pixels | str]]:
    """Rows of the array (N, 64, 64, 3), which is in the order of the sorted names; it is unpacked when it is wanted."""
    path = next(iter(store.locate("iclevr-images", data_root).values()))
    rows = {name: row for row, name in enumerate(names)}
    array = _Later(path, len(names))
    places = [rows[file] for file in files]
    return digest(source("iclevr-images").files[0].sha256, len(names)), partial(_row, array, places, size, channels)


class _Later:
    """An array that the first of many threads unpacks."""

    def __init__(self, path: Path, count: int) -> None:
        self._path, self._count = path, count
        self._lock = threading.Lock()
        self._array: Pixels | None = None

    def __call__(self) -> Pixels:
        with self._lock:
            if self._array is None:
                try:
                    with lzma.open(self._path) as stream:
                        self._array = np.load(stream, allow_pickle=False)
                except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
                    raise DataError(f"{self._path}: cannot be unpacked: {error}; remove it and get it again") from error
                if self._array.ndim != 4 or len(self._array) != self._count or self._array.dtype != np.uint8:
                    raise DataError(f"{self._path}: holds {self._array.dtype} of shape {self._array.shape}, must be "
                                    f"uint8 ({self._count}, 64, 64, 3), one picture for each of train.json")
            return self._array


def _row(array: _Later, places: list[int], size: int, channels: int, index: int) -> Pixels:
    return fit(Image.fromarray(array()[places[index]]), size, channels)


def _listed(listing: Listing, files: list[str], size: int,
            channels: int) -> tuple[str, Callable[[int], Pixels | str]]:
    found: dict[str, Entry] = {}
    for entry in listing.entries:
        name = entry.parts[-1]
        if name in found:
            raise DataError(f"{listing.root}: {shown(name)} is there twice, as {found[name].name} and {entry.name}; "
                            "which one the labels mean cannot be told: remove one")
        found[name] = entry
    here = [found.get(file) for file in files]
    if not any(here):
        raise DataError(f"{listing.root}: none of its {len(listing.entries):,} pictures is named in train.json; "
                        f"the first name there is {shown(files[0]) if files else 'of no picture'}")
    known = json.dumps([(entry.parts, entry.size, entry.stamp) if entry else None for entry in here])

    def picture(index: int) -> Pixels | str:
        entry = here[index]
        if entry is None:
            return f"{shown(files[index])}: named in train.json and not there"
        return decoded(listing, entry, size, channels)

    return digest(listing.place, known), picture
