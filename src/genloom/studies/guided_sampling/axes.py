"""Logarithmic axes whose numbers are written out."""

from typing import TYPE_CHECKING

from genloom.report.figures import styled

if TYPE_CHECKING:
    from matplotlib.axis import Axis


@styled()
def plain_log(*axes: "Axis") -> None:
    """Ticks at 1, 2 and 5 times the powers of ten, as 0.5, 20 or 1000; the axes are logarithmic already."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis in axes:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
