"""S2.5: nine samplings from nine seeds, the test over twenty, and the start that the text prints."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.metrics.energy import energy_test
from genloom.metrics.interval import mean_interval
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, small_multiples, styled
from genloom.report.numbers import at_least, fixed, near
from genloom.report.plots import outlines, plane, scatter
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.square import draws
from genloom.studies.square.draws import (
    CORNERS,
    RING,
    STD,
    VIEW,
    Measure,
    Square,
    Start,
    coordinate_std,
    ring_share,
    square,
)
from genloom.studies.study import Answer, deliverable

_EXACT_STEPS = 200  # of the exact denoiser: S2.6 shows that more change nothing


class Sampling(NamedTuple):
    """One seed's samples (N, 2) and the p-value of their energy test against fresh data."""

    seed: int
    points: Tensor
    p_value: float


def samplings(here: Square, count: int, start: Start) -> list[Sampling]:
    """Samples of the trained model from `count` seeds, each tested against fresh points of its own."""

    def one(k: int, seed: int) -> Sampling:
        points = here.draw(seed, draws.EFFORT.samples, draws.EFFORT.most, start)
        test = energy_test(points, here.fresh(len(points), 5, k), permutations=draws.EFFORT.permutations, seed=seed)
        return Sampling(seed, points, test.p_value)

    return draws.side_by_side([partial(one, k, seed) for k, seed in enumerate(here.seeds(count))])


@deliverable("S2.5", "Nine seeds", question="Show 3 × 3 samplings of 1000 points each, made with 9 different seeds.")
def s2_5(context: Context) -> Answer:
    """Nine samplings with their p-values, the test over all seeds, and what the text's start N(0, I) gives."""
    here = square(context)
    right = context.once("samplings", lambda: samplings(here, draws.EFFORT.seeds, "moments"))
    wrong = samplings(here, draws.EFFORT.wrong, "standard")
    exact = here.run(here.oracle, here.start(draws.EFFORT.compared, 5, "standard"), _EXACT_STEPS)
    share = _share_passed(right)
    spread = [
        _beside(name, right, measure, known, within)
        for name, measure, known, within in (
            ("standard deviation of a coordinate", coordinate_std, STD, 0.01),
            ("share in the outer ring", ring_share, RING, 0.025),
        )
    ]
    narrow = [
        _beside(f"{name}, started at N(0, I)", wrong, measure, measure(exact), within, "the exact denoiser, same start")
        for name, measure, within in (
            ("standard deviation", coordinate_std, 0.01),
            ("share in the outer ring", ring_share, 0.025),
        )
    ]
    low, high = min(s.p_value for s in right), max(s.p_value for s in right)
    std, thin = (fixed(r.value or 0, 3) for r in (spread[0], narrow[0]))
    passed = sum(s.p_value > 0.05 for s in right)
    text = (
        f"Each panel holds {draws.EFFORT.samples:,} points, {draws.EFFORT.most:,} steps of DDIM, the text's sampler "
        "with its exact step. Above each stands p, the probability that two samplings of the data itself differ as "
        f"much as this one and {draws.EFFORT.samples:,} fresh points do (energy test). Over {len(right)} seeds p "
        f"runs from {fixed(low, 3)} to {fixed(high, 2)}, and {passed} of {len(right)} are above .05; of perfect "
        f"samplings {0.95 * len(right):.0f} would be. The seeds differ as independent data sets differ, and not more.",
        "Sampling has to start from the distribution that the forward process ends in. That is not N(0, I): x_1 = "
        f"x_0 + σ(1) ε has variance 1/3 + 1, a standard deviation of {fixed((1 + 1 / 3) ** 0.5, 3)}. From there the "
        f"samples have standard deviation {std} (data: {fixed(STD, 3)}) and {100 * (spread[1].value or 0):.0f} % of "
        f"them lie in the outer ring, where max(|x|, |y|) > .8, as {100 * RING:.0f} % of the square does.",
        f"Algorithm 1 of the text starts from N(0, I). Then the standard deviation is {thin}, only "
        f"{100 * (narrow[1].value or 0):.0f} % reach the ring, and {sum(s.p_value > 0.05 for s in wrong)} of "
        f"{len(wrong)} seeds pass the test. No training mends this: the exact denoiser, from the same start, gives "
        f"{fixed(coordinate_std(exact), 3)} and {100 * ring_share(exact):.0f} %.",
    )
    figures = [_nine(context, here, right[:9]), _starts_figure(context, here, right, wrong)]
    return Answer(
        text=text,
        figures=figures,
        results=[share, *spread, *narrow],
        tables=[_starts_table(right, wrong, exact)],
        formula="x_1 ~ N(E x_0, Var x_0 + σ²(1));  x ← x̂_0 + e^{−5/T} (x − x̂_0),  t = 1, 1 − 1/T, …, 1/T",
        source="S2 Alg. 1 with its exact step and start; energy test: Székely & Rizzo 2013",
    )


