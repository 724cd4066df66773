import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genloom.data.images.labelsets import COLOURS, NAMES
from genloom.data.scenes.drawing import PAINT, Pixels, draw, render
from genloom.data.scenes.scene import CLEVR, Look, Scene, compose
from genloom.errors import InputError

PLAIN = Look(camera_jitter=0, lamp_jitter=0, grain=0)


def moved(scene: Scene, *places: tuple[float, float]) -> Scene:
    return replace(scene, bodies=tuple(replace(body, x=x, y=y) for body, (x, y) in zip(
        scene.bodies, places, strict=True)))


def centre(picture: Pixels) -> Pixels:
    """The colour in the middle of the first object."""
    middle: Pixels = picture[25:31, 30:34].reshape(-1, 3).mean(0)
    return middle


def test_a_picture_is_a_function_of_labels_seed_and_size_in_every_process() -> None:
    labels = ["red sphere", "blue cube"]
    picture = render(labels, 3)
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8
    assert (picture == render(labels, 3)).all()
    assert (picture != render(labels, 4)).any()
    code = ("import hashlib; from genloom.data.scenes.drawing import render; "
            "print(hashlib.sha256(render(['red sphere', 'blue cube'], 3).tobytes()).hexdigest())")
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                           env={**os.environ, "PYTHONHASHSEED": "1"}).stdout
    assert other.strip() == hashlib.sha256(picture.tobytes()).hexdigest()


@pytest.mark.parametrize("colour", COLOURS)
def test_an_object_has_its_own_colour_and_no_other_is_nearer(colour: str) -> None:
    for shape in ("cube", "sphere", "cylinder"):
        seen = centre(render([f"{colour} {shape}"], 0, look=PLAIN)) / 255.0
        tint = {name: np.array(paint) / sum(paint) for name, paint in PAINT.items()}
        light = seen**2.2 / (seen**2.2).sum()
        near = min(tint, key=lambda name: float(abs(tint[name] - light).sum()))
        assert near == colour


def test_the_nearer_object_covers_the_farther_one_whatever_their_order() -> None:
    names = ["red sphere", "blue sphere"]
    for order in (names, names[::-1]):
        scene = compose(order, 0, PLAIN)
        places = {"red sphere": (0.0, 0.0), "blue sphere": (1.1, -0.95)}  # the second on the way to the camera
        picture = draw(moved(scene, *(places[name] for name in order)))
        alone = draw(moved(compose(["blue sphere"], 0, PLAIN), (1.1, -0.95)))
        blue = alone[..., 2].astype(int) - alone[..., 0] > 40
        assert blue.sum() > 60
        assert abs(picture.astype(int) - alone)[blue].max() < 25  # red light and shadow aside, the same


def test_a_further_object_changes_the_picture_where_it_stands_and_where_its_shadow_falls() -> None:
    scene = compose(["red sphere", "blue cube", "green cylinder"], 1)
    before, after = (draw(scene.first(count)).astype(int) for count in (2, 3))
    changed = abs(before - after).max(-1) > 8
    assert 0.01 < changed.mean() < 0.2


def test_edges_are_mixtures_of_what_is_on_both_sides() -> None:
    scene = compose(["yellow sphere"], 0, replace(PLAIN, samples=4))
    fine = draw(scene, 256).reshape(64, 4, 64, 4, 3).astype(float).mean((1, 3))
    coarse = draw(scene, 64).astype(float)
    jagged = draw(compose(["yellow sphere"], 0, replace(PLAIN, samples=1)), 64).astype(float)
    assert abs(fine - coarse).mean() < 1.0
    assert abs(fine - coarse).max() < 0.7 * abs(fine - jagged).max()


def test_size_is_a_matter_of_resolution_alone_and_extreme_ones_are_refused() -> None:
    small, large = render(["cyan cube"], 0, 32, look=PLAIN), render(["cyan cube"], 0, 128, look=PLAIN)
    assert abs(large.reshape(32, 4, 32, 4, 3).mean((1, 3)) - small).mean() < 1.5
    for size in (15, 1025):
        with pytest.raises(InputError, match="size"):
            render(["cyan cube"], 0, size)


def test_shadows_darken_the_floor_and_metal_is_not_rubber() -> None:
    empty = draw(replace(compose(["red cube"], 0, PLAIN), bodies=())).astype(int)
    with_one = draw(compose(["gray cube"], 0, PLAIN)).astype(int)
    assert (empty - with_one)[35:39, 24:30].mean() > 4
    metal = replace(PLAIN, materials=("metal",))
    assert abs(render(["red sphere"], 0, look=metal).astype(int) - render(["red sphere"], 0, look=PLAIN)).max() > 30
    assert render(["red sphere", "gray cube"], 2, look=CLEVR).std() > 5


def test_what_stands_outside_of_the_picture_is_no_error() -> None:
    picture = draw(moved(compose(["red cube"], 0, PLAIN), (20.0, -20.0)))
    assert picture.shape == (64, 64, 3)


@pytest.mark.slow
def test_two_hundred_scenes_of_three_objects_take_less_than_a_second_of_one_core() -> None:
    labels = ["red sphere", "blue cube", "green cylinder"]
    render(labels, 0)
    start = time.process_time()
    for seed in range(200):
        render(labels, seed)
    assert time.process_time() - start < 1


@pytest.mark.real_data
def test_colours_and_light_are_those_of_the_real_pictures() -> None:
    """33 real scenes: first objects' colours, under other lamps, are 8 of 255 levels off, the floor 4 on average."""
    from PIL import Image

    folder = Path(os.environ["GENLOOM_DATA"]) / "iclevr"
    labels = json.loads((folder / "train.json").read_text())
    found, drawn = [], []
    for path in sorted((folder / "sample").glob("*_0.png")):
        found.append(np.asarray(Image.open(path).convert("RGB")).astype(float))
        drawn.append(render(labels[path.name], len(drawn)).astype(float))
    off = [abs(centre(one.astype(np.uint8)) - centre(two.astype(np.uint8))).mean()
           for one, two in zip(found, drawn, strict=True)]
    assert np.mean(off) < 8
    real, made = np.median(found, 0), np.median(drawn, 0)
    aside = np.ones((64, 64), bool)
    aside[16:44, 20:44] = False
    assert abs(real - made)[aside].mean() < 4
    assert set(NAMES) >= {name for names in labels.values() for name in names}
