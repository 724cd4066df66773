"""S2.11: samplers that add noise of their own, and where the variation of their outputs comes from."""

import numpy as np
import torch
from torch import Tensor

from genloom.report.figures import COLORS, DASHED, GRAY, KNOWN, canvas, styled
from genloom.report.numbers import at_least, at_most, fixed, near, number
from genloom.report.plots import outlines, plane
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.square import draws, spread
from genloom.studies.square.draws import CORNERS, VIEW, Square, square
from genloom.studies.square.spread import RULES, STEPS, Found, Split, posterior_spread
from genloom.studies.study import Answer, deliverable

_TIMES_AGAIN = 10
_STARTS = 8


@deliverable(
    "S2.11",
    "Different outputs from the same noise",
    question=(
        "If the outputs are the same, change the sampler so that they differ; else describe where the variation "
        "comes from."
    ),
)
def s2_11(context: Context) -> Answer:
    """Stochastic samplers from equal starts, their spread beside the exact posterior's, and when it comes about."""
    here = square(context)
    starts = here.start(_STARTS, 12)
    found = spread.repeat_all(here, starts)
    known = posterior_spread(starts, 1.0)
    origin = spread.origin(here)
    results, text = _results(found, origin, known), _text(found, origin, known)
    figures = [_repeats_figure(context, here, starts, found), _origin_figure(context, here, origin)]
    return Answer(
        text=text,
        figures=figures,
        results=results,
        tables=[_spread_table(found, known)],
        formula="x_s = x̂_0 + √(σ_s² − τ²) ε̂ + τ z,  τ² = η² σ_s² (1 − σ_s²/σ_t²);  outputs ~ p(x_0 | x_1) at η = 1",
        source="Song, Meng & Ermon 2021, Eq. 12 and 16; Song et al. 2021, Eq. 6",
    )


def _results(found: Found, origin: dict[float, Split], known: float) -> list[Result]:
    results = []
    for name in (RULES[2].name, RULES[3].name):
        trained, exact = found[name]
        results += [
            near(
                Result(
                    name=f"{name}: spread of outputs from one noise",
                    value=trained.spread,
                    known=known,
                    n=draws.EFFORT.repeats,
                    known_name="√ Var(x_0 | x_1), exact",
                    formula=f"exact denoiser: {number(exact.spread, 3)}",
                ),
                0.03,
            )
        ]
        results += [
            at_least(
                Result(
                    name=f"{name}: p of the energy test over {draws.EFFORT.samples:,} starts",
                    value=trained.p_value,
                    known=0.5,
                    known_name="its median for data against data",
                    n=draws.EFFORT.samples,
                ),
                0.01,
            )
        ]
    results.append(
        at_most(
            Result(
                name="DDIM, η = 0: spread of outputs from one noise",
                value=found[RULES[0].name][0].spread,
                known=0.0,
                known_name="no noise is added",
                n=draws.EFFORT.repeats,
            ),
            1e-6,
        )
    )
    results.append(
        near(
            Result(
                name="spread when the noise differs only after t = 0.8",
                value=origin[0.8].trained,
                known=origin[0.8].known,
                known_name="√ E Var(x_0 | x_0.8), exact",
            ),
            0.02,
        )
    )
    return results


def _text(found: Found, origin: dict[float, Split], known: float) -> tuple[str, ...]:
    ddpm, half = found[RULES[2].name], found[RULES[1].name]
    late = origin[0.5]
    return (
        "DDIM with η = 1 takes a little more noise away in each step than it needs to and adds fresh noise of the "
        f"same size: DDPM. Now {_TIMES_AGAIN} runs from one noise end in {_TIMES_AGAIN} places. Over "
        f"{draws.EFFORT.repeats} runs from each of {_STARTS} noises, {STEPS} steps, the standard deviation of the "
        f"outputs is {fixed(ddpm[0].spread, 3)} (exact denoiser: {fixed(ddpm[1].spread, 3)}); with η = .5 it is "
        f"{fixed(half[0].spread, 3)}, with η = 0 it is {number(found[RULES[0].name][0].spread, 2)}.",
        "There is a right amount. The reverse process of η = 1 draws from p(x_0 | x_1), so its outputs from one "
        f"noise must scatter as this posterior does: by {fixed(known, 3)} for these {_STARTS} starts. It is not much "
        f"less than the square's own {fixed(draws.STD, 3)}, since x_1 says little of x_0. η between 0 and 1 gives "
        "any spread between.",
        f"The samples as a whole stay right: from {draws.EFFORT.samples:,} starts the energy test gives p = "
        f"{fixed(ddpm[0].p_value, 2)} for η = 1, {fixed(found[RULES[3].name][0].p_value, 2)} for Euler–Maruyama and "
        f"{fixed(half[0].p_value, 2)} for η = .5. Every η has the same distribution at each t; only how x_t and x_s "
        "belong together differs.",
        "Where the variation comes from: the noise of the first steps. If runs share it down to t and differ after, "
        f"their outputs scatter by √ E Var(x_0 | x_t): {fixed(origin[1.0].trained, 2)} for t = 1, "
        f"{fixed(origin[0.8].trained, 2)} for t = .8 (exact: {fixed(origin[0.8].known, 2)}) and only "
        f"{fixed(late.trained, 3)} for t = .5 (exact: {fixed(late.known, 3)}). What is drawn late moves a point by "
        "no more than about σ(t).",
    )


