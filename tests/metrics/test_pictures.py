import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.pictures import psnr, ssim
from genloom.rng import generator


def random(seed: int, shape: tuple[int, ...] = (2, 3, 24, 20)) -> Tensor:
    return torch.randint(256, shape, generator=generator(seed), dtype=torch.uint8)


def even(value: int) -> Tensor:
    return torch.full((1, 1, 16, 16), value, dtype=torch.uint8)


def test_psnr_of_a_known_error() -> None:
    found = psnr(torch.cat((even(100), even(0), even(7))), torch.cat((even(105), even(255), even(7))))
    assert found.tolist() == [pytest.approx(20 * math.log10(51)), 0.0, math.inf]


def test_psnr_of_noise_is_that_of_its_variance() -> None:
    """Uniform pictures, independent: MSE = 2 · (256² − 1)/12."""
    found = psnr(random(0, (1, 3, 300, 300)), random(1, (1, 3, 300, 300)))
    assert found.item() == pytest.approx(10 * math.log10(255**2 * 6 / (256**2 - 1)), abs=0.05)


def test_ssim_of_even_pictures_is_the_luminance_term() -> None:
    c1 = (0.01 * 255) ** 2
    assert ssim(even(50), even(200)).item() == pytest.approx((2 * 50 * 200 + c1) / (50**2 + 200**2 + c1), rel=1e-9)
    assert ssim(even(0), even(255)).item() == pytest.approx(c1 / (255**2 + c1), rel=1e-9)


def test_ssim_of_a_picture_with_itself_is_one_and_with_its_negative_is_negative() -> None:
    x = random(0)
    assert ssim(x, x).tolist() == pytest.approx([1, 1])
    assert (ssim(x, 255 - x) < -0.9).all()
    assert torch.allclose(ssim(x, random(1)), ssim(random(1), x))


def test_ssim_is_that_of_an_independent_filter() -> None:
    """scipy's Gaussian filter, cut at 3.5 σ = 5 pixels and where its window leaves the picture."""
    x, y = random(0), (random(0).float() * 0.7 + 30).byte()

    def blurred(a: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(a, 1.5, truncate=3.5)[5:-5, 5:-5]

    c1, c2 = 2.55**2, 7.65**2
    for found, a, b in zip(ssim(x, y), x, y, strict=True):
        maps = []
        for p, q in zip(a.double().numpy(), b.double().numpy(), strict=True):
            mp, mq = blurred(p), blurred(q)
            vp, vq, vpq = blurred(p * p) - mp**2, blurred(q * q) - mq**2, blurred(p * q) - mp * mq
            maps.append(((2 * mp * mq + c1) * (2 * vpq + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2))).mean())
        assert found.item() == pytest.approx(np.mean(maps), rel=1e-10)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="bytes"):
        psnr(random(0).float(), random(0))
    with pytest.raises(InputError, match="truth"):
        ssim(random(0), random(0)[:1])
    with pytest.raises(InputError, match="11 × 11"):
        ssim(random(0, (1, 1, 10, 30)), random(0, (1, 1, 10, 30)))
