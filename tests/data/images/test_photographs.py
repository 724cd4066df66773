"""Two real photographs that come with scikit-learn, and squares of them."""

import pytest
import torch

from genloom.data.images.photographs import crops, photographs
from genloom.errors import InputError


def test_they_are_grey_levels_averaged_over_squares() -> None:
    whole, half = photographs(), photographs(2)
    assert (whole.shape, half.shape) == ((2, 427, 640), (2, 213, 320))
    assert whole.dtype == torch.uint8
    mean = whole[:, :426].float().unfold(1, 2, 2).unfold(2, 2, 2).mean((-1, -2))
    assert float((half.float() - mean).abs().max()) <= 1
    assert float(whole[0].float().std()) > 30


def test_a_crop_is_a_piece_of_one_of_them() -> None:
    pictures = torch.arange(2 * 5 * 7).view(2, 5, 7)
    found = crops(pictures, 3, 200, torch.Generator().manual_seed(0))
    pieces = {tuple(pictures[p, i : i + 3, j : j + 3].flatten().tolist())
              for p in range(2) for i in range(3) for j in range(5)}
    assert {tuple(crop.flatten().tolist()) for crop in found} <= pieces
    assert len({tuple(crop.flatten().tolist()) for crop in found}) == 30, "each place can be drawn"


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="shrink"):
        photographs(0)
    with pytest.raises(InputError, match="from 1 to 5"):
        crops(torch.zeros(1, 5, 7), 6, 1, torch.Generator())
