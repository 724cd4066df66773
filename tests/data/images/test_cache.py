import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from genloom.data import once, store
from genloom.data.images.cache import Block, Stored, stored
from genloom.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (10, 3, 4, 4), np.uint8)


def blocks() -> Iterator[Block]:
    yield Block(PIXELS[:6], [0, 1, 2, 3, 4, 5], ["a.png: damaged"])
    yield Block(PIXELS[:0].reshape(0, 0, 0, 0), [], ["b.png: damaged", "c.png: damaged"])
    yield Block(PIXELS[6:], [6, 7, 8, 9], [])


def never() -> Iterator[Block]:
    raise AssertionError("made again")


def check(got: Stored) -> None:
    assert np.array_equal(got.pictures.numpy(), PIXELS)
    assert got.manifest.labels == tuple(range(10))
    assert got.manifest.skipped == ("a.png: damaged", "b.png: damaged", "c.png: damaged")


def test_pictures_are_made_once_and_then_mapped(cache: Path) -> None:
    check(stored("key", blocks, 0))
    check(stored("key", never, 0))
    assert sorted(path.name for path in (cache / "images" / "key").iterdir()) == ["manifest.json", "pictures.u8"]


def test_another_key_is_made_anew() -> None:
    stored("one", blocks, 0)
    with pytest.raises(AssertionError, match="made again"):
        stored("two", never, 0)


def test_writing_to_the_pictures_leaves_the_file_alone() -> None:
    stored("key", blocks, 0).pictures.zero_()
    check(stored("key", never, 0))


@pytest.mark.parametrize("name", ["manifest.json", "pictures.u8"])
def test_every_flipped_bit_and_every_truncation_is_noticed_and_made_good(cache: Path, name: str) -> None:
    stored("key", blocks, 0)
    path = cache / "images" / "key" / name
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:at] + bytes((whole[at] ^ 1 << at % 8,)) + whole[at + 1 :])
        check(stored("key", blocks, 0))
        path.write_bytes(whole[:at])
        check(stored("key", blocks, 0))
        assert path.read_bytes() == whole


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '{"body": 3, "sha256": ""}', "{" * 5000])
def test_a_manifest_that_is_something_else_is_made_anew(cache: Path, content: str) -> None:
    stored("key", blocks, 0)
    (cache / "images" / "key" / "manifest.json").write_text(content)
    check(stored("key", blocks, 0))


def test_a_build_that_fails_leaves_nothing(cache: Path) -> None:
    def broken() -> Iterator[Block]:
        yield next(blocks())
        raise DataError("no more")

    with pytest.raises(DataError, match="no more"):
        stored("key", broken, 0)
    assert [path.name for path in (cache / "images").iterdir()] == ["key.lock"]
    check(stored("key", blocks, 0))


def test_a_set_without_pictures_is_not_stored(cache: Path) -> None:
    got = stored("key", lambda: iter([Block(PIXELS[:0], [], ["a.png: damaged"])]), 0)
    assert (len(got.pictures), got.manifest.skipped) == (0, ("a.png: damaged",))
    assert not (cache / "images" / "key").exists()


def test_where_nothing_can_be_written_memory_serves(cache: Path) -> None:
    cache.write_text("a file where a folder should be")
    check(stored("key", blocks, 100))
    assert len(stored("key", lambda: iter([Block(PIXELS[:0], [], ["a"])]), 0).pictures) == 0
    with pytest.raises(DataError, match=r"need 8\.6 GB there and cannot be written"):
        stored("key", blocks, 1 << 33)


def test_what_a_killed_process_left_is_swept_after_a_day(cache: Path) -> None:
    for name, age in ((".new-old", 2 * 86400), (".new-young", 60)):
        (cache / "images" / name).mkdir(parents=True)
        (cache / "images" / name / "pictures.u8").write_bytes(b"half")
        os.utime(cache / "images" / name, (time.time() - age,) * 2)
    stored("key", blocks, 0)
    assert {path.name for path in (cache / "images").glob(".new-*")} == {".new-young"}


def _build(folder: Path, log: Path, locked: bool) -> None:
    store.cache = lambda: folder
    if not locked:
        once._turn = _no_turn  # type: ignore[assignment]

    def noted() -> Iterator[Block]:
        with log.open("a") as stream:
            stream.write("made\n")
        for block in blocks():
            time.sleep(0.1)
            yield block

    check(stored("key", noted, 0))


class _no_turn:  # noqa: N801
    def __init__(self, _: Path) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize("locked", [True, False])
def test_processes_that_build_at_once_all_get_the_same(tmp_path: Path, locked: bool) -> None:
    """With locks one makes the set for all; without, all make it and one copy is kept."""
    context = multiprocessing.get_context("fork")
    log = tmp_path / "log"
    workers = [context.Process(target=_build, args=(tmp_path / "shared", log, locked)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert not locked or log.read_text() == "made\n"
    assert not list((tmp_path / "shared" / "images").glob(".new-*"))


def test_the_tensor_can_be_indexed_like_any_other() -> None:
    got = stored("key", blocks, 0).pictures
    assert got.dtype == torch.uint8
    assert np.array_equal(got.index_select(0, torch.tensor([3, 3, 1])).numpy(), PIXELS[[3, 3, 1]])
