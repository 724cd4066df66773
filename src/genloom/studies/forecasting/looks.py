"""S0.7 and S0.8: what the trained attention looks at, and whether that means anything."""

import math
from collections.abc import Sequence

from genloom.forecasting.analysis import Attended
from genloom.forecasting.observation import PARTS
from genloom.metrics.interval import Interval, wilson_interval
from genloom.recipes.judge_attention import Head, Loss, Sight, heads, losses, sight
from genloom.recipes.show_attention_series import hours_item, lags_item, steps_item, summary, typical
from genloom.report.numbers import at_least, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.forecasting.work import ends, sizes, standard
from genloom.studies.study import Answer, deliverable


def seen(context: Context) -> Sight:
    """Attention of the study's standard Transformer over test windows."""
    def work() -> Sight:
        model = standard(context)[0]
        return sight(model.experiment, model.networks, sizes(context).sights)

    return context.once("sight", work)


def replaced(context: Context) -> tuple[Loss, ...]:
    """What replacing its attention costs."""
    def work() -> tuple[Loss, ...]:
        model = standard(context)[0]
        return losses(model.experiment, model.networks, sizes(context).ablated)

    return context.once("replaced", work)


@deliverable("S0.7", "Attention at typical time steps", question="Visualize the attention values of some typical "
                                                                 "words.")
def steps(context: Context) -> Answer:
    """Weights of typical steps, and which hours look at which, head by head."""
    found, model, folder = seen(context), standard(context)[0], context.folder / "figures"
    provenance = context.provenance(model.trained)
    first = steps_item(model.experiment, found, folder / "attention-steps.png", provenance)
    hours = hours_item(found, folder, provenance)
    numbers = heads(found)
    rows = tuple(_row(PARTS[name], layers[-1], query) for name, layers in found.parts.items()
                 for query in typical(layers[-1]))
    return Answer(
        text=("A word is a time step here. Steps are counted from the first that is forecast, so those of the lookback "
              f"are negative; weights are means over {found.parts['encoder'][0].windows} test windows.",
              "The second set folds the same weights by the hour of the day: a head that looked for the same hour of "
              "other days would have a bright diagonal, one that looked at mornings a bright column.",
              summary(numbers, found.period)),
        figures=(*first.figures, *hours.figures),
        tables=(Table(header=("attention", "step that looks", "looks most at", "times as much as at all alike"),
                      rows=rows, caption="Last layer, mean over heads."),),
        results=(Result(name="broadest head: exp(entropy) over that of looking at all alike", known=1.0,
                        value=max(head.breadth for head in numbers), known_name="all alike", n=len(numbers)),
                 Result(name="narrowest head, the same", value=min(head.breadth for head in numbers), known=1.0,
                        known_name="all alike", n=len(numbers))),
        formula="w_ij = softmax_j(q_i · k_j / √d)", source="genloom.forecasting.observation",
    )


def _row(part: str, layer: Attended, query: int) -> tuple[str, ...]:
    """Where a step looks most."""
    weights = layer.weights[:, query].mean(0)
    return (part, str(int(layer.queries[query])), str(int(layer.keys[weights.argmax()])),
            number(float(weights.max() / layer.uniform[query].max()), 3))


@deliverable("S0.8", "Is the attention meaningful?",
             question="Check whether the Transformer can learn meaningful attention values.")
def meaningful(context: Context) -> Answer:
    """Lags beside the data's autocorrelation, chance levels, and forecasts with attention replaced."""
    found, model, cost = seen(context), standard(context)[0], replaced(context)
    numbers, folder = heads(found), context.folder / "figures"
    lags = lags_item(found, numbers, folder / "attention-lags.png", context.provenance(model.trained))
    return Answer(
        text=(*lags.text, f"{_hours(found, numbers)} {needed(cost)}",
              "What counts is not the picture but whether forecasts need it. So attention is replaced in the trained "
              "network: by looking at all alike, by the mean weights over windows, which keeps the shape and loses "
              "what depends on the window, and by the weights of another window."),
        figures=lags.figures,
        tables=(*lags.tables, _replaced_table(cost)),
        results=(*_chance(found, numbers), *_replaced_results(cost)),
        formula="weight by lag: Σ w_ij / Σ u_ij over pairs with i − j = lag, u_ij = 1/n of the n keys seen",
        source="genloom.forecasting.analysis; Jain & Wallace 2019 (why pictures of attention are not enough)",
    )


