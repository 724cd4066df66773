"""The folder of a `StableDiffusionPipeline` as diffusers saves it: found here or had from the hub, and looked at first.

Needs neither diffusers nor torch.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from genloom.errors import DataError, InputError
from genloom.recipes.interop import hub
from genloom.report.results import read_json

CLASS = "StableDiffusionPipeline"
INDEX = "model_index.json"
WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model",
           "safety_checker": "model"}
"""The folders with weights, and what their files are called before the ending; the last one may be missing."""

_SMALL = ("scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt", "tokenizer/tokenizer.json",
          "tokenizer/tokenizer_config.json", "tokenizer/special_tokens_map.json",
          "feature_extractor/preprocessor_config.json", *(f"{folder}/config.json" for folder in WEIGHTS))
_ENDINGS = (".safetensors", ".fp16.safetensors")
_LIBRARIES = ("diffusers", "transformers", "stable_diffusion")  # code of a folder's own is never run
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")
_LIMIT = 1 << 22


class Found(NamedTuple):
    """A pipeline's folder.

    variant       the part of the names of its weights' files before the ending, such as "fp16"; None for none
    checks        whether it brings a safety checker
    place         what a person calls it
    fingerprint   changes with its files' names, sizes and times
    """

    folder: Path
    variant: str | None
    checks: bool
    place: str
    fingerprint: str


def on_the_hub(place: str) -> bool:
    """Whether a place can only be a model of the hub: owner/name where there is no such folder.

    >>> on_the_hub("somebody/a-model@main"), on_the_hub("a-folder")
    (True, False)
    """
    return bool(_NAME.fullmatch(place)) and not Path(place).expanduser().exists()


def require(place: str) -> None:
    """Refuse at once what can be no such pipeline, before anything is loaded or fetched.

    Errors: `InputError` for what is neither a folder nor a name of the hub; `DataError` for another folder.
    """
    if on_the_hub(place):
        return
    folder = Path(place).expanduser()
    if folder.is_file():
        raise InputError("model", place, "a folder, not a file", f"diffusers makes one of a single file: `{CLASS}"
                         ".from_single_file(FILE).save_pretrained(FOLDER)`")
    if not folder.is_dir():
        raise InputError("model", place, "a folder that is there, or owner/name of the hub")
    local(place)


def local(place: str) -> Found:
    """The pipeline of a folder that is here.

    Errors: `DataError` where it holds no such pipeline, or weights that only pickle could read.
    """
    folder = Path(place).expanduser()
    names = _names(folder)
    try:
        wanted = files_wanted(names)
        index = _index(folder / INDEX)
    except DataError as error:
        raise DataError(f"{place}: {error}") from None
    checks = _has(index, "safety_checker") and "safety_checker/config.json" in names
    weights = next(name for name in wanted if name.startswith("unet/") and name.endswith(_ENDINGS[0]))
    variant = "fp16" if weights.endswith(_ENDINGS[1]) else None
    total = hashlib.sha256()
    for name in wanted:
        status = (folder / name).stat()
        total.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return Found(folder, variant, checks, place, total.hexdigest())


def fetched(place: str) -> Found:
    """The pipeline of a folder or of the hub, whose files are fetched where they are not there yet.

    Where the hub cannot be reached, what was fetched before is taken, if that is all of it.

    Errors: those of `local` and of `hub.pull`.
    """
    if not on_the_hub(place):
        return local(place)
    try:
        return local(str(hub.pull(place, files_wanted)))._replace(place=place)
    except hub.NotFetched:
        before = hub.kept(place)
        if before is None or not _whole(before):
            raise
        return local(str(before))._replace(place=place)


def _whole(folder: Path) -> bool:
    """Whether a folder holds all files of a pipeline: a download that was broken off leaves a part of them."""
    try:
        files_wanted(_names(folder))
    except DataError:
        return False
    return True


def _names(folder: Path) -> list[str]:
    there = sorted(path for path in (*folder.glob("*"), *folder.glob("*/*")) if path.is_file())
    return [path.relative_to(folder).as_posix() for path in there]


def files_wanted(names: list[str]) -> list[str]:
    """Of the files of a pipeline those that are read: safetensors alone, all in full precision or all in half.

    Errors: `DataError` where it is no such pipeline.
    """
    there = set(names)
    if INDEX not in there:
        raise DataError(f"it has no {INDEX}, so it is no pipeline as diffusers saves one")
    folders = [folder for folder in WEIGHTS if folder != "safety_checker" or f"{folder}/config.json" in there]
    for ending in _ENDINGS:
        weights = [f"{folder}/{WEIGHTS[folder]}{ending}" for folder in folders]
        if there.issuperset(weights):
            return [INDEX, *(name for name in _SMALL if name in there), *weights]
    missing = [name for name in (f"{folder}/{WEIGHTS[folder]}{_ENDINGS[0]}" for folder in folders) if name not in there]
    pickled = any(name.endswith((".bin", ".ckpt", ".pt")) for name in there)
    raise DataError(f"it has no {missing[0]}" + ("; its .bin files can run code when they are read: save it anew with "
                                                  "safe_serialization=True" if pickled else ""))


def _index(path: Path) -> Mapping[str, Any]:
    """The parts of the pipeline, once they are known to be of diffusers and transformers."""
    index = read_json(path, _LIMIT)
    if not isinstance(index, dict):
        raise DataError(f"{INDEX}: not a JSON object")
    if index.get("_class_name") != CLASS:
        raise DataError(f"it is a {str(index.get('_class_name'))[:60]}; only a {CLASS} can be drawn with")
    for name in index:
        library = index[name][0] if isinstance(index[name], list) and index[name] else None
        if library is not None and library not in _LIBRARIES:
            raise DataError(f"its part {name[:40]} is of {str(library)[:60]!r}; a model's own code is not run")
    for name in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
        if not _has(index, name):
            raise DataError(f"{INDEX} names no {name}")
    return index


def _has(index: Mapping[str, Any], name: str) -> bool:
    found = index.get(name)
    return isinstance(found, list) and len(found) == 2 and all(isinstance(each, str) for each in found)
