"""S2.10: the same noise ten times."""

from collections.abc import Callable

import torch
from torch import Tensor

from genloom.report.figures import COLORS, GRAY, canvas, styled
from genloom.report.numbers import at_most, number
from genloom.report.plots import outlines, plane, scatter
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.square import draws
from genloom.studies.square.draws import CORNERS, VIEW, Square, square
from genloom.studies.study import Answer, deliverable

_TIMES_AGAIN = 10


@deliverable(
    "S2.10",
    "The same noise ten times",
    question="Put the same noise into the sampler 10 times without seeding it. Are the outputs the same?",
)
@draws.one_core()
def s2_10(context: Context) -> Answer:
    """Ten runs from equal starts, and the same samples in other batches."""
    here = square(context)
    steps = draws.EFFORT.most
    x = here.start(100, 10)
    outputs = [_unseeded(lambda: here.run(here.network, x, steps), again) for again in range(_TIMES_AGAIN)]
    worst = max((other - outputs[0]).abs().max().item() for other in outputs[1:])
    batches = _other_batches(here, x, outputs[0])
    largest = max(batches.values())
    results = (
        at_most(
            Result(
                name=f"largest difference between {_TIMES_AGAIN} runs",
                value=worst,
                known=0.0,
                known_name="the same function of the same input",
                n=len(x),
            ),
            0.0,
        ),
        at_most(
            Result(
                name="largest difference to the same samples in another batch",
                value=largest,
                known=0.0,
                known_name="independent of the batch",
                n=len(x),
            ),
            1e-5,
        ),
    )
    words = "exactly the same, bit for bit" if worst == 0 else f"not the same: they differ by up to {number(worst, 2)}"
    text = (
        f"{'Yes' if worst == 0 else 'No'}. {_TIMES_AGAIN} runs from the same {len(x)} starts, each after another "
        f"setting of torch's global random state, give outputs that are {words} (largest difference "
        f"{number(worst, 2)}). After x_1 is drawn, the sampler draws nothing: each step is a function of x and t, "
        "the network has no dropout, and so the output is a function of the noise put in.",
        "It is also a function of this sample's noise alone. In another batch the same sample comes out within "
        f"{number(largest, 2)}: what is left is the order in which a matrix product adds float32 numbers, which "
        "depends on the batch's size.",
        "This makes the noise a code of the sample: equal noise, equal sample; near noise, near sample; and the map "
        "can be run backwards (S2.21). To get different outputs from one noise, noise has to be added on the way: "
        "S2.11 does that.",
    )
    rows = (
        (f"{_TIMES_AGAIN} runs of one batch", number(worst, 2)),
        *((name, number(value, 2)) for name, value in batches.items()),
    )
    return Answer(
        text=text,
        figures=[_again_figure(context, here, x, outputs)],
        results=results,
        tables=[Table(header=("what is compared", "largest difference of a coordinate"), rows=rows)],
        formula="x_0 = F(x_1),  F = the steps x ← x̂_0 + (σ_s/σ_t)(x − x̂_0)",
        source="Song, Meng & Ermon 2021, §4.1",
    )


def _other_batches(here: Square, x: Tensor, output: Tensor) -> dict[str, float]:
    """Largest differences of the same samples, drawn in other batches."""
    alone = torch.cat([here.run(here.network, x[i : i + 1], draws.EFFORT.most) for i in range(3)])
    turned = here.run(here.network, x.flip(0), draws.EFFORT.most).flip(0)
    padded = here.run(here.network, torch.cat([x, here.start(500, 11)]), draws.EFFORT.most)[: len(x)]
    return {
        "each sample alone": (alone - output[:3]).abs().max().item(),
        "the batch in reverse order": (turned - output).abs().max().item(),
        "in a batch of 600": (padded - output).abs().max().item(),
    }


def _unseeded(work: Callable[[], Tensor], k: int) -> Tensor:
    """The work under a global random state that differs for each k, which is put back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(k)
        return work()


@styled()
def _again_figure(context: Context, here: Square, x: Tensor, outputs: list[Tensor]) -> Figure:
    figure, (axes,) = canvas(4.6, 5.0)
    scatter(axes, here.points, color=GRAY, size=2, alpha=0.4)
    outlines(axes, *CORNERS)
    shown = 6
    for k in range(shown):
        axes.plot(
            [float(x[k, 0]), float(outputs[0][k, 0])],
            [float(x[k, 1]), float(outputs[0][k, 1])],
            color=COLORS[k],
            linewidth=0.8,
            alpha=0.6,
        )
        axes.scatter(
            float(x[k, 0]),
            float(x[k, 1]),
            marker="s",
            s=30,
            color=COLORS[k],
            edgecolors="white",
            linewidths=0.8,
            zorder=4,
        )
        for again, output in enumerate(outputs):
            axes.scatter(
                float(output[k, 0]),
                float(output[k, 1]),
                s=(2.5 + 1.6 * again) ** 2,
                facecolors="none",
                edgecolors=COLORS[k],
                linewidths=0.6,
                zorder=5,
            )
    reach = torch.cat([x[:shown], torch.tensor(VIEW)])
    plane(
        axes,
        (reach.amin(0) - 0.2).tolist(),
        (reach.amax(0) + 0.2).tolist(),
        f"{shown} noises (□), each sampled {len(outputs)} times",
    )
    return context.figure(
        figure,
        "s2-10-same-noise",
        run=here.trained,
        caption=(
            f"Outputs of {len(outputs)} runs from the same noise, drawn as rings of growing size so that all can be "
            "seen: they have one centre."
        ),
        alt=(
            "Six squares, each joined by a line to ten concentric rings inside the data: the ten outputs of each are "
            "the same point."
        ),
    )
