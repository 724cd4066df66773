"""S0.11: does it work here, and why: errors of the approximation at the trained model's own queries and keys."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from genloom.forecasting.attending import Attending
from genloom.forecasting.attention.kinds import attend, weights
from genloom.forecasting.attention.options import Options
from genloom.metrics.interval import mean_interval
from genloom.report.figures import canvas
from genloom.report.numbers import number
from genloom.report.plots import lines
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.forecasting.cost import crossed, timed
from genloom.studies.forecasting.looks import seen
from genloom.studies.forecasting.techniques import NAMED, others, paired
from genloom.studies.forecasting.work import Model, beside, experiment, of_kind, on_test, sizes, standard
from genloom.studies.study import Answer, deliverable

FEATURES = (16, 32, 64, 128, 256, 512)
"""Random features at which Performer is tried; d ln d, as the paper advises, is 267 for heads of 64."""
_WINDOWS = 2


class Met(NamedTuple):
    """Queries, keys and values that a layer's attention met, (B, heads, L, d), and whether it was causal."""

    part: str
    q: Tensor
    k: Tensor
    v: Tensor
    causal: bool


def met(context: Context) -> tuple[Met, ...]:
    """What every self-attention of the trained standard Transformer meets in a few test windows."""
    return context.once("met", lambda: _met(standard(context)[0]))


@torch.no_grad()
def _met(model: Model) -> tuple[Met, ...]:
    network, test, found = model.transformer, model.experiment.parts.test, list[Met]()
    parts = {id(network.attentions.encoder): "encoder", id(network.attentions.decoder): "decoder"}
    count = Counter[str]()

    def keep(attending: nn.Module, inputs: tuple[Any, ...]) -> None:
        assert isinstance(attending, Attending)
        q, k, v = (cast(Tensor, each).float().cpu() for each in inputs[:3])
        count[parts[id(attending)]] += 1
        found.append(Met(f"{parts[id(attending)]} {count[parts[id(attending)]]}", q, k, v, attending.causal))

    hooks = [each.register_forward_pre_hook(keep) for each in (network.attentions.encoder, network.attentions.decoder)]
    chosen = torch.linspace(0, len(test) - 1, min(_WINDOWS, len(test))).round().long()
    batch, device = test.batch(chosen), next(network.parameters()).device
    try:
        model.forecaster.eval()(*(batch[name].to(device) for name in ("x", "x_marks", "y_marks")))
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(found)


def lost(each: Met, kind: str, options: Options) -> float:
    """‖kind − full‖ / ‖full‖ of what is mixed from the values."""
    full = attend("full", each.q, each.k, each.v, causal=each.causal)
    other = attend(kind, each.q, each.k, each.v, causal=each.causal, options=options)
    return float((other - full).norm() / full.norm())


def lost_by_all_alike(each: Met) -> float:
    """The same where each query looks at all it may see alike, whatever queries and keys are."""
    zeros = torch.zeros_like(each.q), torch.zeros_like(each.k)
    full, even = (attend("full", q, k, each.v, causal=each.causal) for q, k in ((each.q, each.k), zeros))
    return float((even - full).norm() / full.norm())


class Kept(NamedTuple):
    """The share of full attention's weight on the pairs that a sparse kind keeps, and the share by looking at all
    alike."""

    weight: float
    even: float


def kept(each: Met, kind: str, stride: int) -> Kept:
    """How much of the trained weights a sparse pattern holds."""
    full = weights("full", each.q, each.k, causal=each.causal)
    zeros = torch.zeros_like(each.q), torch.zeros_like(each.k)
    pattern = weights(kind, *zeros, causal=each.causal, options=Options(stride=stride, window=stride)) > 0
    even = weights("full", *zeros, causal=each.causal)
    return Kept(float((full * pattern).sum(-1).mean()), float((even * pattern).sum(-1).mean()))


@deliverable("S0.11", "Does it work here?",
             question="Check whether it works on the given dataset, and give a convincing reason.")
def works(context: Context) -> Answer:
    """Errors of the approximation at the trained queries and keys, what sparse patterns keep, and a verdict."""
    found, period = met(context), experiment(context).period
    return Answer(
        text=(_verdict(context), _reason(context, found, period),
              "An approximation of attention is judged by what it mixes, not by its formula. So queries, keys and "
              "values of the trained standard Transformer were taken from test windows, and each kind put in its "
              "place without any training."),
        figures=(_figure(context, found),),
        tables=(_scores_table(found), _kept_table(found, period)),
        results=(*_differences(context), *_performer(found), *_sparse(found, period)),
        formula="‖kind(q, k, v) − softmax(q kᵀ/√d) v‖ / ‖softmax(q kᵀ/√d) v‖",
        source="Choromanski et al. 2021, section 4.2; Child et al. 2019, section 3",
    )


def _verdict(context: Context) -> str:
    gaps = {kind: mean_interval(paired(context, kind)) for kind in others(context) if kind in NAMED}
    better = [kind for kind, gap in gaps.items() if gap.n > 1 and gap.high < 0]
    worse = [kind for kind, gap in gaps.items() if gap.n > 1 and gap.low > 0]
    tokens = experiment(context).recipe.window.label + experiment(context).recipe.window.horizon
    faster = [kind for kind in NAMED if crossed(timed(context), kind) <= tokens]
    return (f"In error: better than full attention by more than seeds explain: {', '.join(better) or 'none'}; worse: "
            f"{', '.join(worse) or 'none'}. In time: faster at the decoder's {tokens} tokens: "
            f"{', '.join(faster) or 'none'}. " + (
                "It works here in the sense of its papers, that less is computed at no "
                "loss." if faster and not worse else
                "Nothing is gained here: sequences are too short for what it saves." if not faster else
                "What it saves in time it pays for in error."))


