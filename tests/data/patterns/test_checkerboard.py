import torch

from genloom.data.patterns.checkerboard import checkerboard


def test_points_lie_on_squares_of_one_colour() -> None:
    drawn = checkerboard(20_000, 0)
    cells = ((drawn.points.double() + 1) * 2).floor().clamp(0, 3).long()
    assert (cells.sum(dim=1) % 2 == 0).double().mean() > 0.9999  # rounding to float32 may move one onto a border
    assert len(cells.unique(dim=0)) == 8


def test_no_two_squares_share_an_edge_and_all_have_side_one_half() -> None:
    boxes = checkerboard(1, 0).density
    assert boxes is not None
    torch.testing.assert_close(boxes.high - boxes.low, torch.full((8, 2), 0.5, dtype=torch.float64))
    apart = (boxes.low[:, None] - boxes.low).abs().sum(dim=2) + torch.eye(8)
    assert apart.min() == 1


def test_eight_classes_name_the_eight_squares() -> None:
    drawn = checkerboard(4000, 0, classes=8)
    assert torch.equal(drawn.density.locate(drawn.points), drawn.labels)
    assert drawn.class_names[0] == "square 1"
