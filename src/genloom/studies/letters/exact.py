"""The exact answer for points that are uniform inside letters and blurred by noise, by quadrature of the outlines.

A letter is cut into horizontal segments: along a segment the blur is a closed form (`oracle.interval`), across segments
it is Gauss–Legendre between the corners of the outline, where the segments' ends are straight lines. With A_s(x) and
B_s(y) for the blur of segment s along and across, p_σ(x, y) = Σ_s A_s(x) B_s(y): on a grid, one product of matrices.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.data.glyphs import Glyph
from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.oracle.interval import normal_on_interval
from genloom.diffusion.prediction import Estimate
from genloom.diffusion.schedule import Schedule, Time

PER_SIGMA = 5  # grid lines per σ: a cubic spline is then within 2e-3 σ of x̂0 wherever p_σ is not negligible
_PER_SIGMA_SUM = 2  # the same where only sums over the grid are wanted: they are exact to 1e-6
_REACH = 8.0  # the grid ends this many σ beyond the letters, where p_σ is e^−32 of what it is inside
_NODES = 4  # Gauss–Legendre nodes for a strip of at most 2 σ: an error of 1e-6


class Segments(NamedTuple):
    """Horizontal segments that stand for the letters: E f(x0) ≈ Σ_s weight_s · (mean of f on segment s), Σ weight = 1.

    y, left, right, weight   (S,) float64
    letter                   index of the letter, (S,) int64
    """

    y: Tensor
    left: Tensor
    right: Tensor
    weight: Tensor
    letter: Tensor

    def oracle(self, schedule: Schedule) -> BoxOracle:
        """The segments as boxes without height: exact at any point without a grid, and some 1000 times slower."""
        low, high = (torch.stack((end, self.y), 1) for end in (self.left, self.right))
        return BoxOracle(schedule, low, high, self.weight)


class Observed(NamedTuple):
    """One coordinate (0 is x, 1 is y) of x0, seen with normal noise of standard deviation `noise`."""

    coordinate: int
    value: float
    noise: float


def segments(letters: Sequence[Glyph], sigma: float) -> Segments:
    """The letters as segments that are fine enough for every noise level from `sigma` up."""
    rows = [row for i, letter in enumerate(letters) for row in _letter_rows(letter, i, sigma)]
    y, left, right, height, letter = (torch.tensor(column, dtype=torch.float64) for column in zip(*rows, strict=True))
    mass = height * (right - left)
    return Segments(y, left, right, mass / mass.sum(), letter.long())


def _letter_rows(letter: Glyph, index: int, sigma: float) -> list[tuple[float, float, float, float, int]]:
    edges = letter.edges.numpy()
    heights = np.unique(edges[:, [1, 3]])
    rows: list[tuple[float, float, float, float, int]] = []
    for low, high in pairwise(heights):
        strips = math.ceil((high - low) / (2 * sigma))
        at, share = np.polynomial.legendre.leggauss(2 if high - low < sigma / 2 else _NODES)
        step = (high - low) / strips
        for middle in low + step * (np.arange(strips) + 0.5):
            for y, part in zip(middle + step * at / 2, share / 2, strict=True):
                rows += [(y, left, right, part * step, index) for left, right in _inside(edges, y)]
    return rows


def _inside(edges: "np.ndarray[Any, Any]", y: float) -> list[tuple[float, float]]:
    """Where the horizontal line at y is inside the outline, by the non-zero winding rule."""
    x1, y1, x2, y2 = edges.T
    crossing = (np.minimum(y1, y2) <= y) & (y < np.maximum(y1, y2))
    x = (x1 + (y - y1) / np.where(y2 == y1, 1.0, y2 - y1) * (x2 - x1))[crossing]
    order = np.argsort(x)
    winding = np.cumsum(np.sign(y2 - y1)[crossing][order])
    return [(float(x[order[i]]), float(x[order[i + 1]])) for i in range(len(order) - 1) if winding[i] != 0]


class Table(NamedTuple):
    """The blurred letters on a regular grid.

    x, y      grid lines, (X,) and (Y,)
    density   p_σ, (Y, X)
    x0        E[x0 | x_t], (2, Y, X)
    splines   coefficients of the cubic spline through x0
    """

    sigma: float
    x: Tensor
    y: Tensor
    density: Tensor
    x0: Tensor
    splines: tuple[Any, ...]

    @property
    def points(self) -> Tensor:
        """The grid as points, (Y·X, 2)."""
        y, x = torch.meshgrid(self.y, self.x, indexing="ij")
        return torch.stack((x, y), -1).reshape(-1, 2)

    @property
    def share(self) -> Tensor:
        """p_σ · (area of a cell), (Y·X,): the trapezoidal rule, exact to rounding for what is as smooth as p_σ."""
        return (self.density * (self.x[1] - self.x[0]) * (self.y[1] - self.y[0])).reshape(-1)

    @property
    def eps(self) -> Tensor:
        """E[ε | x_t] on the grid, (Y·X, 2)."""
        return (self.points - self.x0.reshape(2, -1).T) / self.sigma

    @property
    def bayes(self) -> float:
        """The smallest loss ½ E‖ε − ε̂‖² at this σ: ½ (2 − E‖E[ε | x_t]‖²)."""
        return 1 - float(self.share @ self.eps.square().sum(1)) / 2

    def at(self, points: Tensor) -> Tensor:
        """E[x0 | x_t] at any points (N, 2), float64; beyond the grid that of the nearest point of the grid."""
        from scipy.ndimage import map_coordinates

        place = self._place(points)
        found = [map_coordinates(spline, place, order=3, mode="nearest", prefilter=False) for spline in self.splines]
        return torch.from_numpy(np.stack(found, 1))

    def density_at(self, points: Tensor) -> Tensor:
        """p_σ at any points (N, 2) to some per cent, for pictures; 0 beyond the grid."""
        from scipy.ndimage import map_coordinates

        return torch.from_numpy(map_coordinates(self.density.numpy(), self._place(points), order=1))

    def _place(self, points: Tensor) -> "np.ndarray[Any, Any]":
        """Row and column of each point, (2, N)."""
        where = points.detach().cpu().double()
        return np.stack([((where[:, k] - line[0]) / (line[1] - line[0])).numpy()
                         for k, line in ((1, self.y), (0, self.x))])


class ExactLetters:
    """The exact denoiser of uniform points inside letters, before or after one coordinate was observed.

    Each noise level is tabulated when it is first asked for; all samples of a call share one level.
    """

    def __init__(self, schedule: Schedule, letters: Sequence[Glyph], observed: Observed | None = None) -> None:
        self.schedule, self.letters, self.observed = schedule, tuple(letters), observed
        self.segments = segments(letters, float(schedule.level(0.0).sigma))
        self._tables: dict[float, Table] = {}

    def __call__(self, x: Tensor, t: Time) -> Estimate:
        """E[x0 | x_t = x] and E[ε | x_t = x]."""
        sigma = float(self.schedule.level(float(t)).sigma)
        x0 = self.table(sigma).at(x).to(x)
        return Estimate(x0, (x - x0) / sigma)

    def given(self, observed: Observed) -> "ExactLetters":
        """The same letters after an observation: the exact posterior."""
        return ExactLetters(self.schedule, self.letters, observed)

    def table(self, sigma: float) -> Table:
        """The table of one noise level."""
        if sigma not in self._tables:
            from scipy.ndimage import spline_filter

            x, y = (_lines(low, high, sigma) for low, high in self._view(sigma))
            density, x0 = blur(self.segments, x, y, sigma, self.observed)
            splines = tuple(spline_filter(part.numpy(), order=3, mode="nearest") for part in x0)
            self._tables[sigma] = Table(sigma, x, y, density, x0, splines)
        return self._tables[sigma]

    def _view(self, sigma: float) -> list[tuple[float, float]]:
        low = torch.stack([letter.low for letter in self.letters]).amin(0)
        high = torch.stack([letter.high for letter in self.letters]).amax(0)
        if self.observed:
            seen, reach = self.observed.coordinate, _REACH * self.observed.noise
            low[seen], high[seen] = self.observed.value - reach, self.observed.value + reach
        return list(zip((low - _REACH * sigma).tolist(), (high + _REACH * sigma).tolist(), strict=True))


def _lines(low: float, high: float, sigma: float, per_sigma: int = PER_SIGMA) -> Tensor:
    return torch.linspace(low, high, math.ceil((high - low) / sigma * per_sigma), dtype=torch.float64)


def cloud_optimum(points: Tensor, sigma: float) -> float:
    """The smallest loss ½ E‖ε − ε̂‖² at σ of a network that knows these points (N, 2) by heart, on the points."""
    points = points.double()
    low, high = points.amin(0) - _REACH * sigma, points.amax(0) + _REACH * sigma
    lines = [_lines(a, b, sigma, _PER_SIGMA_SUM) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    along, across = ((-0.5 * ((line - points[:, k, None]) / sigma).square()).exp() for k, line in enumerate(lines))
    density = across.T @ along
    x0 = torch.stack((across.T @ (along * points[:, :1]), (across * points[:, 1:]).T @ along)) / density
    return Table(sigma, lines[0], lines[1], normalised(density, lines[0], lines[1]), x0, ()).bayes


def normalised(density: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The density (Y, X) with ∫ p = 1 on the grid."""
    return density / (density.sum() * (x[1] - x[0]) * (y[1] - y[0]))


