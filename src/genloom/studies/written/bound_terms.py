"""What the two decompositions of the bound share: the point, their terms on drawn paths, a table and a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.report.figures import COLORS, DASHED, KNOWN
from genloom.report.numbers import at_most, number
from genloom.report.plots import array
from genloom.report.results import Result, Table
from genloom.studies.written.gaussian_chain import Chain, point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINT = (1.5, -1.0)
"""x0 of the example: off the middle of the data in both coordinates."""
_FAR = 4.5  # standard errors: one mean of a hundred thousand is farther


def low(index: int) -> str:
    """An index as it is set below the line.

    >>> low(12)
    '₁₂'
    """
    return str(index).translate({ord(digit): 0x2080 + int(digit) for digit in "0123456789"})


def drawn_surgery(chain: Chain, states: Sequence[Tensor]) -> Tensor:
    """log p_θ(x_0|x_1), the log-ratios of the L_t, and that of C on drawn paths: (T + 1, N)."""
    ahead = [kernel.at(x).log_density(y) for kernel, x, y in
             zip(chain.forward, states[:-1], states[1:], strict=True)]
    back = [kernel.at(y).log_density(x) for kernel, x, y in
            zip(chain.backward, states[:-1], states[1:], strict=True)]
    steps = [model - noise for model, noise in zip(back[1:], ahead[:-1], strict=True)]
    return torch.stack((back[0], *steps, chain.end.log_density(states[-1]) - ahead[-1]))


def drawn_denoising(chain: Chain, states: Sequence[Tensor]) -> Tensor:
    """log p_θ(x_0|x_1), log p_θ(x_{t−1}|x_t) − log q(x_{t−1}|x_t, x_0), and the end's log-ratio: (T + 1, N)."""
    start = point(states[0][0])
    true, last = chain.turned(start), chain.laws(start)[-1]
    back = [kernel.at(y).log_density(x) for kernel, x, y in
            zip(chain.backward, states[:-1], states[1:], strict=True)]
    steps = [back[t] - true[t].at(states[t + 1]).log_density(states[t]) for t in range(1, len(true))]
    end = chain.end.log_density(states[-1]) - last.log_density(states[-1])
    return torch.stack((back[0], *steps, end))


def agreement(name: str, exact: Tensor, drawn: Tensor) -> Result:
    """How far the means of drawn terms (K, N) are from the exact ones (K,), the farthest of all."""
    error = drawn.std(1) / drawn.shape[1] ** 0.5
    off = float(((drawn.mean(1) - exact).abs() / error).max())
    return at_most(Result(name=f"{name}, the farthest from its closed form", value=off, known=0.0, n=drawn.shape[1],
                          unit="standard errors", known_name=f"{len(exact)} closed forms",
                          tolerance=f"all within {_FAR} standard errors"), _FAR)


def terms_table(names: Sequence[str], exact: Tensor, drawn: Tensor, whole: Tensor) -> Table:
    """Each term in closed form and by draws, and their sum."""
    means, errors = drawn.mean(1), drawn.std(1) / drawn.shape[1] ** 0.5
    rows = [(name, number(float(one)), f"{number(float(mean))} ± {number(1.96 * float(error), 1)}")
            for name, one, mean, error in zip(names, exact, means, errors, strict=True)]
    total = drawn.sum(0)
    rows.append(("sum", number(float(exact.sum())),
                 f"{number(float(total.mean()))} ± {number(1.96 * float(total.std()) / len(total) ** 0.5, 1)}"))
    rows.append(("the bound by whole paths", number(float(whole)), "—"))
    return Table(header=("term", "closed form", "drawn paths"), rows=tuple(rows),
                 caption=f"In nats, at x₀ = ({', '.join(number(value, 2) for value in POINT)}), with 95 % intervals of "
                         f"{drawn.shape[1]} paths.")


def waterfall(axes: "Axes", names: Sequence[str], terms: Tensor, log_p: float) -> None:
    """Each term as a bar that starts where the last one ended, and the bound that they reach beside log p."""
    ends = array(terms.cumsum(0))
    starts = array(torch.cat((terms.new_zeros(1), terms.cumsum(0)[:-1])))
    for k, (low, high) in enumerate(zip(starts, ends, strict=True)):
        axes.bar(k, high - low, bottom=low, width=0.72, color=COLORS[0] if high < low else COLORS[1])
    axes.bar(len(names), ends[-1], width=0.72, color=COLORS[2])
    axes.axhline(log_p, color=KNOWN, linewidth=1.1, linestyle=DASHED, label="log p")
    axes.axhline(0, color=KNOWN, linewidth=0.8)
    axes.set_xticks(range(len(names) + 1), [*names, "bound"], rotation=30, ha="right")
    axes.set_ylabel("nats")
    axes.legend(loc="lower left")
