"""Small checkpoints that come with genloom: found, verified, read and written; listing them needs no torch.

NAME/ holds model.safetensors, recipe.yaml, classes.json, a card README.md, and a sealed manifest of their SHA-256; of
what draws also data.json, what it knows of its data, and the logs of its training, as a run has them but shorter.
In a checkout they lie in pretrained/ beside src/; an installed wheel has them in genloom/pretrained/.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files as packaged
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from genloom.errors import CheckpointError, InputError, InputErrors, UnknownName
from genloom.recipes.serial import from_yaml, to_yaml
from genloom.recipes.stored import Storage, pack, unpack
from genloom.training import files, manifest

if TYPE_CHECKING:
    from torch import Tensor

    from genloom.recipes.known import Known

MODEL, RECIPE, CLASSES, CARD = "model.safetensors", "recipe.yaml", "classes.json", "README.md"
DATA, TIMING = "data.json", "timing.jsonl"
LOGS = ("metrics.jsonl", "evaluations.jsonl", TIMING)
"""Logs of the training, under the names that they have in a run; that of the time has its last row alone."""
LIMIT = 8 << 20
"""Largest model that may be shipped, in bytes."""

_SMALLER = {"float32": "store it as float16 or int8, or ", "float16": "store it as int8, or ", "int8": ""}


class Pretrained(NamedTuple):
    """A checkpoint that was shipped.

    recipe        the recipe that it was trained by
    tensors       weights by "network/name", on the CPU; in 32 bits however they are stored
    class_names   the classes of its data; empty where there are none
    digest        SHA-256 of its manifest
    known         what it knows of its data; None for what draws nothing
    step          after which the weights were taken, and `seconds` that the training took; 0 where that is not told
    """

    name: str
    folder: Path
    recipe: Any
    tensors: "Mapping[str, Tensor]"
    class_names: tuple[str, ...]
    digest: str
    known: "Known | None" = None
    step: int = 0
    seconds: float = 0.0


def names(families: Collection[str] = ()) -> tuple[str, ...]:
    """The names of all that are there, or of those of some families."""
    found = {entry.parent for root in roots() for entry in root.glob(f"*/{manifest.MANIFEST}")}
    return tuple(sorted({place.name for place in found if not families or _family(place) in families}))


def summaries() -> dict[str, str]:
    """What each is, in one line: the summary of the recipe that it was trained by."""
    found = {}
    for name in names():
        try:
            found[name] = str(from_yaml((folder(name) / RECIPE).read_text("utf-8")).summary)
        except (OSError, UnicodeDecodeError, InputError, InputErrors):
            found[name] = "its recipe cannot be read"
    return found


def roots() -> list[Path]:
    """The folders that are searched, of which there may be none: the package's own, and that of a checkout."""
    package = Path(str(packaged("genloom")))
    return [path for path in (package / "pretrained", package.parents[1] / "pretrained") if path.is_dir()]


def folder(name: str) -> Path:
    """The folder of a checkpoint.

    Errors: `UnknownName` with the nearest name that is there.
    """
    for root in roots():
        if name in names() and (root / name / manifest.MANIFEST).is_file():
            return root / name
    raise UnknownName("pretrained", name, names())


def load(name: str) -> Pretrained:
    """A checkpoint by its name, verified.

    Errors: `UnknownName`; `CheckpointError` for files that are missing, altered or not what they should be.
    """
    return read(folder(name))


def read(place: Path) -> Pretrained:
    """The checkpoint in a folder, each of its files compared with the manifest.

    Errors: `CheckpointError` for files that are missing, altered or not what they should be.
    """
    import safetensors
    import safetensors.torch

    from genloom.recipes.known import from_json

    raw = manifest.read_verified(place)
    try:
        recipe = from_yaml(raw[RECIPE].decode())
        tensors = unpack(safetensors.torch.load(raw[MODEL]))
        class_names = json.loads(raw[CLASSES])
        known = json.loads(raw[DATA]) if DATA in raw else None
        time = json.loads(raw[TIMING]) if TIMING in raw else {"step": 0, "seconds": 0.0}
        step, seconds = int(time["step"]), float(time["seconds"])
        if not isinstance(class_names, list) or not all(isinstance(each, str) for each in class_names):
            raise TypeError(f"{CLASSES} is not a list of names")
    except (KeyError, TypeError, ValueError, InputError, InputErrors, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{place} is whole but cannot be read: {error}") from error
    digest = manifest.digest((place / manifest.MANIFEST).read_bytes())
    data = None if known is None else from_json(known, tuple(class_names))
    return Pretrained(place.name, place, recipe, tensors, tuple(class_names), digest, data, step, seconds)


def write(place: Path, recipe: Any, tensors: "Mapping[str, Tensor]", class_names: Sequence[str], card: str, *,
          storage: Storage = "float32", known: "Known | None" = None,
          logs: Mapping[str, bytes] | None = None) -> Pretrained:
    """Write a checkpoint to be shipped into a folder that is new or is to be replaced, the manifest last.

    tensors   weights by "network/name"
    card      what it is, in Markdown: data and their licence, numbers beside their known answers, seed, command
    storage   of 32-bit weights, as `pack` rounds them
    known     of what draws: what it knows of its data
    logs      those of `LOGS` that there are

    Errors: `InputError` for a model that is larger than `LIMIT`, or a weight that is too large for half precision.
    """
    import safetensors.torch

    content = {MODEL: safetensors.torch.save(pack(tensors, storage)), RECIPE: to_yaml(recipe).encode(),
               CLASSES: json.dumps(list(class_names), ensure_ascii=False).encode() + b"\n", CARD: card.encode()}
    if known is not None:
        content[DATA] = json.dumps(known.to_json(), ensure_ascii=False).encode() + b"\n"
    content |= logs or {}
    if len(content[MODEL]) > LIMIT:
        raise InputError("tensors", f"{len(content[MODEL]):,} bytes ({len(content[MODEL]) / (1 << 20):.1f} MiB)",
                         f"at most {LIMIT:,} bytes ({LIMIT >> 20} MiB)",
                         f"{_SMALLER[storage]}train a smaller network")
    place.mkdir(parents=True, exist_ok=True)
    (place / manifest.MANIFEST).unlink(missing_ok=True)  # while files are replaced there is no checkpoint
    for name in {DATA, *LOGS} - set(content):
        (place / name).unlink(missing_ok=True)
    for name, data in content.items():
        files.write_bytes(place / name, data)
    files.write_atomically(place / manifest.MANIFEST, manifest.describe(content))
    return read(place)


def _family(place: Path) -> str:
    """The family that recipe.yaml names in its second line."""
    try:
        with (place / RECIPE).open(encoding="utf-8") as file:
            found = [line.partition(":")[2].strip() for line in file if line.startswith("family:")]
    except (OSError, UnicodeDecodeError):
        return ""
    return found[0] if found else ""
