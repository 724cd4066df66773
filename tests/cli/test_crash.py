"""Unexpected failures leave a traceback where it can be found."""

import errno
from pathlib import Path

import pytest

from genloom.cli.crash import Crash, save_traceback, saved_in
from genloom.errors import CheckpointError, DiskFullError, InputError


def test_the_traceback_is_in_the_run(tmp_path: Path) -> None:
    with pytest.raises(Crash, match=r"KeyError: 'x' \(unexpected; traceback in .*traceback.txt\)"), saved_in(tmp_path):
        raise KeyError("x")
    assert "KeyError" in (tmp_path / "traceback.txt").read_text()


def test_what_is_explained_already_passes(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"^a$"), saved_in(tmp_path):
        raise CheckpointError("a")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("number", "kind", "said"), [
    (errno.ENOSPC, DiskFullError, "no room to write /a"), (errno.EACCES, InputError, "path = '/a': must be usable"),
    (errno.EEXIST, InputError, "path = '/a': must be usable"), (errno.ENOENT, InputError, "path = '/a'"),
    (errno.EIO, Crash, "OSError")])
def test_what_the_system_refuses(number: int, kind: type[Exception], said: str, tmp_path: Path) -> None:
    with pytest.raises(kind, match=said), saved_in(tmp_path):
        raise OSError(number, "no", "/a")


def test_memory_has_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(Crash, match="smaller --engine"), saved_in(tmp_path):
        raise RuntimeError("CUDA out of memory")


def test_a_folder_that_cannot_be_written_is_no_second_failure(tmp_path: Path) -> None:
    place = Path(save_traceback("text", tmp_path / "none"))
    assert place.read_text() == "text"
    place.unlink()
