"""Pictures inside a page: read with care, and made smaller only where the page would be too large."""

import base64
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_MAX_FILE = 64_000_000  # bytes, and
_MAX_PIXELS = 40_000_000  # pixels of a picture that is opened at all
_KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_SCALES = (1.0, 0.8, 0.64, 0.5, 0.4, 0.3, 0.2)


@dataclass(frozen=True)
class Picture:
    """A picture as a page shows it: a data URI, or why there is none.

    width, height   size on the page in CSS pixels: figures are drawn at 120 dots per inch and a page has 96
    note            what was done to it, in words; empty where it is the file itself
    """

    uri: str = ""
    width: int = 0
    height: int = 0
    note: str = ""
    problem: str = ""


def embed_pictures(folder: Path, paths: Sequence[str], budget: int) -> list[Picture]:
    """The pictures of a page, whose data URIs have at most `budget` characters together.

    While they are too large, the largest is made smaller: first to 256 colours, then in steps down to a fifth of its
    size; what is too large even so is left out, and says so. A file that is missing, outside `folder` or no picture has
    its `problem` in words.
    """
    pictures = [_read(folder, path) for path in paths]
    levels = [0] * len(pictures)
    while pictures and sum(len(p.uri) for p in pictures) > budget:
        i = max(range(len(pictures)), key=lambda k: len(pictures[k].uri))
        pictures[i] = _reduced(pictures[i], folder / paths[i], paths[i], levels[i])
        levels[i] += 1
    return pictures


def _read(folder: Path, path: str) -> Picture:
    file = folder / path
    try:
        if not file.resolve().is_relative_to(folder.resolve()):
            return Picture(problem=f"The picture {path} lies outside the report's folder.")
        if file.stat().st_size > _MAX_FILE:
            return Picture(problem=f"The picture {path} is larger than {_MAX_FILE // 1_000_000} MB.")
        raw = file.read_bytes()
    except (OSError, ValueError):
        return Picture(problem=f"The picture {path} is missing.")
    kind, (width, height) = _identify(raw)
    if kind not in _KINDS or width * height > _MAX_PIXELS:
        return Picture(problem=f"{path} is no picture that can be shown.")
    return Picture(_uri(raw, kind), round(width * 0.8), round(height * 0.8))


def _identify(raw: bytes) -> tuple[str, tuple[int, int]]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(raw)) as image:
                image.load()
                return image.format or "", image.size
    except Exception:  # a decoder may fail in any way on a damaged file; a report must not
        return "", (0, 0)


def _reduced(picture: Picture, file: Path, path: str, level: int) -> Picture:
    if level >= len(_SCALES):
        return Picture(problem=f"The picture {path} was left out: the page would be larger than its limit.")
    from PIL import Image

    scale = _SCALES[level]
    with Image.open(file) as image:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        small: Any = image.convert("RGB").resize(size, Image.Resampling.LANCZOS).quantize(256)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG", optimize=True)
    note = f"Shown in 256 colours at {scale:.0%} of its size, to keep this page small; the whole picture is {path}."
    return replace(picture, uri=_uri(buffer.getvalue(), "PNG"), note=note)


def _uri(raw: bytes, kind: str) -> str:
    return f"data:{_KINDS[kind]};base64,{base64.b64encode(raw).decode('ascii')}"
