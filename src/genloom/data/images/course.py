"""The course's JSON files: objects, the labels of the training pictures, and the conditions to be judged on."""

import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from genloom.data import store
from genloom.data.images.archive import list_zip
from genloom.data.images.folder import list_folder
from genloom.data.images.listing import Listing, shown
from genloom.errors import DataError, UnknownName

CONDITIONS = ("test", "new_test")
_MOST = 1 << 26
_FRAME = re.compile(r"(?P<scene>.+)_\d+\.\w+")


class Text(NamedTuple):
    """A JSON file: its name for people, and its bytes."""

    where: str
    content: bytes


def read_objects(text: Text) -> tuple[str, ...]:
    """The objects in the order of their indices.

    Errors: `DataError` unless the file maps names to 0 … K − 1.
    """
    found = _read(text)
    if not isinstance(found, dict) or not found or any(type(index) is not int for index in found.values()):
        raise DataError(f"{text.where}: must map the name of each object to its index")
    if sorted(found.values()) != list(range(len(found))):
        raise DataError(f"{text.where}: the indices must be 0 to {len(found) - 1}, each once")
    return tuple(sorted(found, key=found.__getitem__))


def read_labels(text: Text, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The objects of each training picture by its file name.

    Errors: `DataError` for a file that does not map names of files to lists of known objects, none twice.
    """
    found = _read(text)
    if not isinstance(found, dict) or not found:
        raise DataError(f"{text.where}: must map the name of each picture to the list of its objects")
    known = frozenset(names)
    return {file: _objects(text.where, file, value, known) for file, value in found.items()}


def read_conditions(text: Text, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The label sets of a test file.

    Errors: `DataError` for a file that is no list of lists of known objects, none twice in one.
    """
    found = _read(text)
    if not isinstance(found, list) or not found:
        raise DataError(f"{text.where}: must be a list of lists of objects")
    known = frozenset(names)
    return tuple(_objects(text.where, f"number {number}", value, known) for number, value in enumerate(found))


def conditions(name: str, *, source: str = "iclevr", folder: str | Path = "",
               data_root: str | Path | None = None) -> tuple[tuple[str, ...], ...]:
    """The label sets that a model is judged on.

    name     "test" or "new_test"
    source   "iclevr": the course's files, in the folder if there is one; "scenes": those made here, the same always

    Errors: `UnknownName`; `DataError` for files that are missing or wrong.
    """
    if name not in CONDITIONS:
        raise UnknownName("conditions", name, CONDITIONS)
    if source == "scenes":
        from genloom.data.scenes.choice import conditions as made

        return made(name)
    place = Path(folder).expanduser() if str(folder) else None
    names = read_objects(json_file("objects", place, data_root))
    return read_conditions(json_file(name, place, data_root), names)


def json_file(name: str, place: Path | None, data_root: str | Path | None) -> Text:
    """One of the course's files: in a folder or a ZIP, beside the ZIP, or else the registered one.

    Errors: `DataError` where it cannot be found or read.
    """
    wanted = [f"{name}.json"] + (["object.json"] if name == "objects" else [])
    if place is not None:
        for found in (_inside(place, wanted), _inside(place.parent, wanted, deep=False) if place.is_file() else None):
            if found is not None:
                return found
    path = store.locate("iclevr", data_root)[wanted[0]]
    return Text(str(path), path.read_bytes())


def pictures_of(place: Path) -> Listing:
    """The pictures of a folder, of a ZIP, or of the only ZIP in a folder that has none itself.

    Errors: `DataError` where there is none.
    """
    if not place.is_dir():
        return list_zip(place)
    listing = list_folder(place)
    if listing.entries:
        return listing
    zips = sorted(place.rglob("*.zip"))
    if len(zips) == 1:
        return list_zip(zips[0])
    raise DataError(f"{listing.root}: holds no picture, and {len(zips)} ZIP files; give the folder or the ZIP of "
                    "CLEVR_train_*.png")


def scene_of(file: str) -> str:
    """The scene of a frame: CLEVR_train_000012 of CLEVR_train_000012_2.png; a name of another kind is its own scene."""
    found = _FRAME.fullmatch(file)
    return found["scene"] if found else file


def _inside(place: Path, wanted: Sequence[str], *, deep: bool = True) -> Text | None:
    if place.is_file():
        return _in_zip(place, wanted)
    paths = [path for name in wanted for path in (place.rglob(name) if deep else place.glob(name)) if path.is_file()]
    if not paths:
        return None
    path = min(paths, key=lambda path: (len(path.parts), str(path)))
    if path.stat().st_size > _MOST:
        raise DataError(f"{path}: {path.stat().st_size:,} bytes, more than {_MOST:,}")
    return Text(shown(str(path)), path.read_bytes())


def _in_zip(place: Path, wanted: Sequence[str]) -> Text | None:
    list_zip(place)  # refuses what is no ZIP, or one with a table of contents that is too large
    with zipfile.ZipFile(place) as archive:
        found = [member for member in archive.infolist() if member.filename.rpartition("/")[2] in wanted]
        if not found:
            return None
        member = min(found, key=lambda member: (member.filename.count("/"), member.filename))
        where = shown(f"{place}:{member.filename}")
        try:
            with archive.open(member) as stream:
                content = stream.read(_MOST + 1)
        except Exception as error:  # a damaged ZIP raises almost anything
            raise DataError(f"{where}: cannot be read: {error}") from error
    if len(content) > _MOST:
        raise DataError(f"{where}: more than {_MOST:,} bytes")
    return Text(where, content)


def _read(text: Text) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise DataError(f"{text.where}: {shown(name)} stands there twice")
            found[name] = value
        return found

    try:
        return json.loads(text.content, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{text.where}: no JSON file: {shown(str(error))}") from error


def _objects(where: str, what: str, value: Any, known: frozenset[str]) -> tuple[str, ...]:
    what = shown(what)
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise DataError(f"{where}: {what} must be a list of one object or more, as [\"red cube\"]")
    for name in value:
        if name not in known:
            raise DataError(f"{where}: {what}: {UnknownName('label', shown(name), sorted(known))}")
    if len(set(value)) < len(value):
        raise DataError(f"{where}: {what} has an object twice: {', '.join(value)}")
    return tuple(value)
