"""Panels keep x and y to one scale, and letters are drawn with their holes."""

import torch
from matplotlib.path import Path

from genloom.data.glyphs import glyphs
from genloom.report.figures import canvas
from genloom.studies.letters.drawing import arrows, cloud, frame, outlines, shade


def test_a_frame_has_equal_scales() -> None:
    _, (axes,) = canvas()
    frame(axes, 2.0, "title", aspect=0.5)
    assert axes.get_aspect() == 1.0
    assert axes.get_xlim() == (-2, 2)
    assert axes.get_ylim() == (-1, 1)


def test_a_filled_letter_is_one_closed_path_for_each_ring() -> None:
    for text, rings in (("C", 1), ("4", 2)):
        _, (axes,) = canvas()
        outlines(axes, glyphs(text), fill="#eeeeee")
        (patch,) = axes.patches
        assert (patch.get_path().codes == Path.CLOSEPOLY).sum() == rings


def test_points_that_miss_are_drawn_apart() -> None:
    _, (axes,) = canvas()
    cloud(axes, torch.rand(5, 2), hits=torch.tensor([True, True, False, True, False]))
    assert [len(drawn.get_offsets()) for drawn in axes.collections] == [3, 2]


def test_arrows_saturate_and_a_ground_is_pale() -> None:
    _, (axes,) = canvas()
    arrows(axes, torch.zeros(2, 2), torch.tensor([[1e6, 0.0], [0.0, 1e-3]]), length=0.1)
    quiver = axes.collections[0]
    assert abs(quiver.U[0] - 0.1) < 1e-6
    assert abs(quiver.V[1] - 1e-4) < 1e-6
    shade(axes, torch.arange(3), torch.arange(2), torch.rand(2, 3))
    assert len(axes.collections) == 2
