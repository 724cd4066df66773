"""Numbers at logarithmic axes are written out."""

from genloom.report.figures import canvas, png
from genloom.studies.iclevr.axes import plain_log


def test_ticks_are_numbers_and_not_powers() -> None:
    figure, (axes,) = canvas(4, 2)
    axes.plot([0.5, 8], [1, 4000])
    axes.set(xscale="log", yscale="log", xlim=(0.5, 8), ylim=(1, 4000))
    plain_log(axes.xaxis, axes.yaxis)
    png(figure, {})
    shown = [label.get_text() for label in axes.get_xticklabels() if 0.5 <= label.get_position()[0] <= 8]
    assert shown == ["0.5", "1", "2", "5"]
    shown = [label.get_text() for label in axes.get_yticklabels() if 1 <= label.get_position()[1] <= 4000]
    assert shown == ["1", "10", "100", "1000"]
