"""Baselines of inpainting on pictures that they must complete exactly."""

import pytest
import torch

from genloom.data.masks import centre_box
from genloom.errors import InputError
from genloom.metrics.fills import biharmonic_fill, harmonic_fill, mean_fill
from genloom.rng import generator

LINE = torch.linspace(-1, 1, 16, dtype=torch.float64)
X, Y = LINE[None, :].expand(16, 16), LINE[:, None].expand(16, 16)
MASK = centre_box(2, 16)
every = pytest.mark.parametrize("fill", [mean_fill, harmonic_fill, biharmonic_fill])


def _pictures(*planes):
    return torch.stack(planes)[None].repeat(2, 1, 1, 1)


@every
def test_known_pixels_stay_and_hidden_ones_play_no_part(fill):
    x = torch.randn(2, 3, 16, 16, generator=generator(0))
    known = (MASK == 1).expand_as(x)
    found = fill(x, MASK)
    assert torch.equal(found[known], x[known])
    torch.testing.assert_close(fill(torch.where(known, x, 99.0), MASK), found)
    assert found.dtype == torch.float32
    assert torch.equal(fill(x, torch.ones_like(MASK)), x)


@every
def test_a_flat_picture_is_completed_exactly(fill):
    x = torch.full((2, 1, 16, 16), 0.3, dtype=torch.float64)
    torch.testing.assert_close(fill(x, MASK), x)


def test_harmonic_pictures_are_completed_exactly():
    """Ramps, x y and x² − y² are discretely harmonic."""
    x = _pictures(X - 2 * Y, X * Y, X**2 - Y**2)
    torch.testing.assert_close(harmonic_fill(x, MASK), x, rtol=1e-9, atol=1e-9)
    assert (mean_fill(x, MASK) - x).abs().max() > 0.5


def test_cubic_pictures_are_completed_exactly_by_the_thin_plate():
    x = _pictures(X**2 + Y**2, X**3 - 2 * X * Y**2, X**2 * Y + Y)
    torch.testing.assert_close(biharmonic_fill(x, MASK), x, rtol=1e-8, atol=1e-8)
    assert (harmonic_fill(x, MASK) - x).abs().max() > 0.1


def test_a_harmonic_fill_stays_between_what_is_known_even_at_the_border():
    x = torch.rand(4, 3, 12, 12, generator=generator(1))
    mask = torch.ones(4, 1, 12, 12)
    mask[:, :, :6] = 0
    mask[:, :, :, 9:] = 0
    found = harmonic_fill(x, mask)
    assert found.min() >= 0
    assert found.max() <= 1


def test_the_mean_of_known_pixels_is_each_pictures_and_each_channels_own():
    x = torch.zeros(2, 2, 4, 4)
    x[0, 1], x[1, 0] = 1.0, -3.0
    x[:, :, 1:3, 1:3] = 50.0
    found = mean_fill(x, centre_box(2, 4))[:, :, 1, 1]
    assert found.tolist() == [[0.0, 1.0], [-3.0, 0.0]]


def test_a_mask_that_does_not_fit_or_hides_all_is_refused():
    x = torch.zeros(2, 3, 16, 16)
    for mask in (torch.ones(2, 3, 16, 16), torch.zeros(2, 1, 16, 16), torch.full((2, 1, 16, 16), 0.5)):
        with pytest.raises(InputError, match="mask"):
            harmonic_fill(x, mask)