def blur(parts: Segments, x: Tensor, y: Tensor, sigma: float, seen: Observed | None = None) -> tuple[Tensor, Tensor]:
    """p_σ (Y, X) and E[x0 | x_t] (2, Y, X) on the grid of x (X,) and y (Y,).

    An observed y is a weight of each segment. An observed x is a second Gaussian along it: with mean m and variance v
    of the product of N(x0; x, σ²) and N(x0; k, s²), the blur is the mean of N(x0; m, v) on the segment times
    N(x; k, σ² + s²).
    """
    middle, width = (parts.left + parts.right)[:, None] / 2, (parts.right - parts.left)[:, None]
    weight, mean, spread, outer = parts.weight, x, sigma, torch.zeros_like(x)
    if seen and seen.coordinate == 0:
        total = sigma**2 + seen.noise**2
        mean, spread = (x * seen.noise**2 + seen.value * sigma**2) / total, sigma * seen.noise / total**0.5
        outer = -0.5 * (x - seen.value).square() / total
    elif seen:
        weight = weight * (-0.5 * ((parts.y - seen.value) / seen.noise).square()).exp()
    log_mean, f = normal_on_interval((middle - mean) / spread, (width / spread).expand(-1, len(x)))
    along = weight[:, None] * (log_mean + outer).exp()
    across = (-0.5 * ((y[:, None] - parts.y) / sigma).square()).exp()
    density = across @ along
    x0 = torch.stack((across @ (along * (middle + width * f)), (across * parts.y) @ along)) / density
    return normalised(density, x, y), x0
