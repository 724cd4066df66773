import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection

from genloom.report import plots
from genloom.report.figures import canvas, png


@pytest.fixture
def drawn():
    figure, (axes,) = canvas(4, 3)
    yield figure, axes
    assert png(figure, {})[:4] == b"\x89PNG"  # what was drawn can be drawn


def test_tensors_with_gradients_are_welcome(drawn):
    _, axes = drawn
    plots.scatter(axes, torch.zeros(3, 2, requires_grad=True))
    assert plots.array(torch.ones(2, requires_grad=True)).tolist() == [1, 1]


def test_classes_differ_in_colour_and_marker(drawn):
    _, axes = drawn
    plots.scatter(axes, torch.rand(30, 2), torch.arange(30) % 3, ["left", "right"])
    assert [c.get_label() for c in axes.collections] == ["left", "right", "class 2"]
    assert len({tuple(c.get_facecolor()[0]) for c in axes.collections}) == 3
    assert len({c.get_paths()[0].vertices.tobytes() for c in axes.collections}) == 3


def test_no_points_is_a_plot_as_well(drawn):
    plots.scatter(drawn[1], torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64))


def test_a_plane_has_one_scale(drawn):
    _, axes = drawn
    plots.plane(axes, (-2, -1), (2, 1), "title")
    assert axes.get_aspect() == 1
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 2), (-1, 1))


def test_boxes_are_outlined(drawn):
    _, axes = drawn
    plots.outlines(axes, [[-1, -1], [0, 0]], [[0, 0], [1, 2]], label="regions")
    assert [(p.get_x(), p.get_width(), p.get_height()) for p in axes.patches] == [(-1, 1, 1), (0, 1, 2)]


def test_a_trajectory_is_coloured_by_the_middle_of_each_step(drawn):
    figure, axes = drawn
    mappable = plots.trajectory(axes, np.array([[0, 0], [1, 0], [1, 1.0]]), [1.0, 0.5, 0.0])
    assert isinstance(mappable, LineCollection)
    assert mappable.get_array().tolist() == [0.75, 0.25]
    plots.colorbar(figure, mappable, axes, "t")


def test_a_loss_curve_shows_the_known_answer_and_its_end(drawn):
    _, axes = drawn
    steps = np.arange(200)
    plots.loss_curve(axes, steps, 0.8 + 100 * np.exp(-steps.astype(float)), known=0.8, known_name="floor")
    low, high = axes.get_ylim()
    assert low < 0.8 < high < 1
    assert "floor: 0.8" in [line.get_label() for line in axes.lines]


@pytest.mark.parametrize("losses", [[1.0], [np.nan] * 30, [1.0] * 30, [np.inf, *[1.0] * 40]])
def test_a_loss_curve_of_anything_can_be_drawn(drawn, losses):
    with np.errstate(all="ignore"):
        plots.loss_curve(drawn[1], np.arange(len(losses)), losses)


def test_a_running_mean_is_the_mean_of_the_last_rows():
    values = np.random.default_rng(0).normal(size=50)
    expected = [values[max(0, i - 6) : i + 1].mean() for i in range(50)]
    np.testing.assert_allclose(plots.running_mean(values, 7), expected, atol=1e-12)


def test_a_known_line_has_the_colour_of_its_series(drawn):
    _, axes = drawn
    plots.lines(axes, [1, 2, 3], {"a": [1, 2, 3], "b": [2, 3, 4]}, known={"b": [2, 3, 4], "limit": 5.0}, log="y")
    colors = {line.get_label(): line.get_color() for line in axes.lines}
    assert colors["b (known)"] == colors["b"] != colors["a"]
    assert axes.get_yscale() == "log"


def test_convergence_shows_each_slope_once(drawn):
    _, axes = drawn
    n = np.array([8, 16, 32])
    plots.convergence(axes, n, {"euler": 1 / n, "heun": 1 / n**2, "2m": 2 / n**2}, {"euler": 1, "heun": 2, "2m": 2})
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels.count("slope −2") == labels.count("slope −1") == 1
    guide = axes.lines[1].get_ydata()
    assert np.diff(np.log(guide)) / np.diff(np.log(n)) == pytest.approx([-2, -2], abs=1e-9)


def test_density_field_and_histogram(drawn):
    figure, axes = drawn
    grid = np.linspace(-1, 1, 5)
    mesh = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    plots.colorbar(figure, plots.density(axes, grid, grid, np.ones((5, 5)), limits=(0, 1)), axes, "p")
    plots.field(axes, mesh, -mesh, unit=True)
    plots.field(axes, mesh, -mesh)
    plots.histogram(axes, torch.randn(100), known_x=grid, known_density=np.ones(5))


def test_histograms_share_their_range_and_differ_in_colour_and_line(drawn):
    _, axes = drawn
    plots.histograms(axes, {"low": torch.arange(10.0), "high": torch.arange(5.0, 20.0)}, bins=4, xlabel="x")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["low", "high"]
    low, high = axes.patches
    assert low.get_edgecolor() != high.get_edgecolor()
    assert low.get_linestyle() != high.get_linestyle()
    assert low.get_xy()[:, 0].min() == 0
    assert high.get_xy()[:, 0].max() == 19
