import json
from pathlib import Path

import pytest
from PIL import Image

from genloom.data.images.course import conditions
from genloom.data.images.images import images
from genloom.data.images.labelsets import NAMES, named
from genloom.data.scenes import write_scenes
from genloom.errors import InputError, UnknownName


def test_the_course_s_layout_is_written_and_read_again(tmp_path: Path) -> None:
    done: list[int] = []
    assert write_scenes(tmp_path / "out", 4, size=32, progress=done.append) == 12
    assert done == [1, 2, 3, 4]
    labels = json.loads((tmp_path / "out/train.json").read_text())
    assert [len(labels[f"CLEVR_train_000002_{frame}.png"]) for frame in range(3)] == [1, 2, 3]
    assert list(json.loads((tmp_path / "out/objects.json").read_text())) == list(NAMES)
    got = images("iclevr", folder=tmp_path / "out", size=32)
    assert (len(got), got.skipped, got.class_names) == (12, (), NAMES)
    assert got.labels is not None
    assert sorted(map(sorted, named(got.labels))) == sorted(map(sorted, labels.values()))
    assert len(conditions("new_test", folder=tmp_path / "out")) == 32


def test_the_same_seed_writes_the_same_pictures_and_frames_share_their_scene(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_scenes(tmp_path / name, 2, seed, size=16)
    a, b, c = ({path.name: path.read_bytes() for path in (tmp_path / name / "iclevr").iterdir()} for name in "abc")
    assert a == b != c
    with Image.open(tmp_path / "a/iclevr/CLEVR_train_000000_0.png") as image:
        assert (image.size, image.mode) == ((16, 16), "RGB")


def test_what_is_held_out_is_not_written(tmp_path: Path) -> None:
    held_out = [name for name in NAMES if name.endswith(("cube", "sphere"))]
    write_scenes(tmp_path / "out", 8, size=16, without=held_out)
    labels = json.loads((tmp_path / "out/train.json").read_text())
    assert all(names[0].endswith("cylinder") for file, names in labels.items() if file.endswith("_0.png"))


def test_nothing_is_written_over_and_mistakes_are_named(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("x")
    with pytest.raises(InputError, match="an empty folder"):
        write_scenes(tmp_path / "mine", 1)
    with pytest.raises(InputError, match="count"):
        write_scenes(tmp_path / "out", 0)
    with pytest.raises(UnknownName, match=r"data\.without"):
        write_scenes(tmp_path / "out", 1, without=["red cub"])
    assert not (tmp_path / "out").exists()
