import json
import os
import zipfile
from pathlib import Path

import pytest

from genloom.data.images.course import (
    Text,
    conditions,
    json_file,
    pictures_of,
    read_conditions,
    read_labels,
    read_objects,
    scene_of,
)
from genloom.data.images.labelsets import NAMES
from genloom.errors import DataError, UnknownName

FEW = ("red cube", "blue sphere")


def text(content: object) -> Text:
    return Text("t.json", content if isinstance(content, bytes) else json.dumps(content).encode())


def test_right_files_are_read() -> None:
    assert read_objects(text({"blue sphere": 1, "red cube": 0})) == FEW
    assert read_labels(text({"a_0.png": ["red cube"]}), FEW) == {"a_0.png": ("red cube",)}
    assert read_conditions(text([["red cube"], ["blue sphere", "red cube"]]), FEW) == (
        ("red cube",), ("blue sphere", "red cube"))


@pytest.mark.parametrize("content", [
    [], {}, ["red cube"], {"red cube": "0"}, {"red cube": True}, {"red cube": 1}, {"a": 0, "b": 0}, b"{", b"\xff\xfe",
    b'{"a": 0, "a": 1}', b"[" * 100_000, 7, None])
def test_wrong_objects_are_refused(content: object) -> None:
    with pytest.raises(DataError, match=r"t\.json"):
        read_objects(text(content))


@pytest.mark.parametrize(("content", "words"), [
    ([], "must map"), ({}, "must map"), ({"a.png": []}, r"a\.png must be a list"),
    ({"a.png": "red cube"}, r"a\.png must be a list"), ({"a.png": [3]}, "must be a list"),
    ({"a.png": ["red cubes"]}, "did you mean 'red cube'"), ({"a.png": ["red cube", "red cube"]}, "twice"),
    (b'{"a.png": ["red cube"], "a.png": ["blue sphere"]}', r"a\.png stands there twice"), (b"nonsense", "no JSON"),
    ({"a\x1b[31m.png": []}, "\N{REPLACEMENT CHARACTER}")])
def test_wrong_labels_are_refused_with_the_name_of_the_picture(content: object, words: str) -> None:
    with pytest.raises(DataError, match=words) as refused:
        read_labels(text(content), FEW)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("content", [{}, [], [[]], ["red cube"], [["red cube", "red cube"]], [["green cube"]]])
def test_wrong_conditions_are_refused(content: object) -> None:
    with pytest.raises(DataError, match=r"t\.json"):
        read_conditions(text(content), FEW)


def test_files_are_found_in_a_folder_below_it_in_a_zip_and_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    (folder / "file").mkdir(parents=True)
    (folder / "file/object.json").write_text('{"a": 0}')
    (folder / "file/train.json").write_text("{}")
    assert json_file("objects", folder, None).content == b'{"a": 0}'
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("iclevr/train.json", "[1]")
    assert json_file("train", tmp_path / "all.zip", None).content == b"[1]"
    (tmp_path / "objects.json").write_text('{"b": 0}')
    assert json_file("objects", tmp_path / "all.zip", None).content == b'{"b": 0}'


def test_missing_files_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    with pytest.raises(DataError, match="genloom data iclevr --fetch"):
        conditions("test", folder=tmp_path)
    with pytest.raises(UnknownName, match="did you mean 'new_test'"):
        conditions("newtest")
    assert len(conditions("test", source="scenes")) == 32


def test_pictures_are_those_of_the_only_zip_where_a_folder_has_none(tmp_path: Path, png: object) -> None:
    with pytest.raises(DataError, match="0 ZIP files"):
        pictures_of(tmp_path)
    with zipfile.ZipFile(tmp_path / "iclevr.zip", "w") as archive:
        archive.writestr("iclevr/CLEVR_train_000000_0.png", png())  # type: ignore[operator]
    assert [entry.parts[-1] for entry in pictures_of(tmp_path).entries] == ["CLEVR_train_000000_0.png"]


def test_frames_of_one_scene_are_told_by_their_names() -> None:
    assert scene_of("CLEVR_train_000012_2.png") == scene_of("CLEVR_train_000012_0.png") == "CLEVR_train_000012"
    assert scene_of("picture.png") == "picture.png"


@pytest.mark.real_data
def test_the_course_s_files_are_as_they_are_known() -> None:
    root = Path(os.environ["GENLOOM_DATA"])
    assert read_objects(json_file("objects", None, root)) == NAMES
    labels = read_labels(json_file("train", None, root), NAMES)
    assert len(labels) == 18_009
    assert len({scene_of(file) for file in labels}) == 6003
    seen = {frozenset(names) for names in labels.values()}
    test, new_test = (conditions(name, data_root=root) for name in ("test", "new_test"))
    assert (len(test), len(new_test)) == (32, 32)
    assert (sum(map(len, test)), sum(map(len, new_test))) == (72, 84)
    assert [sum(frozenset(names) in seen for names in sets) for sets in (test, new_test)] == [31, 32]
