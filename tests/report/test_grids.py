"""Pictures in grids: every pixel is where it must be, and as it was."""

import numpy as np
import pytest
import torch
from PIL import Image

from genloom.errors import InputError
from genloom.report.figures import canvas, png
from genloom.report.grids import grid, rows_figure, rows_of, save_grid, show_grid, square
from genloom.report.provenance import read_provenance


def pictures(count=3, channels=3, height=2, width=3):
    return np.random.default_rng(0).integers(0, 255, (count, channels, height, width), dtype=np.uint8)


def test_each_pixel_is_where_reading_order_puts_it():
    shown, pad, s = pictures(5), 2, 3
    whole = grid(shown, columns=2, pad=pad, scale=s)
    assert whole.shape == (3 * (2 * s + pad) - pad, 2 * (3 * s + pad) - pad, 3)
    assert whole.dtype == np.uint8
    for k in range(5):
        top, left = k // 2 * (2 * s + pad), k % 2 * (3 * s + pad)
        for i in range(2 * s):
            for j in range(3 * s):
                assert whole[top + i, left + j].tolist() == shown[k, :, i // s, j // s].tolist()


def test_gaps_and_places_left_over_are_white():
    whole = grid(np.zeros((3, 1, 2, 2), dtype=np.uint8), columns=2, pad=1, scale=1)
    white = (whole == 255).all(-1)
    assert white[2].all()
    assert white[:, 2].all()
    assert white[3:, 3:].all()
    assert white.sum() == 5 + 5 - 1 + 4


def test_grey_is_equal_in_all_channels_and_tensors_are_welcome():
    grey = torch.arange(8, dtype=torch.uint8).reshape(2, 1, 2, 2)
    whole = grid(grey, columns=2, pad=0, scale=1)
    assert (whole[..., 0] == whole[..., 1]).all()
    assert whole[..., 2].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]


@pytest.mark.parametrize(("side", "columns", "scale"), [(8, 4, 8), (32, 8, 2), (64, 8, 1), (100, 2, 1), (32, 40, 1)])
def test_small_pictures_are_enlarged_by_a_whole_number(side, columns, scale):
    assert grid(np.zeros((1, 1, side, side), dtype=np.uint8), columns, pad=0).shape[0] == side * scale


def test_a_saved_grid_has_exactly_these_pixels_and_knows_where_it_is_from(tmp_path):
    shown = pictures(4)
    path = save_grid(shown, tmp_path / "new" / "a.png", {"recipe": "toy", "seed": "1"}, columns=4)
    with Image.open(path) as image:
        assert (np.asarray(image) == grid(shown, 4)).all()
    assert read_provenance(path) == {"recipe": "toy", "seed": "1"}
    with Image.open(save_grid(shown, tmp_path / "b.png", {})) as image:
        assert (np.asarray(image) == grid(shown, 2)).all()


def test_a_square_has_room_for_all():
    assert all(square(n) ** 2 >= n > (square(n) - 1) ** 2 for n in range(1, 50))


@pytest.mark.parametrize("wrong", [
    pictures().astype(np.float32), pictures()[0], pictures(channels=2), pictures(count=0), pictures(width=0)])
def test_what_are_no_pictures_is_refused(wrong):
    with pytest.raises(InputError, match="pictures = "):
        grid(wrong, 2)


@pytest.mark.parametrize(("options", "said"), [
    ({"columns": 0}, "columns = 0"), ({"columns": 1, "pad": -1}, "pad = -1"), ({"columns": 1, "scale": 0}, "scale")])
def test_numbers_that_make_no_grid_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        grid(pictures(), **options)


def test_show_grid_draws_the_grid():
    _, (axes,) = canvas(3, 3)
    show_grid(axes, pictures(4), 2, title="four")
    (image,) = axes.images
    assert (image.get_array() == grid(pictures(4), 2)).all()
    assert axes.get_title(loc="left") == "four"
    assert not axes.axison


def test_the_label_of_a_row_is_at_its_middle_and_that_of_a_column_too():
    _, (axes,) = canvas(4, 3)
    side = 64
    rows_of(axes, {"a": pictures(3, 1, side, side), "b": pictures(2, 3, side, side)}, ["x", "y", "z"])
    image = np.asarray(axes.images[0].get_array())
    assert image.shape == (2 * (side + 2) - 2, 3 * (side + 2) - 2, 3)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y", "z"]
    assert axes.get_yticks().tolist() == [32.0, 98.0]
    assert axes.get_xticks().tolist() == [32.0, 98.0, 164.0]
    assert (image[side + 2 :, 2 * (side + 2) :] == 255).all()


def test_rows_that_make_no_table_are_refused():
    _, (axes,) = canvas(3, 3)
    with pytest.raises(InputError, match="at least one row"):
        rows_of(axes, {})
    with pytest.raises(InputError, match="one size"):
        rows_of(axes, {"a": pictures(), "b": pictures(height=4)})
    with pytest.raises(InputError, match="at most 3"):
        rows_of(axes, {"a": pictures()}, ["1", "2", "3", "4"])


def test_a_figure_of_rows_grows_with_them_up_to_a_page():
    one, two = (rows_figure({str(k): pictures(4, 3, 8, 8) for k in range(n)}, title="t") for n in (1, 5))
    assert one.get_size_inches()[0] == two.get_size_inches()[0]
    assert two.get_size_inches()[1] - one.get_size_inches()[1] == pytest.approx(4 * 0.62)
    assert rows_figure({"a": pictures(60, 3, 8, 8)}).get_size_inches()[0] < 10


def test_no_label_of_a_row_is_cut_off():
    """The figure is laid out before its pictures take whole pixels, which leaves width over: it goes to the labels."""
    for count in (2, 9):
        rows = {f"non-saturating + R{k}": np.zeros((10, 3, 64, 64), np.uint8) for k in range(count)}
        figure = rows_figure(rows, cell=0.7)
        png(figure, {})
        assert figure.axes[0].get_tightbbox().x0 > 0
