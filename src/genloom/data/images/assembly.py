"""From the pictures that a source offers to a set of them: chosen, decoded by many threads, described."""

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import PIL
import torch

from genloom.data.images.cache import Block, Manifest, Stored, stored
from genloom.data.images.imageset import ImageSet
from genloom.data.images.material import Material
from genloom.errors import DataError, InputError, UnknownName
from genloom.rng import generator

_PREPARATION = 1  # raised when the same files give other pixels
_ORDER_SEED = 0x6F72646572
_BLOCK = 256


def assemble(material: Material, size: int, channels: int, *, category: str, strict: bool) -> ImageSet:
    """The pictures of a material, or of one class of it, in the order of a permutation of a fixed seed.

    Errors: `InputError` for a class that is not there; `DataError` if no picture can be read or, with `strict`, if one
    cannot, with the names of all of them.
    """
    indices, names = _choose(material, category)
    order = _order(indices, material.groups)
    preparation = json.dumps([_PREPARATION, PIL.__version__, channels, size])
    pictures, manifest = _read(material, [indices[place] for place in order], preparation, channels * size * size)
    _refuse(material, manifest, strict)
    told = [manifest.sha256, manifest.labels, names, preparation]
    told += [] if material.sets is None else [hashlib.sha256(material.sets.tobytes()).hexdigest()]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    words = [f"{len(pictures):,} pictures of {material.words}" + (f", {category} alone" if category else ""),
             f"{size} × {size}, {'grey' if channels == 1 else 'colour'}"]
    words += [f"{len(names)} {'classes' if material.sets is None else 'labels, several of a picture'}"] if names else []
    words += [_left_out(manifest.skipped, 3)] if manifest.skipped else []
    return ImageSet(pictures=pictures, labels=_labels(material, manifest) if names else None, class_names=names,
                    description="; ".join(words), skipped=manifest.skipped, digest=digest, shuffled=True,
                    groups=None if material.groups is None else torch.tensor(material.groups)[list(manifest.labels)])


def _order(indices: list[int], groups: tuple[int, ...] | None) -> list[int]:
    """A permutation of a fixed seed; of groups, where there are any, whose pictures stay together and in order."""
    if groups is None:
        return torch.randperm(len(indices), generator=generator(_ORDER_SEED)).tolist()
    places: dict[int, list[int]] = {}
    for place, index in enumerate(indices):
        places.setdefault(groups[index], []).append(place)
    members = list(places.values())
    return [place for group in torch.randperm(len(members), generator=generator(_ORDER_SEED)).tolist()
            for place in members[group]]


def _labels(material: Material, manifest: Manifest) -> torch.Tensor:
    found = torch.tensor(manifest.labels)
    return found if material.sets is None else torch.from_numpy(material.sets)[found]


def _choose(material: Material, category: str) -> tuple[list[int], tuple[str, ...]]:
    """Indices of the pictures of a class, or of all, and the classes that are left to tell apart."""
    if category and material.sets is not None:
        raise InputError("data.category", category, f"empty: pictures of {material.words} have several labels each",
                         "hold label sets out by --data.without")
    if not category:
        return list(range(len(material.labels))), material.class_names if len(material.class_names) > 1 else ()
    if material.class_names == ("",):
        raise InputError("data.category", category, f"empty: {material.words} has no classes")
    if category not in material.class_names:
        raise UnknownName("data.category", category, material.class_names)
    wanted = material.class_names.index(category)
    indices = [index for index, label in enumerate(material.labels) if label == wanted]
    if not indices:
        raise DataError(f"{material.words}: holds no picture of the class {category}")
    return indices, ()


def _refuse(material: Material, manifest: Manifest, strict: bool) -> None:
    if strict and manifest.skipped:
        raise DataError(f"{material.words}: {_left_out(manifest.skipped, len(manifest.skipped))}; mend or remove them, "
                        "or leave them out, without --data.strict")
    if not manifest.labels:
        raise DataError(f"{material.words}: no picture can be read; {_left_out(manifest.skipped, 3)}; "
                        "give a folder or a ZIP with pictures that can")


def _left_out(skipped: Sequence[str], most: int) -> str:
    more = f" and {len(skipped) - most:,} more" if len(skipped) > most else ""
    return f"{len(skipped):,} files cannot be used: {' · '.join(skipped[:most])}{more}"


def _read(material: Material, indices: list[int], preparation: str, each: int) -> Stored:
    if material.ready:
        pictures = np.stack([np.asarray(material.picture(index)) for index in indices])
        manifest = Manifest(pictures.shape, hashlib.sha256(pictures.tobytes()).hexdigest(),
                            tuple(material.labels[index] for index in indices), ())
        return Stored(torch.from_numpy(pictures), manifest)
    key = hashlib.sha256(json.dumps([material.identity, preparation, indices]).encode()).hexdigest()
    return stored(key, lambda: _blocks(material, indices), each * len(indices))


def _blocks(material: Material, indices: list[int]) -> Iterator[Block]:
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(indices), _BLOCK):
            block = indices[start : start + _BLOCK]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's remarks about pictures that it reads all the same
                read = list(pool.map(material.picture, block))
            good = [(index, pixels) for index, pixels in zip(block, read, strict=True) if not isinstance(pixels, str)]
            pictures = [pixels for _, pixels in good]
            yield Block(np.stack(pictures) if pictures else np.empty((0, 0, 0, 0), np.uint8),
                        [material.labels[index] for index, _ in good],
                        [reason for reason in read if isinstance(reason, str)])