@styled()
def _repeats_figure(context: Context, here: Square, starts: Tensor, found: Found) -> Figure:
    figure, axes = canvas(9.6, 2.9, 1, 3, sharex=True, sharey=True)
    reach = torch.cat([starts[:4], torch.tensor(VIEW)])
    low, high = (reach.amin(0) - 0.2).tolist(), (reach.amax(0) + 0.2).tolist()
    for axis, rule in zip(axes, RULES[:3], strict=True):
        outlines(axis, *CORNERS)
        for k in range(4):
            ends = found[rule.name][0].ends[k, :_TIMES_AGAIN]
            for end in ends:
                axis.plot(
                    [float(starts[k, 0]), float(end[0])],
                    [float(starts[k, 1]), float(end[1])],
                    color=COLORS[k],
                    linewidth=0.5,
                    alpha=0.5,
                )
            axis.scatter(
                ends[:, 0].numpy(),
                ends[:, 1].numpy(),
                s=20,
                color=COLORS[k],
                edgecolors="white",
                linewidths=0.6,
                zorder=4,
            )
            axis.scatter(
                float(starts[k, 0]),
                float(starts[k, 1]),
                s=44,
                marker="s",
                color=COLORS[k],
                edgecolors=KNOWN,
                linewidths=1.0,
                zorder=5,
            )
        plane(axis, low, high, f"{rule.name}: spread {fixed(found[rule.name][0].spread, 2)}")
    return context.figure(
        figure,
        "s2-11-spread",
        run=here.trained,
        caption=f"Four noises (□), each sampled {_TIMES_AGAIN} times (●), with no, some and all of the noise of DDPM.",
        alt=(
            "Three panels. Without noise each start leads to one point. With eta one half its ten outputs form a "
            "small group, with eta one they are spread over the square."
        ),
    )


@styled()
def _origin_figure(context: Context, here: Square, origin: dict[float, Split]) -> Figure:
    figure, (axes,) = canvas(5.8, 3.5)
    times = np.array(list(origin))
    axes.plot(times, [split.trained for split in origin.values()], color=COLORS[0], marker="o", label="trained")
    axes.plot(
        times,
        [split.exact for split in origin.values()],
        color=COLORS[2],
        marker="^",
        linestyle="none",
        label="exact denoiser",
    )
    axes.plot(
        times,
        [split.known for split in origin.values()],
        color=KNOWN,
        linestyle=DASHED,
        linewidth=1.1,
        label="posterior, closed form",
    )
    axes.plot(
        times,
        here.schedule.sigma(torch.tensor(times)).numpy(),
        color=GRAY,
        linewidth=1.0,
        linestyle=(0, (1, 1.5)),
        label="σ(t)",
    )
    axes.set(
        xlabel="time t down to which the noise is shared",
        ylabel="spread of the outputs",
        xlim=(1.02, 0.18),
        ylim=(0, 0.75),
    )
    axes.legend()
    return context.figure(
        figure,
        "s2-11-origin",
        run=here.trained,
        caption="How far outputs scatter whose noise is the same down to time t and differs after.",
        alt=(
            "A curve that falls from about one half at time one to nearly zero at one half; measured points lie on "
            "the closed form or just below it."
        ),
    )


def _spread_table(found: Found, known: float) -> Table:
    rows = []
    for rule in RULES:
        trained, exact = found[rule.name]
        rows.append(
            (
                rule.name,
                fixed(trained.spread, 3),
                fixed(exact.spread, 3),
                fixed(trained.p_value, 3),
                fixed(exact.p_value, 3),
            )
        )
    rows.append(("posterior p(x_0 | x_1), closed form", fixed(known, 3), fixed(known, 3), "—", "—"))
    return Table(
        header=("sampler", "spread, trained", "spread, exact", "p, trained", "p, exact"),
        rows=tuple(rows),
        caption=(
            f"Spread of outputs from one noise, and p of the energy test of samples from different noises; {STEPS} "
            "steps."
        ),
    )
