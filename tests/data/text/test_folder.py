import gzip
import os
from pathlib import Path

import pytest

from genloom.data.text.folder import read_folder
from genloom.errors import DataError


def tree(root: Path, **files: bytes) -> Path:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def test_all_texts_below_it_in_the_order_of_their_names(tmp_path: Path) -> None:
    root = tree(tmp_path, b_dot_md=b"b", sub__a_dot_txt=b"sub a", a=b"a", sub__deep__c=b"c",
                z_dot_gz=gzip.compress(b"z"))
    found, told = read_folder(root)
    assert [(each.name, each.read(0, each.bytes)) for each in found] == [
        ("a", b"a"), ("b.md", b"b"), ("sub/a.txt", b"sub a"), ("sub/deep/c", b"c"), ("z.gz", b"z")]
    assert told == ""


def test_hidden_binary_and_empty_files_are_left_out_and_counted(tmp_path: Path) -> None:
    root = tree(tmp_path, a=b"text", picture_dot_png=b"\x89PNG\0\0", none=b"", _dot_git__config=b"x", _dot_hidden=b"x")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    found, told = read_folder(root)
    assert [each.name for each in found] == ["a"]
    assert told == " (left out: 1 binary, 1 empty, 2 hidden, 1 no plain files)"


def test_byte_order_marks_are_told(tmp_path: Path) -> None:
    assert read_folder(tree(tmp_path, a=b"\xef\xbb\xbftext", b=b"text"))[1] == ", 1 byte order marks left out"


def test_text_in_another_coding_is_an_error_that_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^sub/a\.txt: not UTF-8 at byte 3"):
        read_folder(tree(tmp_path, b=b"text", sub__a_dot_txt=b"caf\xe9"))


def test_a_folder_without_text_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no text file; .*python-docs"):
        read_folder(tmp_path)
    with pytest.raises(DataError, match=r"has no text file \(left out: 1 binary\)"):
        read_folder(tree(tmp_path, a=b"\0"))


def test_a_broken_packed_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_folder(tree(tmp_path, a_dot_gz=b"no gzip"))


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "closed").mkdir()
    look = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match="closed: cannot be read: Permission denied"):
        read_folder(tmp_path)
