"""Numbers on logarithmic axes are written out."""

from genloom.report.figures import canvas
from genloom.studies.guided_sampling.axes import plain_log


def test_ticks_are_plain_numbers() -> None:
    figure, (axes,) = canvas()
    axes.plot([5, 1000], [0.2, 30])
    axes.set_xscale("log")
    plain_log(axes.xaxis)
    figure.canvas.draw()
    shown = {label.get_text() for label in axes.get_xticklabels()}
    assert {"10", "20", "50", "1000"} <= shown