def _share_passed(found: list[Sampling]) -> Result:
    passed = sum(s.p_value > 0.05 for s in found)
    least = 17 / 20
    return at_least(
        Result(
            name="share of seeds whose energy test has p > .05",
            value=passed / len(found),
            known=0.95,
            known_name="data against data",
            n=draws.EFFORT.samples,
            seeds=tuple(s.seed for s in found),
            tolerance=f"at least {least:.2f}, 17 of 20",
        ),
        least,
    )


def _beside(
    name: str,
    found: list[Sampling],
    measure: Measure,
    known: float,
    within: float,
    known_name: str = "the square, exact",
) -> Result:
    interval = mean_interval([measure(s.points) for s in found])
    return near(
        Result(
            name=name,
            value=interval.value,
            known=known,
            known_name=known_name,
            n=draws.EFFORT.samples,
            interval=(interval.low, interval.high),
            seeds=tuple(s.seed for s in found),
        ),
        within,
    )


@styled()
def _nine(context: Context, here: Square, found: list[Sampling]) -> Figure:
    figure, axes = small_multiples(len(found), 3, 2.35)
    for axis, sampling in zip(axes, found, strict=True):
        scatter(axis, sampling.points, size=3)
        outlines(axis, *CORNERS)
        plane(axis, *VIEW, f"seed {sampling.seed}   p = {fixed(sampling.p_value, 3)}")
        axis.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    return context.figure(
        figure,
        "s2-05-nine-seeds",
        run=here.trained,
        caption=f"{draws.EFFORT.samples:,} samples from each of {len(found)} seeds; the square (dashed), "
        "and p of the energy test against fresh data.",
        alt="A grid of scatter plots, each of which fills the square evenly, with p-values above them.",
    )


@styled()
def _starts_figure(context: Context, here: Square, right: list[Sampling], wrong: list[Sampling]) -> Figure:
    figure, (first, second, third) = canvas(9.6, 3.2, 1, 3, width_ratios=(1, 1, 1.25))
    starts = (("started at p_1", right, COLORS[0]), ("started at N(0, I)", wrong, COLORS[1]))
    radius = np.linspace(0, 1.2, 200)
    for axis, (name, found, color) in zip((first, second), starts, strict=True):
        scatter(axis, found[0].points, size=3, color=color)
        outlines(axis, *CORNERS)
        plane(axis, *VIEW, name)
        axis.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    for name, found, color in starts:
        reach = torch.cat([s.points for s in found]).abs().amax(1).numpy()
        third.hist(
            reach,
            bins=list(np.linspace(0, 1.2, 25)),
            density=True,
            histtype="step",
            linewidth=1.6,
            color=color,
            label=name,
        )
    third.plot(
        radius,
        np.where(radius < 1, 2 * radius, 0),
        color=KNOWN,
        linewidth=1.1,
        linestyle=DASHED,
        label="uniform, exact",
    )
    third.set(xlabel="max(|x|, |y|)", ylabel="density", title="how far out the samples lie", ylim=(0, 2.9))
    third.legend(loc="upper left")
    return context.figure(
        figure,
        "s2-05-starts",
        run=here.trained,
        caption="The same model from the right start and from the text's N(0, I), which leaves the edge of "
        "the square thin.",
        alt=(
            "Two scatter plots, the second denser in the middle than at the edge; histograms of the distance from "
            "the centre show that it lacks points near the edge."
        ),
    )


def _starts_table(right: list[Sampling], wrong: list[Sampling], exact: Tensor) -> Table:
    rows = []
    for name, found in (("p_1, by its moments", right), ("N(0, I), as in the text", wrong)):
        points = torch.cat([s.points for s in found])
        rows.append(
            (
                name,
                "trained",
                fixed(coordinate_std(points), 3),
                f"{100 * ring_share(points):.1f} %",
                f"{sum(s.p_value > 0.05 for s in found)} of {len(found)}",
            )
        )
    rows.append(
        ("N(0, I), as in the text", "exact", fixed(coordinate_std(exact), 3), f"{100 * ring_share(exact):.1f} %", "—")
    )
    rows.append(("the square itself", "", fixed(STD, 3), f"{100 * RING:.1f} %", "95 %"))
    return Table(header=("start", "denoiser", "standard deviation", "outer ring", "p > .05"), rows=tuple(rows))
