import math

import pytest
import torch
from torch import Tensor

from genloom.data.images.augment import Augment, centre, to_floats, to_pictures
from genloom.errors import InputError
from genloom.rng import StepRng


def coordinates(count: int, size: int) -> Tensor:
    """Pictures whose pixel (y, x) holds y in channel 0 and x in channel 1."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return torch.stack((y, x)).to(torch.uint8).expand(count, 2, size, size)


def corners(cut: Tensor) -> Tensor:
    """(y, x, mirrored) of each square that was cut from `coordinates`."""
    levels = to_pictures(cut).long()
    mirrored = levels[:, 1, 0, 0] > levels[:, 1, 0, -1]
    return torch.stack((levels[:, 0, 0, 0], levels[:, 1].flatten(1).amin(1), mirrored.long()), dim=1)


def test_every_byte_survives_the_way_to_floats_and_back() -> None:
    levels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    floats = to_floats(levels)
    assert (floats.dtype, floats.min().item(), floats.max().item()) == (torch.float32, -1.0, 1.0)
    assert torch.equal(to_pictures(floats), levels)


def test_pictures_are_rounded_and_clamped() -> None:
    x = torch.tensor([-3.0, -1.0, -0.999, 0.0, 1.0, 7.0])
    assert to_pictures(x).tolist() == [0, 0, 0, 128, 255, 255]
    assert to_pictures(torch.zeros(2, dtype=torch.bfloat16)).dtype == torch.uint8


def test_what_is_cut_is_a_square_of_the_picture_mirrored_or_not() -> None:
    cut = to_pictures(Augment(size=5)(coordinates(64, 9), StepRng(0, 0))).long()
    for picture, (y, x, mirrored) in zip(cut, corners(to_floats(cut.to(torch.uint8))).tolist(), strict=True):
        expected = coordinates(1, 9)[0, :, y : y + 5, x : x + 5].long()
        assert torch.equal(picture, expected.flip(-1) if mirrored else expected)


def test_every_place_is_equally_likely_and_half_are_mirrored() -> None:
    """n = 20,000 over 5 · 5 · 2 cells: chi-square with 49 degrees of freedom is below 85.4 with probability .999."""
    n, cells = 20_000, 50
    y, x, mirrored = corners(Augment(size=4)(coordinates(n, 8), StepRng(3, 1))).T
    counts = torch.bincount((y * 5 + x) * 2 + mirrored, minlength=cells).double()
    assert len(counts) == cells
    assert ((counts - n / cells) ** 2 / (n / cells)).sum() < 85.4
    assert abs(mirrored.double().mean() - 0.5) < 3.3 * math.sqrt(0.25 / n)


def test_without_flip_nothing_is_mirrored_and_without_room_nothing_is_moved() -> None:
    assert (corners(Augment(size=4, flip=False)(coordinates(200, 8), StepRng(0, 0)))[:, 2] == 0).all()
    same = coordinates(10, 6)
    assert torch.equal(Augment(size=6, flip=False)(same, StepRng(0, 0)), to_floats(same))


def test_a_picture_is_cut_the_same_however_many_processes_there_are() -> None:
    pictures, augment = coordinates(12, 9), Augment(size=5)
    whole = augment(pictures, StepRng(1, 2))
    parts = [augment(pictures[:4], StepRng(1, 2, rank=rank, world=3)) for rank in range(3)]
    assert torch.equal(whole, torch.cat(parts))
    assert not torch.equal(whole, augment(pictures, StepRng(1, 3)))


def test_the_stored_pictures_stay_as_they_are() -> None:
    pictures = coordinates(3, 8).contiguous()
    before = pictures.clone()
    Augment(size=4)(pictures, StepRng(0, 0)).zero_()
    to_floats(pictures).zero_()
    assert torch.equal(pictures, before)


@pytest.mark.parametrize(("stored", "size", "start"), [(36, 32, 2), (37, 32, 2), (32, 32, 0)])
def test_the_centre_is_in_the_middle(stored: int, size: int, start: int) -> None:
    got = centre(coordinates(1, stored), size)
    assert got.shape == (1, 2, size, size)
    assert got[0, :, 0, 0].tolist() == [start, start]


def test_pictures_that_are_too_small_are_refused() -> None:
    for call in (lambda: centre(coordinates(1, 8), 9), lambda: Augment(size=9)(coordinates(1, 8), StepRng(0, 0))):
        with pytest.raises(InputError, match=r"data.size = 9: must be at most 8"):
            call()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_pictures_stay_there() -> None:
    cut = Augment(size=4)(coordinates(8, 8).cuda(), StepRng(0, 0, device="cuda"))
    assert cut.is_cuda
    assert corners(cut.cpu()).shape == (8, 3)
