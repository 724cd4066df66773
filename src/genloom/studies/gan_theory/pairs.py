"""Pairs of known densities, on the line and in the plane, with the panels on which they are integrated."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.density import Boxes, Gaussians
from genloom.data.points import points
from genloom.gan.oracle import Table, tabulate

LINE = ("two normals", "bumps", "steps")
PLANE = ("ring", "checkerboard")
JUMPS = ("steps", "checkerboard")
"""Pairs whose D* jumps."""
STEPS_AT = ((-0.5, 1.0, 0.5), (0.5, 0.5, 0.0))
"""Where D* of the steps jumps inside, and its values to the left and to the right."""


class Pair(NamedTuple):
    """A density p of real ones and a density q of fakes.

    edges   ends of the panels on each axis: neither density jumps inside a panel
    said    what they are, in words
    """

    name: str
    p: Gaussians | Boxes
    q: Gaussians | Boxes
    edges: tuple[Tensor, ...]
    said: str

    @property
    def table(self) -> Table:
        """Both densities at the nodes of a quadrature."""
        return tabulate(self.p.log_density, self.q.log_density, self.edges, nodes=8)


def normals(means: list[float], stds: list[float], weights: list[float]) -> Gaussians:
    """A mixture of normal densities on the line."""
    columns = [torch.tensor(column, dtype=torch.float64) for column in (means, stds, weights)]
    return Gaussians(columns[0][:, None], columns[1].square()[:, None, None], columns[2])


def shifted(theta: float) -> Pair:
    """p = N(0, 1), q = N(θ, 1)."""
    return Pair(f"θ = {theta:g}", normals([0], [1], [1]), normals([theta], [1], [1]),
                (torch.arange(-9, 10 + theta, 0.5, dtype=torch.float64),), f"N(0, 1) against N({theta:g}, 1)")


def alike() -> Pair:
    """N(0, I) in the plane against itself."""
    one = Gaussians(torch.zeros(1, 2, dtype=torch.float64), torch.eye(2, dtype=torch.float64)[None],
                    torch.ones(1, dtype=torch.float64))
    return Pair("alike", one, one, (torch.arange(-7, 7.1, 0.5, dtype=torch.float64),) * 2, "N(0, I) against itself")


@cache
def pair(name: str) -> Pair:
    """The pair of this name: one of `LINE` and `PLANE`."""
    match name:
        case "two normals":
            return shifted(2.0)._replace(name=name)
        case "bumps":
            return Pair(name, normals([-1.5, 1.2], [0.3, 0.5], [0.5, 0.5]), normals([0.0], [1.3], [1.0]),
                        (torch.arange(-10, 10.1, 0.25, dtype=torch.float64),),
                        "½ N(−1.5, 0.3²) + ½ N(1.2, 0.5²) against N(0, 1.3²)")
        case "steps":
            return Pair(name, _box([-1.0], [0.5]), _box([-0.5], [1.0]),
                        (torch.arange(-1, 1.01, 0.05, dtype=torch.float64),),
                        "uniform in [−1, ½] against uniform in [−½, 1]")
        case "ring":
            ring = points("mixture", 1, 0).density
            wide = Gaussians(torch.zeros(1, 2).double(), 0.6**2 * torch.eye(2).double()[None], torch.ones(1).double())
            assert ring is not None
            return Pair(name, ring, wide, (torch.arange(-3.6, 3.61, 0.2, dtype=torch.float64),) * 2,
                        "eight Gaussians on a circle against N(0, 0.6² I)")
        case "checkerboard":
            board = points("checkerboard", 1, 0).density
            assert board is not None
            return Pair(name, board, _box([-1.0, -1.0], [1.0, 1.0]),
                        (torch.arange(-1, 1.01, 0.125, dtype=torch.float64),) * 2,
                        "eight squares of a checkerboard against the whole square")
    raise KeyError(name)


def _box(low: list[float], high: list[float]) -> Boxes:
    return Boxes(torch.tensor([low], dtype=torch.float64), torch.tensor([high], dtype=torch.float64),
                 torch.ones(1, dtype=torch.float64))
