"""Classifiers that come with genloom: a folder with weights in safetensors and a card that names shape and checksum."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import safetensors
import safetensors.torch

import genloom
from genloom.errors import DataError
from genloom.nn.image_classifier import ClassifierShape, ImageClassifier
from genloom.report.decode import decode
from genloom.report.results import read_json, write_atomically

FOLDER = Path(genloom.__file__).resolve().parents[2] / "pretrained"
"""Where they lie in a checkout."""
_WEIGHTS, _CARD = "weights.safetensors", "card.json"


class Pretrained(NamedTuple):
    """A classifier with the SHA-256 of its weights and what its card says of it."""

    network: ImageClassifier
    digest: str
    about: str


def write_classifier(network: ImageClassifier, folder: Path, about: str) -> str:
    """Write a classifier's weights and card; returns the SHA-256 of the weights.

    about   what it was trained on and how well it does, in plain words
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    content = safetensors.torch.save(tensors)
    digest = hashlib.sha256(content).hexdigest()
    card = {"format": 1, "shape": asdict(network.shape), "sha256": digest, "about": about}
    write_atomically(folder / _WEIGHTS, content)
    write_atomically(folder / _CARD, (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return digest


def read_classifier(folder: Path) -> Pretrained:
    """The classifier of a folder that `write_classifier` wrote, in eval mode with frozen weights.

    Errors: `DataError` for a folder without one, or weights that are not those of the card.
    """
    card = read_json(folder / _CARD)
    if not isinstance(card, dict) or card.get("format") != 1 or not isinstance(card.get("sha256"), str):
        raise DataError(f"{folder / _CARD}: not the card of a classifier, format 1")
    shape: ClassifierShape = decode(ClassifierShape, card.get("shape"), f"{folder / _CARD}: shape")
    try:
        content = (folder / _WEIGHTS).read_bytes()
    except OSError as error:
        raise DataError(f"{folder / _WEIGHTS}: cannot be read ({error.strerror})") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != card["sha256"]:
        raise DataError(f"{folder / _WEIGHTS}: sha256 is {digest[:12]}…, must be {card['sha256'][:12]}…")
    network = ImageClassifier(shape)
    try:
        network.load_state_dict(safetensors.torch.load(content))
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise DataError(f"{folder / _WEIGHTS}: not of the card's shape: {str(error).splitlines()[0]}") from error
    network.eval().requires_grad_(False)
    return Pretrained(network, digest, str(card.get("about", "")))
