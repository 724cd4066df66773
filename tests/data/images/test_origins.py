import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from genloom.data import store
from genloom.data.images.origins import find, folder_has_test
from genloom.errors import DataError, InputError


def names(folder: str | Path, split: str = "train") -> tuple[str, tuple[str, ...]]:
    found = find("folder", 12, 3, folder=folder, data_root=None, split=split)  # type: ignore[arg-type]
    return found.words, found.class_names


def test_a_folder_and_its_zip_are_the_same(tree: Callable[..., Path], tmp_path: Path) -> None:
    root = tree("train/cat/1.png", "train/dog/2.png", "test/cat/3.png")
    with zipfile.ZipFile(tmp_path / "animals.zip", "w") as stream:
        for path in root.rglob("*.png"):
            stream.write(path, path.relative_to(tmp_path))
    assert names(root) == ("pictures, train part", ("cat", "dog"))
    assert names(tmp_path / "animals.zip") == ("animals.zip, train part", ("cat", "dog"))
    assert folder_has_test(root)
    assert folder_has_test(tmp_path / "animals.zip")
    assert len(find("folder", 12, 3, folder=root, data_root=None, split="test").labels) == 1


def test_a_part_that_is_not_there_is_refused_with_the_remedy(tree: Callable[..., Path]) -> None:
    root = tree("1.png")
    assert not folder_has_test(root)
    with pytest.raises(InputError, match=r"no test part; keep some pictures back with --data.holdout"):
        names(root, "test")


def test_a_folder_that_is_missing_or_holds_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not-there: no such folder"):
        names(tmp_path / "not-there")
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "a.txt").write_text("x")
    with pytest.raises(DataError, match="holds no picture, but 1 other files"):
        names(tmp_path / "words")
    with pytest.raises(DataError, match="neither a folder nor a ZIP"):
        names(tmp_path / "words" / "a.txt")
    with pytest.raises(InputError, match=r"pass --data.folder DIR"):
        names("")


def test_a_folder_of_idx_files_is_read_as_such(tmp_path: Path) -> None:
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(bytes((0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 8))
                                                             + bytes(128))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(bytes((0, 0, 8, 1, 0, 0, 0, 2, 7, 11)))
    assert names(tmp_path)[1] == tuple(str(i) for i in range(12))
    assert names(tmp_path, "test")[0].endswith("test part")
    assert folder_has_test(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    assert not folder_has_test(tmp_path)
    with pytest.raises(InputError, match="no test part"):
        names(tmp_path, "test")


@pytest.mark.parametrize(("source", "instead"), [("mnist", "digits"), ("cats64", "shapes"), ("iclevr", "scenes")])
def test_pictures_that_are_not_at_hand_have_others_that_need_no_files(source: str, instead: str, tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(store.DATA_ROOT_VARIABLE, raising=False)
    with pytest.raises(DataError, match=f"is not in .*; or pass --data.source {instead}, which needs no files$"):
        find(source, 16, 1, folder="", data_root=tmp_path, split="train")
    assert len(find(instead, 16, 3, folder="", data_root=tmp_path, split="train", scenes=4).labels)


def test_one_s_own_folder_has_no_other_in_its_place(tree: Callable[..., Path],
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(store.DATA_ROOT_VARIABLE, raising=False)
    with pytest.raises(DataError) as caught:
        find("iclevr", 16, 3, folder=tree("a.png"), data_root=None, split="train")
    assert "scenes" not in str(caught.value)
