"""The conditional run with its regions, and what all pictures of the classes share."""

from typing import Any, NamedTuple

from genloom.data.density import Boxes
from genloom.recipes.build_points import PointsExperiment
from genloom.report.figures import COLORS, MARKERS
from genloom.studies.context import Context, Trained
from genloom.studies.square.runs import conditional

VIEW = ((-1.45, -1.45), (1.45, 1.45))
"""The part of the plane that pictures of the square show."""


class Setting(NamedTuple):
    """The conditional run with its parts, typed."""

    trained: Trained
    experiment: PointsExperiment
    boxes: Boxes
    names: tuple[str, ...]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.names)


def setting(context: Context) -> Setting:
    """The trained conditional model and the regions of its classes."""
    trained = conditional(context)
    experiment = trained.experiment
    assert isinstance(experiment, PointsExperiment)
    assert isinstance(experiment.data.density, Boxes)
    return Setting(trained, experiment, experiment.data.density, experiment.data.class_names)


def legend(figure: Any, names: tuple[str, ...]) -> None:
    """One entry for each class, with its colour and marker, to the right of a figure."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=COLORS[k % len(COLORS)], marker=MARKERS[k % len(MARKERS)], linestyle="", markersize=6)
        for k in range(len(names))
    ]
    figure.legend(handles, names, loc="outside right center", frameon=False)
