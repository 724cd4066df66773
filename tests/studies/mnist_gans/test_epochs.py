"""S4.18 as an item of the report."""

import torch

from genloom.studies.mnist_gans.epochs import _chosen, grids


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(grids, tiny)
    assert "epoch" in answer.figures[0].caption


def test_three_of_ten_checkpoints_are_shown_and_all_of_fewer() -> None:
    pictures = torch.zeros(1)
    assert list(_chosen(dict.fromkeys(range(1, 11), pictures))) == [1, 3, 10]
    assert list(_chosen({5: pictures, 2: pictures})) == [2, 5]
