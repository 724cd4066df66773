"""The source "scenes": pictures of coloured solids with their label sets, drawn here and kept in the cache."""

from collections.abc import Sequence

from PIL import Image

from genloom.data.images.labelsets import NAMES, forbidden, multi_hot
from genloom.data.images.layout import Split
from genloom.data.images.material import Material, digest
from genloom.data.images.picture import Pixels, fit
from genloom.data.scenes.choice import FRAMES, choose, scene_seed
from genloom.data.scenes.drawing import LARGEST, SMALLEST, draw
from genloom.data.scenes.scene import ICLEVR, compose
from genloom.errors import InputError

TEST = 250
"""Scenes of the test part."""
MOST = 200_000
_VERSION = 1  # raised when the same scene gives other pixels
_SEEDS: dict[Split, int] = {"train": 0, "test": 1}


def scenes(size: int, channels: int, split: Split, *, count: int = 2000, without: Sequence[str] = ()) -> Material:
    """Three frames of each of `count` scenes, or of 250 others for the test part.

    without   label sets, as "red cube, blue sphere", that no picture shows exactly

    Errors: `InputError` for a count or a size that cannot be; `UnknownName` for an object that is not known.
    """
    if not 1 <= count <= MOST:
        raise InputError("data.scenes", count, f"from 1 to {MOST:,}")
    if not SMALLEST <= size <= LARGEST:
        raise InputError("data.size", size, f"from {SMALLEST} to {LARGEST} pixels for scenes")
    seed, number = _SEEDS[split], count if split == "train" else TEST
    held_out = forbidden(without)
    chosen = [choose(seed, index, held_out) for index in range(number)]

    def picture(index: int) -> Pixels:
        scene, frame = divmod(index, FRAMES)
        made = compose(chosen[scene], scene_seed(seed, scene), ICLEVR).first(frame + 1)
        return fit(Image.fromarray(draw(made, size)), size, channels)

    left = f", {len(held_out)} label sets held out" if held_out else ""
    return Material(
        words=f"{number:,} drawn scenes, {split} part{left}", class_names=NAMES, picture=picture,
        identity=digest("scenes", _VERSION, split, number, sorted(map(sorted, held_out)), repr(ICLEVR)),
        labels=tuple(range(FRAMES * number)), groups=tuple(index // FRAMES for index in range(FRAMES * number)),
        sets=multi_hot([names[: frame + 1] for names in chosen for frame in range(FRAMES)]).numpy())
