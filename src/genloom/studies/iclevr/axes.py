"""Logarithmic axes whose numbers are written out."""

from typing import TYPE_CHECKING

from genloom.report.figures import styled

if TYPE_CHECKING:
    from matplotlib.axis import Axis

_WIDE = 50  # an axis whose ends are farther apart has powers of ten alone


@styled()
def plain_log(*axes: "Axis") -> None:
    """Ticks as 0.5, 20 or 1000, not as powers; the axes are logarithmic already."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis in axes:
        low, high = axis.get_view_interval()
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < _WIDE * low else (1,)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
