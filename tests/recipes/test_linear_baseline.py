"""The linear denoiser is the exact one for normal pictures, and no worse than guessing for any."""

import torch

from genloom.diffusion.schedule import cosine
from genloom.recipes.linear_baseline import LinearDenoiser


def test_on_normal_pictures_its_loss_is_the_bayes_optimum() -> None:
    random, schedule, t = torch.Generator().manual_seed(0), cosine(1000), 0.4
    spread = torch.linspace(0.1, 1.0, 16, dtype=torch.float64)
    train, fresh = (0.2 + spread.sqrt() * torch.randn(20_000, 16, generator=random, dtype=torch.float64)
                    for _ in range(2))
    denoiser = LinearDenoiser(schedule, train.view(-1, 1, 4, 4))
    level = schedule.level(t)
    eps = torch.randn(fresh.shape, generator=random, dtype=torch.float64)
    found = denoiser((level.alpha * fresh + level.sigma * eps).view(-1, 1, 4, 4), t).eps.flatten(1)
    signal = level.alpha**2 * spread
    optimum = (signal / (signal + level.sigma**2)).mean()
    assert abs((found - eps).square().mean() - optimum) < 4 * optimum / len(fresh) ** 0.5


def test_fewer_pictures_than_coordinates_are_shrunk_and_finite() -> None:
    pictures = torch.rand(12, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    denoiser = LinearDenoiser(cosine(50), pictures)
    found = denoiser(torch.randn(2, 3, 4, 4), torch.tensor([0.02, 1.0]))
    assert 0 < denoiser.shrinkage <= 1
    assert found.x0.shape == (2, 3, 4, 4)
    assert bool(found.x0.isfinite().all() and found.eps.isfinite().all())
