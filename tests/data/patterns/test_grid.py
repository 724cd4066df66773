import math

import torch

from genloom.data.patterns.grid import grid


def test_the_stated_standard_deviation_is_that_of_the_points() -> None:
    drawn = grid(100_000, 0)
    expected = math.sqrt(2 * 0.4**2 + 0.02**2)
    assert f"{expected:.4f}" in drawn.description
    torch.testing.assert_close(drawn.points.std(dim=0), torch.full((2,), expected), atol=0.004, rtol=0)


def test_each_class_surrounds_its_mean_and_is_named_like_a_field_of_a_chess_board() -> None:
    drawn = grid(50_000, 0, classes=25)
    for k in range(25):
        mine = drawn.points[drawn.labels == k].double()
        assert (mine.mean(dim=0) - drawn.density.means[k]).abs().max() < 5 * 0.02 / math.sqrt(len(mine))
    assert drawn.class_names[:6] == ("a1", "b1", "c1", "d1", "e1", "a2")
    torch.testing.assert_close(drawn.density.means[[0, 4, 24]],
                               torch.tensor([[-0.8, -0.8], [0.8, -0.8], [0.8, 0.8]]).double())


def test_five_classes_are_the_rows() -> None:
    drawn = grid(1000, 0, classes=5)
    row = ((drawn.points[:, 1] + 1) / 0.4).long()
    assert torch.equal(row, drawn.labels)
    assert drawn.class_names[0] == "a1 b1 c1 d1 e1"


def test_neighbours_are_twenty_standard_deviations_apart() -> None:
    density = grid(1, 0).density
    apart = torch.cdist(density.means, density.means) + torch.eye(25)
    torch.testing.assert_close(apart.min() / density.covariances[0, 0, 0].sqrt(), torch.tensor(20.0).double())
