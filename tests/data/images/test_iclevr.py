import io
import json
import lzma
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genloom.data import sources
from genloom.data.images.images import has_test, images
from genloom.data.images.imageset import split
from genloom.data.images.labelsets import NAMES, multi_hot, named
from genloom.data.scenes import write_scenes
from genloom.errors import DataError, InputError, UnknownName


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Five scenes in the course's layout."""
    write_scenes(tmp_path / "lab", 5, size=16)
    return tmp_path / "lab"


def relabel(lab: Path, change: dict[str, object]) -> None:
    labels = json.loads((lab / "train.json").read_text()) | change
    (lab / "train.json").write_text(json.dumps({file: names for file, names in labels.items() if names is not None}))


def test_pictures_come_with_label_sets_and_frames_of_a_scene_together(lab: Path) -> None:
    got = images("iclevr", folder=lab, size=16)
    assert got.sets
    assert got.labels is not None
    assert got.groups is not None
    assert (got.labels.dtype, got.labels.shape, got.classes) == (torch.uint8, (15, 24), 24)
    assert got.labels.view(5, 3, 24).sum(-1).tolist() == [[1, 2, 3]] * 5
    assert (got.groups.view(5, 3) == got.groups.view(5, 3)[:, :1]).all()
    assert not has_test("iclevr")
    with pytest.raises(InputError, match="no test part"):
        images("iclevr", folder=lab, size=16, split="test")


def test_a_zip_of_the_folder_is_the_same_set(lab: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "packed"), "zip", lab)
    assert images("iclevr", folder=tmp_path / "packed.zip", size=16).digest == images("iclevr", folder=lab,
                                                                                     size=16).digest


def test_held_out_sets_are_absent_in_any_order_and_their_parts_stay(lab: Path) -> None:
    labels = json.loads((lab / "train.json").read_text())
    pair = labels["CLEVR_train_000001_1.png"]
    got = images("iclevr", folder=lab, size=16, without=[", ".join(reversed(pair))])
    assert got.labels is not None
    assert len(got) == 14
    assert not (got.labels == multi_hot([pair])).all(1).any()
    assert tuple(sorted(pair[:1])) in named(got.labels)
    assert "1 label sets held out" in got.description
    with pytest.raises(UnknownName, match=r"data\.without"):
        images("iclevr", folder=lab, size=16, without=["red cub"])
    with pytest.raises(InputError, match="no label sets"):
        images("shapes", size=16, without=["red cube"])
    with pytest.raises(InputError, match=r"several labels.*data\.without"):
        images("iclevr", folder=lab, size=16, category="red cube")


def test_pictures_that_are_missing_damaged_or_not_named_are_left_out_or_refused(lab: Path) -> None:
    (lab / "iclevr/CLEVR_train_000000_1.png").unlink()
    (lab / "iclevr/CLEVR_train_000001_1.png").write_bytes(b"nothing")
    shutil.copy(lab / "iclevr/CLEVR_train_000002_1.png", lab / "iclevr/other.png")
    got = images("iclevr", folder=lab, size=16)
    assert len(got) == 13
    assert [line.partition(":")[0] for line in sorted(got.skipped)] == [
        "CLEVR_train_000000_1.png", "iclevr/CLEVR_train_000001_1.png"]
    with pytest.raises(DataError, match="2 files cannot be used"):
        images("iclevr", folder=lab, size=16, strict=True)


def test_one_name_at_two_places_is_refused(lab: Path) -> None:
    (lab / "more").mkdir()
    shutil.copy(lab / "iclevr/CLEVR_train_000000_0.png", lab / "more")
    with pytest.raises(DataError, match="twice, as iclevr/"):
        images("iclevr", folder=lab, size=16)


@pytest.mark.parametrize(("change", "words"), [
    ({"CLEVR_train_000000_0.png": ["red cubes"]}, r"000000_0\.png: label = 'red cubes'.*did you mean 'red cube'"),
    ({"CLEVR_train_000000_0.png": []}, "one object or more"),
    ({"CLEVR_train_000000_0.png": ["red cube", "red cube"]}, "an object twice")])
def test_wrong_labels_are_refused(lab: Path, change: dict[str, object], words: str) -> None:
    relabel(lab, change)
    with pytest.raises(DataError, match=words):
        images("iclevr", folder=lab, size=16)


