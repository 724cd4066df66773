"""Pictures to read, and a cache folder of each test's own."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genloom.data import store


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "the-cache"
    monkeypatch.setattr(store, "cache", lambda: folder)
    return folder


@pytest.fixture
def png() -> Callable[..., bytes]:
    """The bytes of a PNG of one colour, or of noise from a seed."""
    def make(colour: object = None, size: int = 12, seed: int = 0, kind: str = "PNG") -> bytes:
        noise = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
        image = Image.fromarray(noise) if colour is None else Image.new("RGB", (size, size), colour)  # type: ignore[arg-type]
        stream = io.BytesIO()
        image.save(stream, kind)
        return stream.getvalue()
    return make


@pytest.fixture
def tree(tmp_path: Path, png: Callable[..., bytes]) -> Callable[..., Path]:
    """A folder with pictures at the given paths, the i-th one all of grey level i."""
    def make(*paths: str, root: str = "pictures", size: int = 12) -> Path:
        for level, path in enumerate(paths):
            file = tmp_path / root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png((level, level, level), size))
        return tmp_path / root
    return make
