import os
import time
from pathlib import Path

import pytest

from genloom.data.once import once, read_manifest, sha256_of, write_manifest


def make(folder: Path) -> None:
    (folder / "content").write_bytes(b"content")
    write_manifest(folder, {"sha256": sha256_of(folder / "content")})


def never(folder: Path) -> None:
    raise AssertionError("made again")


def opened(folder: Path) -> bytes | None:
    values = read_manifest(folder)
    path = folder / "content"
    return path.read_bytes() if values and path.exists() and sha256_of(path) == values["sha256"] else None


def test_it_is_made_once(tmp_path: Path) -> None:
    assert once(tmp_path / "a" / "key", make, opened) == b"content"
    assert once(tmp_path / "a" / "key", never, opened) == b"content"


@pytest.mark.parametrize("name", ["content", "manifest.json"])
def test_what_is_altered_or_gone_is_made_anew(tmp_path: Path, name: str) -> None:
    once(tmp_path / "key", make, opened)
    path = tmp_path / "key" / name
    whole = path.read_bytes()
    for damaged in (whole[:-1], bytes((whole[0] ^ 1,)) + whole[1:], b"", b"null", b"[]", b"[" * 10**5):
        path.write_bytes(damaged)
        assert once(tmp_path / "key", make, opened) == b"content"
        assert path.read_bytes() == whole
    path.unlink()
    assert once(tmp_path / "key", make, opened) == b"content"


def test_a_failure_leaves_nothing_but_the_lock(tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        make(folder)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        once(tmp_path / "key", broken, opened)
    assert [path.name for path in tmp_path.iterdir()] == ["key.lock"]


def test_nothing_may_be_worth_keeping(tmp_path: Path) -> None:
    assert once(tmp_path / "key", lambda _: False, opened) is None
    assert not (tmp_path / "key").exists()


def test_where_nothing_can_be_written_the_system_s_error_comes_through(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        once(tmp_path / "file" / "key", make, opened)
    with pytest.raises(OSError, match="does not hold what was written"):
        once(tmp_path / "key", make, lambda _: None)


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    for name, age in ((".new-old", 2 * 86400), (".new-young", 60)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    once(tmp_path / "key", make, opened)
    assert {path.name for path in tmp_path.glob(".new-*")} == {".new-young"}