def test_a_changed_label_changes_the_set(lab: Path) -> None:
    before = images("iclevr", folder=lab, size=16).digest
    old = json.loads((lab / "train.json").read_text())["CLEVR_train_000000_0.png"]
    relabel(lab, {"CLEVR_train_000000_0.png": ["red cube" if old != ["red cube"] else "blue cube"]})
    assert images("iclevr", folder=lab, size=16).digest != before


def test_a_folder_of_other_pictures_or_none_is_refused(lab: Path, tmp_path: Path, tree: object) -> None:
    other = tree("a.png")  # type: ignore[operator]
    shutil.copy(lab / "train.json", other)
    shutil.copy(lab / "objects.json", other)
    with pytest.raises(DataError, match="none of its 1 pictures is named in"):
        images("iclevr", folder=other, size=16)
    with pytest.raises(DataError, match="no such folder"):
        images("iclevr", folder=tmp_path / "nowhere", size=16)


def test_the_packed_array_is_read_in_the_order_of_the_sorted_names(monkeypatch: pytest.MonkeyPatch,
                                                                   tmp_path: Path) -> None:
    files = [f"CLEVR_train_{scene:06d}_{frame}.png" for scene in range(4) for frame in range(3)]
    labels = {file: list(NAMES[number : number + 1 + number % 3]) for number, file in enumerate(files)}
    array = np.arange(12, dtype=np.uint8).reshape(-1, 1, 1, 1).repeat(16, 1).repeat(16, 2).repeat(3, 3)

    def put(pixels: np.ndarray) -> None:  # type: ignore[type-arg]
        stream = io.BytesIO()
        np.save(stream, pixels)
        contents = {"iclevr/iclevr64_train.npy.xz": lzma.compress(stream.getvalue()),
                    "iclevr/train.json": json.dumps(dict(reversed(labels.items()))).encode(),
                    "iclevr/objects.json": json.dumps({name: i for i, name in enumerate(NAMES)}).encode()}
        for path, content in contents.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(content)
        for name in ("iclevr", "iclevr-images"):
            known = tuple(replace(file, sha256=_sha256(tmp_path / file.path)) for file in _REGISTERED[name].files
                          if (tmp_path / file.path).exists())
            monkeypatch.setitem(sources.SOURCES, name, replace(_REGISTERED[name], files=known))

    put(array)
    got = images("iclevr", size=16, data_root=tmp_path)
    assert got.labels is not None
    for picture, names in zip(got.pictures, named(got.labels), strict=True):
        assert labels[files[int(picture[0, 0, 0])]] == list(names)
    put(array[:11])
    with pytest.raises(DataError, match="one picture for each"):
        images("iclevr", size=16, data_root=tmp_path)


_REGISTERED = {name: sources.SOURCES[name] for name in ("iclevr", "iclevr-images")}


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.real_data
def test_the_real_sample_is_read_and_split_by_scene() -> None:
    root = Path(os.environ["GENLOOM_DATA"])
    got = images("iclevr", folder=root / "iclevr/sample", size=64, data_root=root)
    assert got.pictures.shape == (99, 3, 64, 64)
    assert len(got.skipped) == 17_910
    train, kept = split(got, 0.15)
    assert train.groups is not None
    assert kept.groups is not None
    assert (len(train), len(kept)) == (84, 15)
    assert not set(train.groups.tolist()) & set(kept.groups.tolist())


@pytest.mark.real_data
@pytest.mark.slow
def test_the_packed_array_agrees_with_the_original_files() -> None:
    root = Path(os.environ["GENLOOM_DATA"])
    whole = images("iclevr", size=64, data_root=root)
    sample = images("iclevr", folder=root / "iclevr/sample", size=64, data_root=root)
    assert whole.pictures.shape == (18_009, 3, 64, 64)
    assert whole.groups is not None
    assert sample.groups is not None
    assert whole.labels is not None
    assert sample.labels is not None
    for group in sample.groups.unique()[:5]:
        assert (whole.pictures[whole.groups == group] == sample.pictures[sample.groups == group]).all()
        assert (whole.labels[whole.groups == group] == sample.labels[sample.groups == group]).all()
