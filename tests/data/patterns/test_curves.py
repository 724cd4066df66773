import math

import torch

from genloom.data.patterns.curves import moons, rings, spiral


def test_moons_are_one_half_circle_and_the_same_turned_by_half_a_circle() -> None:
    drawn = moons(40_000, 0, classes=2)
    upper, lower = (drawn.points[drawn.labels == k].double() for k in (0, 1))
    torch.testing.assert_close(upper.mean(dim=0), -lower.mean(dim=0), atol=0.015, rtol=0)
    expected = torch.tensor([-0.3, 0.6 * 2 / math.pi - 0.15], dtype=torch.float64)  # centroid of a half circle
    torch.testing.assert_close(upper.mean(dim=0), expected, atol=0.015, rtol=0)
    radius = (upper - torch.tensor([-0.3, -0.15])).norm(dim=1)
    assert abs(radius.mean() - 0.6) < 0.003
    assert abs(radius.std() - 0.04) < 0.002


def test_rings_have_their_radii_noise_and_shares() -> None:
    drawn = rings(60_000, 0, classes=3)
    for k, radius in enumerate((0.3, 0.6, 0.9)):
        mine = drawn.points[drawn.labels == k].double().norm(dim=1)
        assert abs(mine.mean() - radius) < 0.002
        assert abs(mine.std() - 0.03) < 0.002
        assert abs(len(mine) / 60_000 - radius / 1.8) < 0.01


def test_the_arms_of_the_spiral_are_turned_copies() -> None:
    drawn = spiral(60_000, 0, classes=3)
    third = 2 * math.pi / 3
    turn = torch.tensor([[math.cos(third), math.sin(third)], [-math.sin(third), math.cos(third)]], dtype=torch.float64)
    arms = [drawn.points[drawn.labels == k].double() for k in range(3)]
    torch.testing.assert_close((arms[0] @ turn).mean(dim=0), arms[1].mean(dim=0), atol=0.02, rtol=0)
    torch.testing.assert_close((arms[1] @ turn).mean(dim=0), arms[2].mean(dim=0), atol=0.02, rtol=0)
    assert 0.9 < drawn.points.norm(dim=1).max() < 1.05
