import math

import torch

from genloom.data.patterns.mixture import mixture


def test_the_stated_standard_deviation_is_that_of_the_points() -> None:
    drawn = mixture(100_000, 0)
    expected = math.sqrt(0.8**2 / 2 + 0.08**2)
    assert f"{expected:.4f}" in drawn.description
    torch.testing.assert_close(drawn.points.std(dim=0), torch.full((2,), expected), atol=0.004, rtol=0)


def test_each_class_surrounds_its_mean() -> None:
    drawn = mixture(20_000, 0, classes=8)
    for k in range(8):
        mine = drawn.points[drawn.labels == k].double()
        assert (mine.mean(dim=0) - drawn.density.means[k]).abs().max() < 5 * 0.08 / math.sqrt(len(mine))
    assert drawn.class_names[:3] == ("0°", "45°", "90°")


def test_the_density_is_symmetric_under_an_eighth_of_a_turn() -> None:
    density, x = mixture(1, 0).density, torch.randn(50, 2, dtype=torch.float64)
    c = math.sqrt(0.5)
    turned = x @ torch.tensor([[c, c], [-c, c]], dtype=torch.float64)
    torch.testing.assert_close(density.log_density(x), density.log_density(turned), rtol=1e-10, atol=1e-10)
