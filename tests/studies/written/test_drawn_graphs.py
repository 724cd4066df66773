"""Drawings have as many nodes, lines and squares as their graphs."""

from matplotlib.patches import Circle, FancyArrowPatch

from genloom.report.figures import canvas
from genloom.studies.written.drawn_graphs import directed, factors
from genloom.studies.written.independence import complete, line


def test_a_directed_graph_has_a_circle_for_each_node_and_an_arrow_for_each_edge() -> None:
    for graph, arrows in ((complete(6), 15), (line(6), 5)):
        _, (axes,) = canvas()
        directed(axes, graph)
        assert sum(isinstance(patch, Circle) for patch in axes.patches) == 6
        assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == arrows


def test_a_factor_graph_has_2n_circles_and_a_square_for_each_factor() -> None:
    for chained, squares in ((False, 4), (True, 7)):
        _, (axes,) = canvas()
        factors(axes, 4, chained)
        assert sum(isinstance(patch, Circle) for patch in axes.patches) == 8
        drawn = [drawn for drawn in axes.lines if drawn.get_marker() == "s"]
        assert len(drawn) == squares
        assert len(axes.lines) - len(drawn) == 4 * 5 + (squares - 4)
