"""S2.12: the paths of four points from noise to data, without and with noise added on the way."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.registry import trajectory
from genloom.report.figures import COLORS, GRAY, canvas, styled
from genloom.report.numbers import at_most, fixed, near
from genloom.report.plots import colorbar, outlines, plane, scatter
from genloom.report.plots import trajectory as draw_path
from genloom.report.results import Figure, Result, Table
from genloom.rng import Noise, SampleNoise, fold
from genloom.studies.context import Context
from genloom.studies.square import draws
from genloom.studies.square.draws import CORNERS, Square, rms, square
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDE = ((-2.6, -2.6), (2.6, 2.6))


@deliverable("S2.12", "Denoising trajectories", question="Plot the denoising trajectories of 4 points in one figure.")
@draws.one_core()
def s2_12(context: Context) -> Answer:
    """Four starts, their deterministic paths beside the exact ones, and stochastic paths from the same starts."""
    here = square(context)
    starts = torch.tensor([[-1.9, 1.2], [1.5, 1.8], [0.6, -2.1], [-1.1, -0.9]])
    steps = draws.EFFORT.most
    plain = {name: _paths(here, denoiser, starts, steps, None) for name, denoiser in here.denoisers.items()}
    noisy = _paths(here, here.network, starts, steps, SampleNoise(fold(context.seed, 1040), len(starts), (2,)))
    gap = (plain["trained"][:, -1] - plain["exact"][:, -1]).norm(dim=1)
    straight = [(path[:, -1] - path[:, 0]).norm(dim=1) for path in (plain["trained"], noisy)]
    length = [path.diff(dim=1).norm(dim=2).sum(1) for path in (plain["trained"], noisy)]
    outside = (noisy[:, -1].abs().amax(1).max().item(), plain["trained"][:, -1].abs().amax(1).max().item())
    results = (
        near(
            Result(
                name="end of deterministic paths, distance from the exact ones",
                value=rms(plain["trained"][:, -1] - plain["exact"][:, -1]),
                known=0.0,
                known_name="exact denoiser, same starts",
                n=len(starts),
            ),
            0.15,
        ),
        at_most(
            Result(
                name="largest |coordinate| of the eight ends",
                value=max(outside),
                known=1.0,
                known_name="the square's edge",
            ),
            1.1,
        ),
    )
    winding = [float((whole / direct).mean()) for whole, direct in zip(length, straight, strict=True)]
    half = (plain["trained"][:, steps // 2] - plain["trained"][:, -1]).norm(dim=1).max().item()
    text = (
        f"Left: the text's sampler. The paths are smooth and nearly straight, {fixed(winding[0], 2)} times as long "
        "as the line from start to end: far out the estimate x̂_0 hardly changes, so a point is drawn towards one "
        f"place, and slows down as σ falls. At t = .5 all four are within {fixed(half, 2)} of their ends; what comes "
        "after only sharpens the edge of the square. The paths of the exact denoiser (×) end "
        f"{fixed(float(gap.min()), 3)} to {fixed(float(gap.max()), 3)} from those of the network.",
        "Right: the same four starts with η = 1. The noise that is added in each step makes the paths "
        f"{fixed(winding[1], 0)} times as long as the straight line, and they end elsewhere, though by the same law. "
        "They wander widely while t is near 1 and settle where σ is small, the forward process of S2.3 in reverse.",
    )
    return Answer(
        text=text,
        figures=[_paths_figure(context, here, plain, noisy)],
        results=results,
        tables=[_ends(starts, plain, noisy)],
        formula="dx/dσ = ε̂(x, σ)  against  x_s = x̂_0 + (σ_s²/σ_t) ε̂ + τ z",
        source="Karras et al. 2022, Eq. 1; Ho et al. 2020, Alg. 2",
    )


def _ends(starts: Tensor, plain: dict[str, Tensor], noisy: Tensor) -> Table:
    rows = tuple(
        (
            f"({fixed(float(a), 1)}, {fixed(float(b), 1)})",
            _place(plain["trained"][k, -1]),
            _place(plain["exact"][k, -1]),
            _place(noisy[k, -1]),
        )
        for k, (a, b) in enumerate(starts)
    )
    return Table(header=("start", "end, η = 0", "exact denoiser, η = 0", "end, η = 1"), rows=rows)


def _place(point: Tensor) -> str:
    return f"({fixed(float(point[0]), 2)}, {fixed(float(point[1]), 2)})"


def _paths(here: Square, denoiser: Denoiser, starts: Tensor, steps: int, noise: Noise | None) -> Tensor:
    """Paths (S, steps + 1, 2) with their starts."""
    states = trajectory(
        "ddim", denoiser, starts, grid(here.schedule, steps), noise=noise, eta=0.0 if noise is None else 1.0
    )
    return torch.stack([starts, *(state.x for state in states)], 1)


@styled()
def _paths_figure(context: Context, here: Square, plain: dict[str, Tensor], noisy: Tensor) -> Figure:
    figure, axes = canvas(9.6, 4.4, 1, 2, sharex=True, sharey=True)
    for axis, paths, name in zip(
        axes, (plain["trained"], noisy), ("deterministic, η = 0", "stochastic, η = 1"), strict=True
    ):
        scatter(axis, here.points, color=GRAY, size=2, alpha=0.35)
        outlines(axis, *CORNERS)
        drawn = _draw(axis, paths)
        plane(axis, *_WIDE, name)
    ends = plain["exact"][:, -1]
    axes[0].scatter(
        ends[:, 0].numpy(),
        ends[:, 1].numpy(),
        marker="x",
        s=42,
        color=COLORS[1],
        linewidths=1.6,
        zorder=6,
        label="end with the exact denoiser",
    )
    axes[0].legend(loc="lower left")
    colorbar(figure, drawn, axes, "time t")
    return context.figure(
        figure,
        "s2-12-trajectories",
        run=here.trained,
        caption=(
            "Four points on their way from noise (□, t = 1) to data (○, t = 0), without and with noise added on the "
            "way."
        ),
        alt=(
            "Left: four smooth, nearly straight paths from outside into the square, which end on the crosses of the "
            "exact denoiser. Right: four jagged paths from the same starts that wander and end inside the square."
        ),
    )


def _draw(axis: "Axes", paths: Tensor) -> Any:
    times = np.linspace(1, 0, paths.shape[1])
    drawn: Any = None
    for path in paths:
        drawn = draw_path(axis, path, times, width=1.8)
    return drawn
