"""Turning keeps lengths, and products know the difference of two places alone."""

import math

import pytest
import torch

from genloom.errors import InputError
from genloom.nn.rotary import rotate


def vectors(count: int = 5, channels: int = 8) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randn(2, 3, count, channels, generator=random, dtype=torch.float64)


def test_each_pair_is_turned_by_its_angle() -> None:
    x, places = vectors(2, 4), torch.tensor([0, 7])
    found = rotate(x, places)
    assert torch.equal(found[:, :, 0], x[:, :, 0])
    for j, rate in enumerate((1.0, 0.01)):
        pair = torch.complex(x[:, :, 1, j], x[:, :, 1, j + 2]) * complex(math.cos(7 * rate), math.sin(7 * rate))
        torch.testing.assert_close(found[:, :, 1, j], pair.real)
        torch.testing.assert_close(found[:, :, 1, j + 2], pair.imag)


def test_lengths_stay() -> None:
    x = vectors()
    torch.testing.assert_close(rotate(x, torch.arange(100, 105)).norm(dim=3), x.norm(dim=3))


def test_products_depend_on_the_difference_of_the_places() -> None:
    query, key, places = vectors(), vectors().flip(2), torch.arange(5)

    def products(shift: int) -> torch.Tensor:
        return rotate(query, places + shift) @ rotate(key, places + shift).transpose(2, 3)

    torch.testing.assert_close(products(0), products(1000))
    assert not torch.allclose(products(0), rotate(query, places + 1) @ rotate(key, places).transpose(2, 3))


def test_angles_are_float32_for_bfloat16() -> None:
    x, places = vectors(1).bfloat16(), torch.tensor([1001])
    exact = rotate(x.double(), places)
    found = rotate(x, places)
    assert found.dtype == torch.bfloat16
    assert (found.double() - exact).abs().max() < 0.02  # in bfloat16, the place 1001 would be 1000


def test_it_is_the_rotation_of_transformers() -> None:
    pytest.importorskip("transformers")
    from transformers.models.gpt_neox.modeling_gpt_neox import apply_rotary_pos_emb

    x, places = vectors().float(), torch.arange(3, 8)
    angles = places[:, None] * 10000 ** -(torch.arange(4) / 4)
    both = torch.cat((angles, angles), 1)[None]
    expected, _ = apply_rotary_pos_emb(x, x, both.cos(), both.sin())
    torch.testing.assert_close(rotate(x, places), expected, rtol=0, atol=1e-6)


def test_channels_must_come_in_pairs() -> None:
    with pytest.raises(InputError, match=r"must be such that each head has an even number of channels"):
        rotate(vectors(channels=7), torch.arange(5))
