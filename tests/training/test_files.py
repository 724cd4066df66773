import errno

import pytest

from genloom.errors import DiskFullError
from genloom.training import files


def test_atomic_write_replaces_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "a.json"
    files.write_atomically(path, b"old")
    files.write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_atomic_write_keeps_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    files.write_atomically(path, b"old")

    def fail(*_):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(files, "write_bytes", fail)
    with pytest.raises(OSError, match="broken"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_file_that_comes_bit_by_bit_is_old_or_new(tmp_path):
    path = tmp_path / "long.txt"
    for content in (b"first", b"second"):
        with files.replacing(path) as file:
            for k in range(len(content)):
                file.write(content[k : k + 1])
                assert not path.exists() if content == b"first" else path.read_bytes() == b"first"
        assert path.read_bytes() == content

    def half() -> None:
        with files.replacing(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert path.read_bytes() == b"second"
    assert [each.name for each in tmp_path.iterdir()] == ["long.txt"]


def test_rows_leave_out_torn_and_foreign_lines(tmp_path):
    path = tmp_path / "log.jsonl"
    files.append_line(path, {"step": 1})
    with path.open("ab") as file:
        file.write(b'not json\n[1]\n{"step": 2}\n{"step": 3')
    assert files.read_rows(path) == [{"step": 1}, {"step": 2}]
    assert files.read_rows(tmp_path / "none") == []


def test_full_disk_names_path_needed_and_free(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "free_bytes", lambda _: 1_000_000)
    with pytest.raises(DiskFullError, match=r"5\.0 MB needed, 1\.0 MB free") as caught:
        files.require_room(tmp_path, 5_000_000)
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(DiskFullError), files.explain_full_disk(tmp_path, 10):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="other"), files.explain_full_disk(tmp_path, 10):
        raise OSError(errno.EIO, "other")
