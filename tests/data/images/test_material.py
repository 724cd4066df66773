import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genloom.data.images.archive import list_zip
from genloom.data.images.folder import list_folder
from genloom.data.images.layout import arrange
from genloom.data.images.listing import Listing
from genloom.data.images.material import Material, from_array, from_files, from_idx
from genloom.errors import DataError


def of(listing: Listing) -> Material:
    return from_files(listing, arrange(listing.entries).train, 12, 3, "pictures")


def write_idx(path: Path, array: np.ndarray) -> Path:  # type: ignore[type-arg]
    path.write_bytes(bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}L", *array.shape)
                     + array.astype(np.uint8).tobytes())
    return path


def test_files_are_decoded_and_what_cannot_be_is_named_with_the_reason(tree: Callable[..., Path]) -> None:
    root = tree("a/1.png", "b/2.png")
    (root / "b" / "3.png").write_text("no picture")
    (root / "b" / "4.png").symlink_to(root / "nowhere")
    material = of(list_folder(root))
    assert (material.labels, material.class_names) == ((0, 1, 1, 1), ("a", "b"))
    assert np.array_equal(material.picture(1), np.full((3, 12, 12), 1))
    assert material.picture(2) == "b/3.png: not a picture of a known kind"
    assert material.picture(3) == "b/4.png: not a file that is there"


def test_a_damaged_member_of_a_zip_is_named(tmp_path: Path, png: Callable[..., bytes]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as stream:
        stream.writestr("x/1.png", png())
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[80] ^= 1
    (tmp_path / "a.zip").write_bytes(content)
    reason = of(list_zip(tmp_path / "a.zip")).picture(0)
    assert isinstance(reason, str)
    assert reason.startswith("x/1.png: cannot be read: Bad CRC-32")


def test_the_identity_follows_the_content(tree: Callable[..., Path], png: Callable[..., bytes]) -> None:
    root = tree("a.png", "b.png")
    first = of(list_folder(root)).identity
    assert of(list_folder(root)).identity == first
    (root / "a.png").write_bytes(png("red"))
    changed = of(list_folder(root)).identity
    (root / "b.png").rename(root / "c.png")
    assert len({first, changed, of(list_folder(root)).identity}) == 3


def test_a_zip_has_the_same_identity_wherever_it_lies(tmp_path: Path, png: Callable[..., bytes]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as stream:
        stream.writestr("1.png", png())
    (tmp_path / "b.zip").write_bytes((tmp_path / "a.zip").read_bytes())
    assert of(list_zip(tmp_path / "a.zip")).identity == of(list_zip(tmp_path / "b.zip")).identity


def test_idx_files_give_pictures_and_classes(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    pair = write_idx(tmp_path / "p", pixels), write_idx(tmp_path / "l", np.array([3, 0, 9, 3]))
    material = from_idx(*pair, 28, 1, "digits")
    assert (material.labels, material.class_names) == ((3, 0, 9, 3), tuple("0123456789"))
    assert np.array_equal(material.picture(2)[0], pixels[2])
    other = from_idx(write_idx(tmp_path / "p", pixels[::-1]), pair[1], 28, 1, "digits")
    assert other.identity != material.identity


def test_pictures_and_labels_of_different_sets_are_refused(tmp_path: Path) -> None:
    pair = write_idx(tmp_path / "p", np.zeros((4, 9, 9))), write_idx(tmp_path / "l", np.zeros(3))
    with pytest.raises(DataError, match=r"4 pictures and .* 3 labels"):
        from_idx(*pair, 9, 1, "digits")


def test_pictures_in_memory_are_handed_on() -> None:
    pixels = np.arange(2 * 3 * 8 * 8, dtype=np.uint8).reshape(2, 3, 8, 8)
    material = from_array(pixels, [0, 1], ("a", "b"), "drawn")
    assert material.ready
    assert np.array_equal(material.picture(1), pixels[1])