def _hours(found: Sight, numbers: Sequence[Head]) -> str:
    judged = [head for head in numbers if math.isfinite(head.rank)]
    daily = sum(head.rank <= 1 / found.period + 1e-9 for head in judged)
    than = "more than" if daily > 3 * max(1.0, len(judged) / found.period) else "no more than"
    return f"Heads that look most at the same hour of other days: {daily} of {len(judged)}, {than} chance would give."


def needed(cost: Sequence[Loss]) -> str:
    """Whether forecasts need attention, in words: of all attentions at once, and of each alone."""
    worse = {by: [each.part for each in cost if each.by == by and each.more.low > 0] for by in ("uniform", "mean")}
    all_alike, all_mean = ("surely" if "all" in worse[by] else "not surely" for by in worse)
    alone = [f"that of {PARTS[part]} {words}"
             for by, words in (("uniform", "by a look at all alike"), ("mean", "by its mean weights"))
             for part in worse[by] if part != "all"]
    return (f"Without attention, each step looking at all alike, forecasts are {all_alike} worse; with the mean "
            f"weights of all windows they are {all_mean} worse. "
            + (f"Replaced while the others stay, these make them surely worse: {', '.join(alone)}. " if alone else "")
            + ("So attention carries something of the window that forecasts use." if worse["mean"] else
               "So what attention has learned is a pattern that is the same for every window." if worse["uniform"] else
               "So it is not shown that forecasts of this network need its attention at all."))


def _of(cost: Sequence[Loss], part: str, by: str) -> Loss:
    return next(each for each in cost if (each.part, each.by) == (part, by))


def _chance(found: Sight, numbers: Sequence[Head]) -> tuple[Result, ...]:
    judged = [head for head in numbers if math.isfinite(head.rank)]
    if not judged:
        return ()
    daily = wilson_interval(sum(head.rank <= 1 / found.period + 1e-9 for head in judged), len(judged))
    follow = wilson_interval(sum(head.agrees is not None and head.agrees.p <= 0.05 for head in judged), len(judged))
    contrast = [head.daily for head in judged]
    return (
        Result(name="share of heads whose weight is largest at the same hour of other days", value=daily.value,
               known=1 / found.period, known_name="chance", interval=(daily.low, daily.high), n=daily.n),
        Result(name="share of heads whose weight by lag follows the data's autocorrelation, p ≤ 0.05",
               value=follow.value, known=0.05, known_name="chance", interval=(follow.low, follow.high), n=follow.n),
        Result(name="weight on the same hour over that on other hours, largest of all heads", value=max(contrast),
               known=1.0, known_name="all alike", n=len(contrast)),
    )


def _replaced_results(cost: Sequence[Loss]) -> tuple[Result, ...]:
    said = {"uniform": "each step looks at all alike", "mean": "mean weights of all windows",
            "foreign": "weights of another window"}
    results = []
    for by, words in said.items():
        more: Interval = _of(cost, "all", by).more
        result = Result(name=f"test MSE more with all attention replaced: {words}", value=more.value, known=0.0,
                        known_name="attention is not needed", n=more.n, interval=ends(more))
        results.append(at_least(result, 0.0) if by == "uniform" else result)
    return tuple(results)


def _replaced_table(cost: Sequence[Loss]) -> Table:
    rows = tuple((PARTS.get(each.part, each.part), each.by, number(each.mse), number(each.more.value, 3),
                  f"[{number(each.more.low, 3)}, {number(each.more.high, 3)}]") for each in cost)
    return Table(header=("attention", "replaced by", "MSE, scaled", "more than as it is", "95 %"), rows=rows,
                 caption=f"{cost[0].more.n} windows of the test part, evenly spread; blocks of the horizon.")
