"""S0.5 and S0.6: why a decoder needs a mask, where it needs none, how a mask is made, and what others do."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.forecasting.masks import MASKS, future_pairs, make_mask
from genloom.report.figures import canvas, styled
from genloom.report.numbers import at_least, at_most, fixed, near, number
from genloom.report.plots import density
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.forecasting.curves import curve, late
from genloom.studies.forecasting.work import Model, of_mask, sizes
from genloom.studies.study import Answer, deliverable
from genloom.studies.written.masked_decoder import exact_weights, leak
from genloom.studies.written.masks import HOW, WHY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DECODERS = {"autoregressive": "step by step, taught with the truth", "one-shot": "all steps in one pass, from zeros"}
_SHOWN = 48  # positions of the masks that are drawn
_LESS = 0.8  # of the error under the mask: what a look at the answers must save at least to be called one
_ROUNDING = 1e-5


class Exchanged(NamedTuple):
    """What a decoder with a mask does.

    training   squared error of the last training steps
    given      of test windows where the decoder is given the truth before each step
    free       of the same windows where it is given its own forecasts, as in use
    leak       largest change of forecasts up to a step by changing the truth from that step on, over their deviation
    """

    training: float
    given: float
    free: float
    leak: float


def exchanged(context: Context, decoder: str, mask: str) -> Exchanged:
    """The decoder of the study of masks with this mask, measured once."""
    return context.once(("mask", decoder, mask),
                        lambda: _measured(of_mask(context, decoder, mask), sizes(context).free))


@torch.no_grad()
def _measured(model: Model, count: int) -> Exchanged:
    test, network = model.experiment.parts.test, model.forecaster.eval()
    chosen = torch.linspace(0, len(test) - 1, min(count, len(test))).round().long()
    device = next(network.parameters()).device
    batch = {name: each.to(device) for name, each in test.batch(chosen).items()}
    told, y = (batch["x"], batch["x_marks"], batch["y_marks"]), batch["y"]
    return Exchanged(late(curve(model)), float((network(*told, y) - y).square().mean()),
                     float((network(*told) - y).square().mean()), leak(network, told, y))


@deliverable("S0.5", WHY.title, question=WHY.statement)
def why(context: Context) -> Answer:
    """A decoder that is taught with the truth cheats without a mask, and one that is given zeros cannot."""
    causal, none = (exchanged(context, "autoregressive", mask) for mask in ("causal", "none"))
    once = exchanged(context, "one-shot", "none")
    steps = sizes(context).masks_horizon
    return Answer(
        derivation=WHY.steps,
        text=(f"Two equal decoders were trained for {sizes(context).masks_steps} steps to forecast {steps} rows, one "
              f"with the causal mask and one without. Without it the training error ends at {number(none.training, 3)} "
              f"against {number(causal.training, 3)}; let run on their own forecasts on the same test windows, they "
              f"have {number(none.free, 3)} against {number(causal.free, 3)}. A training error that is too good is the "
              "sign by which this mistake is known.",
              "This study's standard Transformer forecasts all rows in one pass, from zeros and the calendar. Changing "
              f"all that comes changes its forecast by {number(once.leak, 2)}, mask or none."),
        tables=(_table(context, "autoregressive", ("none", "causal")),),
        results=(
            near(Result(name="change of earlier forecasts by later truths, causal mask", value=causal.leak, known=0.0,
                        known_name="nothing of the future is seen"), 0.0),
            at_least(Result(name="the same without a mask", value=none.leak, known=0.0,
                            known_name="0 if nothing were seen"), 1e-3),
            at_most(Result(name="training error without a mask over that with "
                                "it", value=none.training / causal.training,
                           known=1.0, known_name="nothing to copy"), _LESS),
            at_least(Result(name="free-running test error without a mask over that with it",
                            value=none.free / causal.free, known=1.0, known_name="as good"), 1.0),
            near(Result(name="change of a one-shot forecast by all that comes, no mask", value=once.leak, known=0.0,
                        known_name="nothing of it is an input"), 0.0),
        ),
        formula="p(y_1 … y_H | x) = Π_t p(y_t | y_1 … y_{t−1}, x)", source=WHY.source,
    )


@deliverable("S0.6", "How the mask is implemented, and others in its place", question=HOW.statement)
def how(context: Context) -> Answer:
    """−∞ before the softmax, four masks as pictures, and each of them in both decoders."""
    best = {decoder: min(MASKS, key=lambda mask: exchanged(context, decoder, mask).free) for decoder in DECODERS}
    return Answer(
        derivation=HOW.steps,
        text=("The masks that have names: "
              + "; ".join(f"{name}: {what}" for name, what in MASKS.items()) + ".",
              f"The table has all of them in both decoders. Step by step, {best['autoregressive']} is best where it "
              "counts, on its own forecasts. In one pass the masks differ in what later rows tell earlier ones alone, "
              f"with {best['one-shot']} in front; one seed each, so small differences mean nothing."),
        figures=(_figure(context),),
        tables=tuple(_table(context, decoder, tuple(MASKS)) for decoder in DECODERS),
        results=(*exact_weights(), *_hidden(context)),
        formula="w_ij = exp(s_ij + m_ij) / Σ_k exp(s_ik + m_ik),   m_ij = 0 or −∞",
        source=HOW.source,
    )


def _table(context: Context, decoder: str, masks: tuple[str, ...]) -> Table:
    found = {mask: exchanged(context, decoder, mask) for mask in masks}
    rows = tuple((mask, fixed(each.training, 4), fixed(each.given, 4) if decoder == "autoregressive" else "—",
                  fixed(each.free, 4), number(each.leak, 2)) for mask, each in found.items())
    header = ("mask", "training MSE", "test MSE, given the truth", "test MSE, on its own", "leak")
    return Table(header=header, rows=rows,
                 caption=f"Decoder: {DECODERS[decoder]}. {sizes(context).free} test windows, evenly spread; the leak "
                         "is "
                         "how much forecasts change by truths that come later, over their deviation.")


def _figure(context: Context) -> Figure:
    figure, axes = canvas(10.4, 2.9, 1, len(MASKS), sharey=True)
    for axis, name in zip(axes, MASKS, strict=True):
        _draw(axis, name, make_mask(name, _SHOWN, _SHOWN, seed=context.seed))
    axes[0].invert_yaxis()  # which all share
    axes[0].set_ylabel("query")
    return context.figure(figure, "masks", alt="Four square matrices: all, a lower triangle, a band below the "
                                               "diagonal, "
                                               "and scattered pairs",
                          caption=f"The masks for {_SHOWN} positions; bright pairs may be seen. Above each, how many "
                                  "pairs it lets through whose key is later than the query.")


@styled()
def _draw(axes: "Axes", name: str, found: Tensor | None) -> None:
    seen = torch.ones(_SHOWN, _SHOWN, dtype=torch.bool) if found is None else found
    density(axes, range(_SHOWN), range(_SHOWN), seen.float(), limits=(0, 1))
    axes.grid(visible=False)
    axes.set(title=f"{name}: {future_pairs(found, _SHOWN, _SHOWN)} later keys", xlabel="key")


def _hidden(context: Context) -> tuple[Result, ...]:
    """Leaks of every mask: those that hide the future must have none, whatever the decoder."""
    found = {mask: exchanged(context, "autoregressive", mask).leak for mask in MASKS}
    sound = {mask: value for mask, value in found.items() if future_pairs(make_mask(mask, 8, 8), 8, 8) == 0}
    once = max(exchanged(context, "one-shot", mask).leak for mask in MASKS)
    return (near(Result(name="largest leak of masks that let no later key through", value=max(sound.values()),
                        known=0.0, known_name="0", n=len(sound)), 0.0),
            near(Result(name="largest leak of one-shot decoders, all masks", value=once, known=0.0,
                        known_name="there is nothing to hide", n=len(MASKS)), 0.0))
