import subprocess
import sys

import pytest

from genloom.report.figures import (
    COLORS,
    MARKERS,
    canvas,
    legend_above,
    png,
    save_figure,
    small_multiples,
    style,
    styled,
)
from genloom.report.provenance import read_provenance


def test_a_saved_figure_knows_what_it_came_from(tmp_path):
    figure, (axes,) = canvas(3, 2)
    axes.plot([0, 1], [0, 1])
    told = {"recipe": "toy", "seed": "3"}
    path = tmp_path / "figures" / "line.png"
    saved = save_figure(figure, path, told, caption="A line.", alt="a line", folder=tmp_path)
    assert (saved.path, saved.caption, saved.alt) == ("figures/line.png", "A line.", "a line")
    assert read_provenance(tmp_path / saved.path) == told


def test_equal_figures_are_equal_files(tmp_path):
    for name in ("a", "b"):
        figure, (axes,) = canvas(3, 2)
        axes.scatter([0, 1], [0, 1], label="ε")
        axes.legend()
        save_figure(figure, tmp_path / f"{name}.png", {"seed": "0"}, caption="", alt="")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_style_leaves_matplotlib_as_it_was():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with styled():
        assert matplotlib.rcParams["axes.grid"] is True
    canvas()
    assert dict(matplotlib.rcParams) == before


def test_small_multiples_hide_what_is_left_over():
    figure, axes = small_multiples(7, columns=3)
    assert len(axes) == 7
    assert [axis.get_visible() for axis in figure.axes] == [True] * 7 + [False] * 2
    assert len(small_multiples(2, columns=3)[0].axes) == 2


def test_one_legend_above_all_panels_hides_none_of_them():
    figure, axes = canvas(7.2, 3.0, 1, 2)
    for each in axes:
        each.plot([1, 2], label="one")
        each.plot([2, 1], label="two")
    legend_above(figure, axes[0])
    png(figure, {})
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
    assert all(legend.get_window_extent().y0 >= each.get_window_extent().y1 for each in axes)


def test_each_colour_has_a_marker_of_its_own_and_can_be_seen_on_white():
    assert len(set(COLORS)) == len(set(MARKERS)) == len(COLORS)
    for color in COLORS:
        r, g, b = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        assert 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.72


def test_the_package_does_not_import_matplotlib_before_it_draws():
    code = ("import sys, genloom.report, genloom.report.figures, genloom.report.plots, genloom.report.page;"
            "sys.exit('matplotlib' in sys.modules or 'torch' in sys.modules or 'PIL' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_process_that_drew_ends_cleanly(tmp_path):
    code = ("from pathlib import Path; from genloom.report.figures import canvas, save_figure;"
            "f, (a,) = canvas(); a.plot([1, 2]);"
            f"save_figure(f, Path({str(tmp_path)!r}) / 'a.png', {{}}, caption='', alt='')")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_style_has_only_settings_that_matplotlib_knows():
    import matplotlib

    assert set(style()) <= set(matplotlib.rcParams)


def test_pyplot_is_never_used():
    code = ("import sys; from genloom.report.figures import canvas, png; f, _ = canvas(); png(f, {});"
            "sys.exit('matplotlib.pyplot' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_panels_are_in_reading_order(count):
    figure, axes = small_multiples(count, columns=2)
    figure.canvas.draw()
    places = [(-round(a.get_position().y0, 3), round(a.get_position().x0, 3)) for a in axes]
    assert places == sorted(places)
