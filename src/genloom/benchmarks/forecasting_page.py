"""The page of `genloom bench forecasting`: ratios beside their goals, equal losses, and crossings."""

import math
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from genloom.benchmarks.forecasting import GOALS, KINDS, Task, Trained
from genloom.benchmarks.sides import Comparison
from genloom.report.numbers import at_least, number

if TYPE_CHECKING:
    from genloom.report.results import Item, Page, Result, Table

_CLOSE = 0.02  # relative difference of losses: bfloat16 has three digits


def page(trained: Sequence[Trained], grown: dict[str, Any], task: Task) -> "Page":
    """One item for training, one for attention."""
    from genloom import machine
    from genloom.report.results import Page

    about, first = machine.environment(), next(iter(trained[0].against.values())).pairs[0].ours
    facts = (("data", str(first["data"])),
             ("work", f"batches of {task.batch}, {task.lookback} → {task.horizon} rows, width {task.width}, "
                      f"{first['parameters']:,} parameters"),
             ("machine", f"{about['device']}, {about['cores']} cores"),
             ("versions", ", ".join(f"{name} {version}" for name, version in about["packages"].items())))
    return Page(title="genloom bench forecasting", kind="run", name="bench-forecasting", facts=facts,
                items=(training_item(trained, task), attention_item(grown)))


def training_item(trained: Sequence[Trained], task: Task) -> "Item":
    """Seconds of a training step, ours and theirs."""
    from genloom.report.results import Item

    text = (
        "A step is the forecast of a batch, the squared error, its gradients, clipping and Adam. genloom runs a "
        "recipe: "
        "it gathers its batches, finds what is not finite before an optimizer moves, logs and saves. Both peers are "
        "plain "
        "loops over batches that were cut before. torch's layers drop out what genloom's do; the network with "
        "materialised attention also drops weights of attention and hidden units, as the library does, and computes in "
        "float32, as it does by default.",
        "genloom's decoder computes queries for the rows to come alone in its last layer; the peers compute all "
        "tokens. "
        "Without dropout all three are one function, so that losses after equal steps from equal weights are equal but "
        "for rounding.",
        *(_told(each) for each in trained))
    results = [result for each in trained for result in _results(each)]
    return Item(number="training", title="A training step of the standard Transformer", text=text,
                results=tuple(results), tables=tuple(_tried(each) for each in trained))


def _told(each: Trained) -> str:
    ours = median(whole.middle("ours", "seconds") for whole in each.against.values())
    parts = [f"{whole.middle('theirs', 'seconds'):.2f} s by {name}" for name, whole in each.against.items()]
    return (f"Dropout {each.dropout:g}: {ours:.2f} s a step by genloom in {each.best['genloom'].setting}; "
            f"{'; '.join(parts)}.")


def _results(each: Trained) -> "list[Result]":
    from genloom.report.results import Result

    results = []
    for name, whole in each.against.items():
        goal = GOALS.get(name)
        result = Result(name=f"time of a step, dropout {each.dropout:g}: {name} over genloom", value=whole.ratio,
                        unit="×", interval=whole.spread, n=len(whole.pairs), known=goal,
                        known_name="" if goal is None else "goal, at least",
                        formula="median over pairs of processes; in brackets the smallest and largest ratio")
        results.append(result if goal is None else at_least(result, goal))
        results.append(_loss(each, name, whole))
    return results


def _loss(each: Trained, name: str, whole: Comparison) -> "Result":
    from genloom.report.numbers import near
    from genloom.report.results import Result

    pair = whole.pairs[0]
    result = Result(name=f"loss of the last {pair.ours['last']} of {pair.ours['steps']} steps, dropout "
                         f"{each.dropout:g}: genloom over {name}", value=pair.ours["loss"] / pair.theirs["loss"],
                    known=1.0, known_name="equal", n=len(whole.pairs))
    return near(result, _CLOSE) if each.dropout == 0 else result


def _tried(each: Trained) -> "Table":
    from genloom.report.results import Table

    rows = [(side, str(setting), f"{answer['seconds']:.3f}", number(answer["loss"]), f"{answer['memory_mb']:.0f}")
            for side, best in each.best.items() for setting, answer in best.tried.items()]
    rows += [(side, str(setting), "not to be had", "—", "—") for side, best in each.best.items()
             for setting in best.failed]
    for name, whole in each.against.items():
        rows.append((name, "compared", f"{whole.middle('theirs', 'seconds'):.3f}",
                     number(whole.middle("theirs", "loss")), f"{whole.middle('theirs', 'memory_mb'):.0f}"))
    return Table(header=("side", "setting", "seconds a step", "loss", "peak memory, MB"), rows=tuple(rows),
                 caption=f"Dropout {each.dropout:g}. One process for each setting; the fastest of a side is compared.")


def attention_item(grown: dict[str, Any]) -> "Item":
    """Time and memory of each kind, and where it becomes cheaper than full attention."""
    from genloom.report.results import Item, Result

    crossings = {kind: crossed(grown["costs"], kind) for kind in KINDS if kind not in ("full", "materialised")}
    said = [f"{kind} from {number(length, 2)} steps on" if math.isfinite(length) else f"{kind} at no length that was "
                                                                                      "timed"
            for kind, length in crossings.items()]
    return Item(
        number="attention", title="Attention as the length grows",
        text=(f"One causal call with its gradients, in float32. Less time than full attention: {'; '.join(said)}.",),
        tables=(_costs_table(grown["costs"]),),
        results=tuple(Result(name=f"length from which {kind} attention takes less time than full", value=length,
                             n=len(lengths(grown["costs"], kind))) for kind, length in crossings.items()))


def lengths(costs: Sequence[dict[str, Any]], kind: str) -> dict[int, float]:
    """Seconds of a kind by length."""
    return {int(cost["length"]): float(cost["seconds"]) for cost in costs if cost["kind"] == kind}


def crossed(costs: Sequence[dict[str, Any]], kind: str) -> float:
    """From which length on a kind takes less time than full attention; ∞ where it does not."""
    from genloom.forecasting.attention.cost import crossing

    mine, full = lengths(costs, kind), lengths(costs, "full")
    common = sorted(set(mine) & set(full))
    return crossing(common, [mine[n] for n in common], [full[n] for n in common])


def _costs_table(costs: Sequence[dict[str, Any]]) -> "Table":
    from genloom.report.results import Table

    columns = sorted({int(cost["length"]) for cost in costs})
    cells = {(cost["kind"], int(cost["length"])): f"{number(cost['seconds'] * 1e3, 3)} / "
                                                  f"{number(cost['bytes'] / 1e6, 3)}"
             for cost in costs}
    rows = tuple((kind, *(cells.get((kind, length), "—") for length in columns)) for kind in KINDS)
    return Table(header=("kind", *map(str, columns)), rows=rows,
                 caption="Milliseconds and megabytes beyond the inputs; — where it would take more than 4 GB.")
