"""The pictures of a sheet: drawn once, kept with what they came from, and taken again while nothing has changed."""

import hashlib
import io
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.errors import DataError
from genloom.recipes.interop.stable_diffusion import Drawing, Drawn, TextToImage
from genloom.report.numbers import duration
from genloom.report.provenance import embed, read_provenance
from genloom.report.results import write_atomically
from genloom.rng import fold
from genloom.studies.text_to_image.prompts import Prompt

FOLDER = "pictures"
_NOISE = 0x54324900  # a stream of its own, so that no other draw of the study has these numbers
_KEY, _BLANKED, _SECONDS = "key", "blanked", "seconds"


@dataclass(frozen=True)
class Picture:
    """A picture on disk.

    place     of its prompt in the file, and `k` which of the prompt's pictures it is
    pixels    uint8 (3, H, W)
    blanked   whether the safety checker made it black
    seconds   that its batch took, over the pictures in it
    fresh     whether it was drawn just now
    """

    place: int
    k: int
    path: Path
    pixels: Tensor
    blanked: bool
    seconds: float
    fresh: bool


class Wanted(NamedTuple):
    """A picture that is to be there: its prompt's place, which of its pictures, the text, the seed and the file."""

    place: int
    k: int
    text: str
    seed: int
    path: Path
    key: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """What is written into all pictures, who hears of the progress, and how many are drawn at once."""

    provenance: dict[str, str]
    say: Callable[[str], None]
    batch: int = 1


def seed_of(seed: int, k: int) -> int:
    """The seed of the k-th picture of every prompt, so that prompts that differ in a word start from one noise."""
    return fold(seed, _NOISE, k)


def wanted(model: TextToImage, prompts: Sequence[Prompt], drawing: Drawing, *, seed: int, pictures: int,
           folder: Path) -> list[Wanted]:
    """All pictures of a sheet in the order of their prompts, with the file that each has or will have."""
    found = []
    for place, each in enumerate(prompts):
        for k in range(pictures):
            own = seed_of(seed, k)
            key = _digest(model, each.prompt, drawing, own)
            words = re.sub(r"[^a-z0-9]+", "-", each.prompt.lower())[:40].strip("-") or "prompt"
            found.append(Wanted(place, k, each.prompt, own, folder / FOLDER / f"{words}-{k}-{key[:10]}.png", key))
    return found


def drawn(model: TextToImage, each: Sequence[Wanted], drawing: Drawing, session: Session) -> Iterator[Picture]:
    """The pictures, those that are there first; a picture is on disk as soon as its batch is drawn."""
    there = {one.key: kept for one in each if (kept := _kept(one)) is not None}
    if there:
        session.say(f"{len(there)} of {len(each)} pictures are there already")
    yield from there.values()
    rest = [one for one in each if one.key not in there]
    progress = _Progress(len(rest), drawing.steps, session.say)
    for first in range(0, len(rest), session.batch):
        part = rest[first : first + session.batch]
        began = time.monotonic()
        found = model.draw([one.text for one in part], [one.seed for one in part], drawing, progress.step)
        seconds = (time.monotonic() - began) / len(part)
        progress.done(part, seconds)
        for i, one in enumerate(part):
            yield _keep(one, found, i, seconds, session.provenance)


def _digest(model: TextToImage, text: str, drawing: Drawing, seed: int) -> str:
    """SHA-256 of all that a picture is a function of, but for rounding."""
    size = drawing.size or model.size
    parts = {"prompt": text, **asdict(drawing), "size": size, "seed": seed, "weights": model.digest,
             "dtype": model.dtype, "scheduler": model.scheduler, "settings": model.settings, "checks": model.checks}
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _kept(one: Wanted) -> Picture | None:
    from PIL import Image

    try:
        known = read_provenance(one.path)
        if known.get(_KEY) != one.key:
            return None
        with Image.open(one.path) as image:
            pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).contiguous()
        return Picture(one.place, one.k, one.path, pixels, known[_BLANKED] == "yes", float(known[_SECONDS]), False)
    except (DataError, OSError, KeyError, ValueError):
        return None  # it is drawn anew


def _keep(one: Wanted, found: Drawn, i: int, seconds: float, provenance: dict[str, str]) -> Picture:
    from PIL import Image

    pixels, blanked = found.pictures[i], bool(found.blanked[i])
    buffer = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(buffer, format="PNG")
    text = {**provenance, "prompt": one.text, "picture": str(one.k), _BLANKED: "yes" if blanked else "no",
            _SECONDS: f"{seconds:.3f}", _KEY: one.key}
    one.path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(one.path, embed(buffer.getvalue(), text))
    return Picture(one.place, one.k, one.path, pixels, blanked, seconds, True)


class _Progress:
    """What a person hears: how long a picture takes once two steps are done, then a line for each batch."""

    def __init__(self, pictures: int, steps: int, say: Callable[[str], None]) -> None:
        self._pictures, self._steps, self._say = pictures, steps, say
        self._ready, self._began, self._first = 0, 0.0, True

    def step(self, done: int) -> None:
        if not self._first:
            return
        if done == 1:
            self._began = time.monotonic()
        elif done == 2:
            self._first = False
            seconds = (time.monotonic() - self._began) * self._steps
            self._say(f"drawing {self._pictures} pictures of {self._steps} steps; about {duration(seconds)} for the "
                      "first batch")

    def done(self, part: Sequence[Wanted], seconds: float) -> None:
        self._ready += len(part)
        left = seconds * (self._pictures - self._ready)
        after = f", about {duration(left)} left" if left >= 1 else ""
        words = part[-1].text if len(part[-1].text) <= 60 else part[-1].text[:59] + "…"
        self._say(f"picture {self._ready} of {self._pictures}, “{words}”, {duration(seconds)} each{after}")
