import os
from collections.abc import Callable
from pathlib import Path

import pytest

from genloom.data.images.folder import list_folder
from genloom.data.images.listing import MOST_BYTES
from genloom.data.images.picture import Unreadable
from genloom.errors import DataError


def test_pictures_are_listed_sorted_with_their_paths_and_others_are_counted(tree: Callable[..., Path]) -> None:
    root = tree("b/2.png", "a/1.png", "top.png")
    (root / "notes.txt").write_text("x")
    (root / ".DS_Store").write_bytes(b"")
    listing = list_folder(root)
    assert [entry.parts for entry in listing.entries] == [("a", "1.png"), ("b", "2.png"), ("top.png",)]
    assert listing.other == 2
    assert listing.read(listing.entries[2]) == (root / "top.png").read_bytes()


def test_a_changed_file_has_another_stamp(tree: Callable[..., Path]) -> None:
    root = tree("a.png")
    before = list_folder(root).entries[0]
    times = (root / "a.png").stat()
    (root / "a.png").write_bytes((root / "a.png").read_bytes())
    os.utime(root / "a.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list_folder(root).entries[0].size == before.size
    assert list_folder(root).entries[0].stamp != before.stamp  # the time of change cannot be set back


def test_linked_folders_are_entered_and_circles_end(tree: Callable[..., Path]) -> None:
    root, other = tree("a.png"), tree("b.png", root="elsewhere")
    (root / "linked").symlink_to(other)
    (other / "back").symlink_to(root)
    (root / "self").symlink_to(root)
    assert {entry.parts[-1] for entry in list_folder(root).entries} == {"a.png", "b.png"}


def test_what_is_no_file_is_unreadable_instead_of_waiting(tree: Callable[..., Path]) -> None:
    root = tree("a.png")
    os.mkfifo(root / "pipe.png")
    (root / "lost.png").symlink_to(root / "nowhere.png")
    listing = list_folder(root)
    for entry in listing.entries[1:]:
        with pytest.raises(Unreadable, match="not a file"):
            listing.read(entry)


def test_a_huge_file_is_not_read(tree: Callable[..., Path]) -> None:
    root = tree("a.png")
    with (root / "b.png").open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)
    listing = list_folder(root)
    with pytest.raises(Unreadable, match="more than"):
        listing.read(listing.entries[1])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused(tree: Callable[..., Path]) -> None:
    root = tree("in/a.png")
    (root / "in").chmod(0)
    with pytest.raises(DataError, match="cannot be read"):
        list_folder(root)
    (root / "in").chmod(0o755)
