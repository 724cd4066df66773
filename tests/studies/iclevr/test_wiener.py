"""The Wiener filter from products of pictures is the one from the covariance."""

import torch

from genloom.diffusion import schedule as schedules
from genloom.recipes.linear_baseline import LinearDenoiser
from genloom.rng import generator
from genloom.studies.iclevr.wiener import shrinkage, wiener


def _pictures(count: int) -> torch.Tensor:
    random = generator(0, count)
    return torch.randn(count, 3, 4, 4, generator=random) @ torch.randn(4, 4, generator=random) * 0.3 + 0.2


def test_it_is_the_linear_denoiser_of_the_same_pictures() -> None:
    for count in (20, 200):  # fewer than the 48 numbers of a picture, and more
        x0 = _pictures(count)
        known, found = LinearDenoiser(schedules.cosine(), x0), wiener(x0)
        x = torch.randn(5, 3, 4, 4, generator=generator(1, 0))
        for t in (0.1, 0.5, 0.9):
            level = known.schedule.level(t)
            torch.testing.assert_close(found(x, float(level.alpha), float(level.sigma)), known(x, t).x0, rtol=2e-4,
                                       atol=2e-4)


def test_the_share_that_is_shrunk_is_that_of_the_covariance() -> None:
    from sklearn.covariance import ledoit_wolf

    x0 = _pictures(30).flatten(1).double()
    centred = x0 - x0.mean(0)
    share, level = shrinkage(centred @ centred.T, x0.shape[1])
    assert abs(share - ledoit_wolf(x0.numpy())[1]) < 1e-9
    assert abs(level - float(centred.square().mean())) < 1e-9