def _reason(context: Context, found: Sequence[Met], period: int) -> str:
    even = _mean(lost_by_all_alike(each) for each in found)
    features = _mean(lost(each, "performer", Options()) for each in found)
    profile = seen(context).parts["encoder"][-1].profile()
    top = int(profile.lags[profile.weight.mean(0).argmax()])
    strided = [kept(each, "strided", period) for each in found]
    held, chance = _mean(each.weight for each in strided), _mean(each.even for each in strided)
    return ("The reason is in what full attention has learned. In the encoder its weight by lag is largest at lag "
            f"{top}. Looking at all alike instead changes what is mixed by {100 * even:.0f} % of its size; Performer "
            f"changes it by {100 * features:.0f} %, so " + (
                "its features follow the trained weights to some extent. " if features < even else
                "its features follow the trained weights no better than nothing does: their variance grows with the "
                "size of queries and keys, and swamps them. ")
            + f"Strided attention keeps pairs that hold {100 * held:.0f} % of the trained weight, where looking at all "
            f"alike has {100 * chance:.0f} % on them: " + (
                "what full attention learned is where a stride of a day looks. " if held > chance + 0.1 else
                "full attention learned no special regard for the last day and for the same hour of other days. ")
            + _level(context))


def _mean(values: Iterable[float]) -> float:
    return fmean(list(values))


def _level(context: Context) -> str:
    """Whether attention is where the error is."""
    every = [on_test(context, model).scaled.mse for kind in sizes(context).kinds for model in of_kind(context, kind)]
    name, best = min(((name, each.scaled.mse) for name, each in beside(context).items()), key=lambda pair: pair[1])
    if min(every) < best:
        return f"The best of these networks is below the best baseline, {name}."
    return (f"All of them stay above the best baseline: {number(min(every), 3)} at least, against {number(best, 3)} of "
            f"{name}. What separates networks from baselines is larger than what separates kinds of attention.")


def _figure(context: Context, found: Sequence[Met]) -> Figure:
    figure, (axes,) = canvas(7.2, 3.6)
    series = {each.part: [lost(each, "performer", Options(features=m, seed=context.seed)) for m in FEATURES]
              for each in found}
    lines(axes, FEATURES, series, xlabel="random features", ylabel="relative error", log="xy",
          known={each.part: lost_by_all_alike(each) for each in found})
    return context.figure(figure, "performer-error", run=standard(context)[0].trained,
                          alt="Relative errors of Performer over the number of features, beside those of even weights",
                          caption="Performer in place of full attention in the trained network: error of what is "
                                  "mixed, layer by layer; dashed, the error of looking at all alike, which knows "
                                  "nothing.")


def _scores_table(found: Sequence[Met]) -> Table:
    rows = []
    for each in found:
        scores = each.q @ each.k.transpose(-2, -1) / each.q.shape[-1] ** 0.5
        errors = [lost(each, "performer", Options(features=m)) for m in FEATURES]
        rows.append((each.part, number(float(scores.std()), 3), number(float(scores.abs().max()), 3),
                     *(number(error, 2) for error in errors), number(lost_by_all_alike(each), 2)))
    return Table(header=("attention", "deviation of scores", "largest", *(f"m = {m}" for m in FEATURES), "all alike"),
                 rows=tuple(rows), caption="Scores q · k / √d of the trained network, and the relative error of "
                                           "Performer "
                                           "with m features. The variance of its features grows with exp(|q|² + |k|²).")


def _kept_table(found: Sequence[Met], period: int) -> Table:
    rows = []
    for each in found:
        both = [kept(each, kind, period) for kind in ("strided", "fixed", "local")]
        rows.append((each.part, *(f"{one.weight:.2f} ({one.even:.2f})" for one in both)))
    return Table(header=("attention", "strided", "fixed", "local"), rows=tuple(rows),
                 caption=f"Share of full attention's weight on the pairs that each kind keeps, stride {period}; in "
                         "brackets the share that looking at all alike has there.")


def _differences(context: Context) -> list[Result]:
    results = []
    for kind in NAMED:
        if kind not in others(context):
            continue
        gap = mean_interval(paired(context, kind))
        results.append(Result(name=f"test MSE, {kind} less full attention, paired by seed", value=gap.value, known=0.0,
                              known_name="as good", n=gap.n, interval=(gap.low, gap.high) if gap.n > 1 else None))
    return results


def _performer(found: Sequence[Met]) -> list[Result]:
    mean = _mean(lost(each, "performer", Options()) for each in found)
    even = _mean(lost_by_all_alike(each) for each in found)
    return [Result(name="relative error of Performer at the trained queries and keys, mean over layers", value=mean,
                   known=even, known_name="looking at all alike", n=len(found))]


def _sparse(found: Sequence[Met], period: int) -> list[Result]:
    results = []
    for kind in ("strided", "fixed"):
        both = [kept(each, kind, period) for each in found]
        results.append(Result(name=f"share of full attention's weight on pairs that {kind} keeps", n=len(found),
                              value=sum(one.weight for one in both) / len(both), known_name="looking at all alike",
                              known=sum(one.even for one in both) / len(both)))
    return results
