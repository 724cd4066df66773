"""Files of samples are what they say: each picture whole, in a ZIP that is read again as a set of pictures."""

import hashlib
from pathlib import Path

import torch

from genloom.data.images.images import images
from genloom.recipes.show_pictures import nearest, write_samples
from genloom.report.provenance import read_provenance

PICTURES = torch.randint(256, (9, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_the_zip_holds_the_same_bytes_and_is_the_same_every_time(tmp_path: Path) -> None:
    sheet, archive = write_samples(PICTURES, tmp_path, {"recipe": "small"})
    assert read_provenance(sheet)["recipe"] == "small"
    back = images("folder", size=8, folder=archive)
    assert {picture.numpy().tobytes() for picture in back.pictures} == {p.numpy().tobytes() for p in PICTURES}
    first = hashlib.sha256(archive.read_bytes()).hexdigest()
    write_samples(PICTURES, tmp_path, {"recipe": "small"})
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == first


def test_grey_pictures_are_written_as_grey_ones(tmp_path: Path) -> None:
    archive = write_samples(PICTURES[:, :1], tmp_path, {})[1]
    back = images("folder", size=8, channels=1, folder=archive)
    assert {picture.numpy().tobytes() for picture in back.pictures} == {p.numpy().tobytes() for p in PICTURES[:, :1]}


def test_the_nearest_picture_of_a_copy_is_its_original() -> None:
    order = torch.randperm(9, generator=torch.Generator().manual_seed(1))
    almost = (PICTURES[order].int() + 1).clamp(max=255).to(torch.uint8)
    assert torch.equal(nearest(almost, PICTURES, block=4), order)
