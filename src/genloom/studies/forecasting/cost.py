"""S0.10: why these techniques, and what they cost as the length grows."""

import math
from collections.abc import Sequence

from genloom.forecasting.attention.cost import Cost, Work, costs, crossing, growth
from genloom.report.figures import canvas
from genloom.report.numbers import number
from genloom.report.plots import lines
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.forecasting.techniques import NAMED
from genloom.studies.forecasting.work import experiment, sizes
from genloom.studies.study import Answer, deliverable

KINDS = ("full", "materialised", *NAMED, "local", "linear")
"""Those that are timed."""


def timed(context: Context) -> list[Cost]:
    """Seconds and memory of every kind at every length."""
    def work() -> list[Cost]:
        size = sizes(context)
        return costs(KINDS, size.lengths, Work(heads=size.timed, causal=True, repeats=size.repeats),
                     most_bytes=4e9, tell=lambda cost: context.screen.say(
                         f"{cost.kind} at {cost.length}: {cost.seconds * 1e3:.1f} ms"))

    return context.once("costs", work)


@deliverable("S0.10", "Why these techniques, and what they cost", question="Please explain why you chose it.")
def chosen(context: Context) -> Answer:
    """Time and memory from 96 to 8192 steps, and where each becomes cheaper than full attention."""
    found, made = timed(context), experiment(context)
    tokens = made.recipe.window.label + made.recipe.window.horizon
    return Answer(
        text=("Full attention compares each step with each, so time grows with the square of the length; written out, "
              "so does memory. Performer was chosen since it keeps the form of softmax attention and costs as much as "
              "the length; strided and fixed sparse attention since the series has a day in it: with a stride of a day "
              "a step looks at the last day and at the same hour of the days before, which is what a load depends on. "
              "Both come with a claim that can be tested: that little is lost, and that much is saved.",
              _crossings(found, tokens)),
        figures=(_figure(context, found),),
        tables=(_table(found),),
        results=tuple(_results(found)),
        formula="full: L² d;   strided, fixed: L (l + L/l) d;   performer: L m d",
        source="Child et al. 2019, section 4; Choromanski et al. 2021, section 2",
    )


def of(found: Sequence[Cost], kind: str) -> list[Cost]:
    """The costs of one kind, by length."""
    return [cost for cost in found if cost.kind == kind]


def crossed(found: Sequence[Cost], kind: str, than: str = "full") -> float:
    """From which length on a kind takes less time than another; ∞ where it does not."""
    mine, theirs = {c.length: c.seconds for c in of(found, kind)}, {c.length: c.seconds for c in of(found, than)}
    common = sorted(set(mine) & set(theirs))
    return crossing(common, [mine[n] for n in common], [theirs[n] for n in common])


def _crossings(found: Sequence[Cost], tokens: int) -> str:
    said = []
    for kind in NAMED:
        length = crossed(found, kind)
        said.append(f"{kind} from {number(length, 2)} steps on" if math.isfinite(length) else
                    f"{kind} at no length that was timed")
    return (f"Cheaper than full attention in time: {'; '.join(said)}. The decoder here has {tokens} tokens and the "
            "encoder fewer: below the crossing nothing is saved, however the formula grows, since full attention is "
            "one fused call, and a kind with more steps pays for each.")


def _results(found: Sequence[Cost]) -> list[Result]:
    results = []
    for kind in NAMED:
        mine = of(found, kind)
        results.append(Result(name=f"length from which {kind} attention takes less time than full, with gradients",
                              value=crossed(found, kind), known=None, n=len(mine)))
    for kind, power in (("full", 2.0), ("performer", 1.0), ("strided", 1.5), ("fixed", 1.5)):
        late = of(found, kind)[-3:]
        if len(late) > 1:
            results.append(Result(
                name=f"time of {kind} attention grows with L to the power of", known=power, n=len(late),
                value=growth([c.length for c in late], [c.seconds for c in late]),
                known_name="by its formula" if power != 1.5 else "by its formula, stride √L"))
    return results


def _table(found: Sequence[Cost]) -> Table:
    lengths = sorted({cost.length for cost in found})
    cells = {(cost.kind, cost.length): f"{number(cost.seconds * 1e3, 3)} / {number(cost.bytes / 1e6, 3)}"
             for cost in found}
    rows = tuple((kind, *(cells.get((kind, length), "—") for length in lengths)) for kind in KINDS)
    return Table(header=("kind", *map(str, lengths)), rows=rows,
                 caption="Milliseconds and megabytes of one causal call with its gradients, one sequence, heads of 64 "
                         "numbers, float32, medians; memory beyond the inputs. — where it would take more than 4 GB. "
                         "Strides are √L, and Performer has 267 random features.")


def _figure(context: Context, found: Sequence[Cost]) -> Figure:
    figure, (left, right) = canvas(10.4, 3.8, 1, 2)
    lengths = sorted({cost.length for cost in found})
    for axis, what, label in ((left, "seconds", "seconds"), (right, "bytes", "bytes")):
        known = {(cost.kind, cost.length): float(getattr(cost, what)) for cost in found}
        series = {kind: [known.get((kind, length), math.nan) for length in lengths] for kind in KINDS}
        lines(axis, lengths, series, xlabel="length", ylabel=label, log="xy")
    return context.figure(figure, "attention-cost", alt="Time and memory of seven kinds of attention over the length, "
                                                        "both logarithmic",
                          caption="Time and memory of one causal call with its gradients.")
