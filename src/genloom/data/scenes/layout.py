"""Scenes as files in the course's layout: pictures, their labels, the objects, and the conditions to judge on."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from genloom.data.images.labelsets import NAMES, forbidden
from genloom.data.scenes.choice import FRAMES, choose, conditions, scene_seed
from genloom.data.scenes.drawing import draw
from genloom.data.scenes.scene import ICLEVR, Look, compose
from genloom.errors import InputError

MOST = 1_000_000


def write_scenes(folder: str | Path, count: int, seed: int = 0, *, size: int = 64,
                 look: Look = ICLEVR, without: Sequence[str] = (),
                 progress: Callable[[int], None] | None = None) -> int:
    """Write the three frames of each of `count` scenes; returns the number of pictures.

    The folder gets iclevr/CLEVR_train_NNNNNN_K.png, train.json, test.json, new_test.json and objects.json. Scene i is a
    function of (seed, i, size, look) and of what is held out. The JSON files come last: a folder that has train.json
    has all its pictures.

    without    label sets, as "red cube, blue sphere", that no picture shows exactly
    progress   called with the number of scenes that are done

    Errors: `InputError` for a count below 1, a folder that holds something already, or what cannot be drawn.
    """
    if not 1 <= count <= MOST:
        raise InputError("count", count, f"from 1 to {MOST:,} scenes")
    held_out = forbidden(without)
    root = Path(folder).expanduser()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError("out", str(folder), "a new or an empty folder")
    pictures = root / "iclevr"
    labels: dict[str, tuple[str, ...]] = {}
    for number in range(count):
        names = choose(seed, number, held_out)
        scene = compose(names, scene_seed(seed, number), look)
        for frame in range(FRAMES):
            picture = Image.fromarray(draw(scene.first(frame + 1), size))
            pictures.mkdir(parents=True, exist_ok=True)
            file = f"CLEVR_train_{number:06d}_{frame}.png"
            picture.save(pictures / file)
            labels[file] = names[: frame + 1]
        if progress is not None:
            progress(number + 1)
    _write(root / "objects.json", {name: index for index, name in enumerate(NAMES)})
    for name in ("test", "new_test"):
        _write(root / f"{name}.json", conditions(name, seed))
    _write(root / "train.json", labels)
    return len(labels)


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), "utf-8")
