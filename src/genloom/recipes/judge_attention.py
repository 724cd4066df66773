"""Is a forecaster's attention meaningful? Where it looks, beside looking at all alike, and what it is worth."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.series.calendar import cycle_index
from genloom.forecasting.ablation import ABLATIONS, ablated
from genloom.forecasting.analysis import Agreement, Attended, agreement, autocorrelation
from genloom.forecasting.attending import Attending
from genloom.forecasting.observation import PARTS, observe, transformer_of
from genloom.metrics.block_bootstrap import difference_interval
from genloom.metrics.interval import Interval
from genloom.recipes.judge_forecaster import errors_on
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_forecaster import ForecasterExperiment

WINDOWS = 32
"""Test windows that are looked at, evenly spread."""


@dataclass(frozen=True, eq=False)
class Sight:
    """What a Transformer's attention looks at.

    parts     mean attention of each layer: "encoder", "decoder" and "cross"
    similar   autocorrelation of the training rows at lags 0, 1, …, mean over channels
    period    rows of a season
    """

    parts: dict[str, tuple[Attended, ...]]
    similar: Tensor
    period: int


class Head(NamedTuple):
    """Numbers of one head.

    part, layer, head   which; layers and heads are counted from 1
    breadth             exp(entropy) as a share of looking at all alike
    daily               weight on the same hour of other days over that on other hours
    rank                share of the hours that are looked at as much at least
    last                share of the weight on the last season of the keys, and `last_even` of looking at all alike
    agrees              how weight by lag follows the autocorrelation of the data; None where there are few lags
    """

    part: str
    layer: int
    head: int
    breadth: float
    daily: float
    rank: float
    last: float
    last_even: float
    agrees: Agreement | None


class Loss(NamedTuple):
    """What replacing attention costs: the squared error without it, and how much more that is, with its interval."""

    part: str
    by: str
    mse: float
    more: Interval


def sight(experiment: "ForecasterExperiment", networks: Networks, count: int = WINDOWS) -> Sight:
    """Attention over windows of the test part.

    Errors: `InputError` for a forecaster without a Transformer.
    """
    test, period = experiment.parts.test, experiment.period
    phases = cycle_index(experiment.series.times, period, experiment.series.step)
    found = observe(networks["forecaster"], test, phases, period=period, count=count)
    train = torch.from_numpy(experiment.series.values[experiment.borders.train])
    longest = max(int(layer.lags.abs().max()) for layers in found.values() for layer in layers)
    similar = autocorrelation(train, min(len(train), longest + 1))
    return Sight(found, similar[similar.isfinite().all(1)].mean(0), period)


def heads(seen: Sight) -> tuple[Head, ...]:
    """Numbers of every head of every layer."""
    return tuple(head for part, layers in seen.parts.items() for number, layer in enumerate(layers, 1)
                 for head in _heads(seen, part, number, layer))


def _heads(seen: Sight, part: str, number: int, layer: Attended) -> list[Head]:
    profile, period, even = layer.profile(), seen.period, layer.evenly()
    enough = 1 < period < len(profile.lags) / 2  # a season of one row has no other rows to stand out from
    contrast = profile.contrast(period) if enough else None
    end = int(layer.keys.max()) + 1
    last, last_even = layer.share_of_rows(end - period, end), even.share_of_rows(end - period, end)
    return [Head(part, number, head + 1, float(layer.breadth[head]),
                 math.nan if contrast is None else float(contrast.ratio[head]),
                 math.nan if contrast is None else float(contrast.rank[head]), float(last[head]), float(last_even[0]),
                 follows(profile.lags, profile.weight[head], seen.similar) if enough else None)
            for head in range(len(layer.weights))]


def follows(lags: Tensor, weight: Tensor, similar: Tensor) -> Agreement:
    """How weight by lag (K,) follows the autocorrelation at the size of the lag, over lags other than 0."""
    chosen = (lags != 0) & (lags.abs() < len(similar))
    return agreement(weight[chosen], similar[lags[chosen].abs()])


def losses(experiment: "ForecasterExperiment", networks: Networks, count: int = 128) -> tuple[Loss, ...]:
    """The squared error on test windows where an attention is replaced, part by part and all at once.

    The first is that of the model as it is, of which nothing is replaced. The self-attention of an autoregressive
    decoder, which goes step by step, is left as it is.
    """
    network = transformer_of(networks["forecaster"])
    through = [part for part in PARTS if part != "decoder" or network.shape.decoder == "one-shot"]
    attentions: dict[str, list[Attending]] = {part: [getattr(network.attentions, part)] for part in through}
    attentions["all"] = [each for chosen in attentions.values() for each in chosen]
    test, horizon = experiment.parts.test, experiment.recipe.window.horizon
    whole = errors_on(experiment, networks, test, count).window_mse
    apart = max(1, len(test) // max(1, min(count, len(test))))
    block = min(len(whole), max(1, -(-horizon // apart)))
    found = [Loss("none", "as it is", float(whole.mean()), Interval(0.0, 0.0, 0.0, len(whole)))]
    for part, chosen in attentions.items():
        for by in ABLATIONS:
            with ablated(chosen, by):  # type: ignore[arg-type]
                errors = errors_on(experiment, networks, test, count).window_mse
            more = difference_interval(errors, whole, block, draws=experiment.recipe.evaluation.draws)
            found.append(Loss(part, by, float(errors.mean()), more))
    return tuple(found)
