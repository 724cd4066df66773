"""Items that are done stay done: kept on disk and taken again while nothing that they came from has changed."""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from genloom.errors import CheckpointError, DataError
from genloom.recipes import pretrained
from genloom.report.decode import decode
from genloom.report.results import Item, Page, read_json, strict, write_atomically
from genloom.studies.context import BEST, SHIPPED, Checkpoint, Context, step_of
from genloom.studies.study import Deliverable, Study
from genloom.training.checkpoint import Checkpoints
from genloom.training.manifest import MANIFEST, digest
from genloom.training.run import RunFolder

_IRRELEVANT = ("cli", "benchmarks", "studies")  # parts of the package that no item is computed by; studies apart


class ItemCache:
    """The items of one study folder, in items/NUMBER.json."""

    def __init__(self, study: Study, context: Context) -> None:
        self._context, self._folder = context, context.folder / "items"
        self._key = {"source": source_digest(study), "tier": context.tier, "seed": context.seed,
                     "data": str(context.data_root or ""), "train": context.train, "format": Page.format,
                     "learns from": study.data_for(context),
                     "options": {} if context.options is None else strict(asdict(context.options))}
        self.shipped: set[str] = set()
        """Names of the models that come with genloom, of the items that were found or kept."""

    def find(self, deliverable: Deliverable) -> Item | None:
        """The item as it was, if code, tier, seed, data, runs and figures are what they were; else None."""
        try:
            kept = read_json(self._path(deliverable))
            if kept["key"] != self._key or not self._same(kept["figures"], kept["runs"]):
                return None
            item: Item = decode(Item, kept["item"], "item")
        except (DataError, CheckpointError, OSError, KeyError, TypeError, AttributeError, ValueError):
            return None  # nothing usable is there; the item is done anew
        if item.number != deliverable.number or item.status != "done":
            return None
        self._note(kept["runs"])
        return item

    def keep(self, deliverable: Deliverable, item: Item, used: set[str]) -> None:
        """Remember an item with the runs that it used."""
        self._note(used)
        root = self._context.folder
        figures = {figure.path: digest((root / figure.path).read_bytes()) for figure in item.figures}
        body = {"key": self._key, "runs": self._context.digests(used), "figures": figures, "item": strict(asdict(item))}
        self._folder.mkdir(exist_ok=True)
        write_atomically(self._path(deliverable), json.dumps(body, ensure_ascii=False).encode())

    def _path(self, deliverable: Deliverable) -> Path:
        return self._folder / f"{deliverable.number.replace('/', '-')}.json"

    def _same(self, figures: dict[str, str], runs: dict[str, str]) -> bool:
        root = self._context.folder
        return (all(digest((root / path).read_bytes()) == sha for path, sha in figures.items())
                and all(_digest(root, name) == sha for name, sha in runs.items()))

    def _note(self, used: Iterable[str]) -> None:
        self.shipped |= {name.removeprefix(SHIPPED) for name in used if name.startswith(SHIPPED)}


def _digest(root: Path, name: str) -> str:
    """SHA-256 of a run's checkpoint, or of that of a model that comes with genloom; empty for a name that is gone."""
    if name.startswith(BEST):
        return _run_digest(root / "runs" / name.removeprefix(BEST), "best")
    if not name.startswith(SHIPPED):
        return _run_digest(root / "runs" / name, "last")
    name = name.removeprefix(SHIPPED)
    return pretrained.load(name).digest if name in pretrained.names() else ""


def _run_digest(path: Path, checkpoint: Checkpoint) -> str:
    """SHA-256 of the manifest of a run's checkpoint, after a look at every bit of it; empty if not finished."""
    store = Checkpoints(path / "checkpoints")
    step = step_of(path, checkpoint)
    store.verify(step)
    finished = RunFolder(path).status.get("state") == "finished"
    return digest((store.path(step) / MANIFEST).read_bytes()) if finished else ""


def source_digest(study: Study) -> str:
    """SHA-256 of all code that the study's items are computed by, and of the versions of torch and numpy."""
    modules = {sys.modules.get(each.work.__module__) for each in study.deliverables}
    places = {getattr(module, "__file__", None) for module in modules}
    own = {sibling for place in places if place for sibling in Path(place).parent.glob("*.py")}
    total = hashlib.sha256(_package_digest().encode())
    for file in sorted(own | borrowed(own)):
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def borrowed(files: Iterable[Path]) -> set[Path]:
    """The modules of studies that these files import, and those that these import in turn."""
    root, found, waiting = Path(__file__).parent, set[Path](), list(files)
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_bytes())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("genloom.studies."):
                place = root.joinpath(*str(node.module).split(".")[2:])
                paths = {place.with_suffix(".py"), *(place / f"{one.name}.py" for one in node.names)}
                new = {path for path in paths - found if path.is_file()}
                found |= new
                waiting += new
    return found


@cache
def _package_digest() -> str:
    from importlib.metadata import version

    root = Path(__file__).parents[1]
    total = hashlib.sha256(f"torch {version('torch')} numpy {version('numpy')}".encode())
    for file in sorted([*root.rglob("*.py"), *(root / "studies").glob("*.py")]):
        inside: Any = file.relative_to(root).parts
        if inside[0] not in _IRRELEVANT or (inside[0] == "studies" and len(inside) == 2):
            total.update("/".join(inside).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
