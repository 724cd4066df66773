"""Other samples and other calls: a forecast is a function of its own window, and of nothing else."""

import torch

from genloom.forecasting.audit.check import Check, change, measured, percent, rms, tolerance_for, untold
from genloom.forecasting.audit.probe import Probe, Raised

TWICE, PERMUTED, COMPANY = "forecast twice", "permute the batch", "change the batch size"
_STRANGE = 30.0  # how much larger than the data a strange companion is


def twice(probe: Probe) -> Check:
    """The same windows again, with other random draws: in eval mode nothing may be random, and nothing remembered."""
    try:
        number = max(change(probe.call(draw=draw), probe.forecast) for draw in (0, 1, 2))
    except Raised as error:
        return untold(TWICE, error, "fail", "keep no state between calls")
    return measured(
        TWICE, f"the same {probe.count} windows were forecast four times in eval mode, by three seeds", number,
        tolerance=tolerance_for(probe.forecast) / 100, well="the same forecasts",
        ill=f"the forecasts differ by {percent(number)}",
        remedy="switch dropout and sampling off in eval mode (`F.dropout(x, p, training=self.training)`, "
               "`model.eval()`), and keep no state between calls")


def permuted(probe: Probe, random: bool = False) -> Check:
    """The windows of a batch in another order: their forecasts must come in that order.

    random   forecasts are random anyway, so that nothing can be told
    """
    done = f"{probe.count} windows were forecast in reverse and in a shuffled order"
    if random or probe.count < 2:
        return _unclear(PERMUTED, done, random)
    shuffled = torch.randperm(probe.count, generator=torch.Generator().manual_seed(1))
    orders = (torch.arange(probe.count).flip(0), shuffled)
    try:
        number = max(change(probe.call(probe.part(order)), probe.forecast[order]) for order in orders)
    except Raised as error:
        return untold(PERMUTED, error)
    return measured(PERMUTED, done, number, tolerance=tolerance_for(probe.forecast), well="the same, in that order",
                    ill=f"a forecast changes by {percent(number)} with its place in the batch",
                    remedy="look for a `reshape` or `view` that mixes samples with channels or steps (`transpose` "
                           "first), and for state that goes from one sample to the next")


def company(probe: Probe, random: bool = False) -> Check:
    """A window alone, in a batch of all, and beside windows of thirty times the size: its forecast must stay.

    random   forecasts are random anyway, so that nothing can be told
    """
    done = f"a window was forecast alone, with {probe.count - 1} others, and beside some {_STRANGE:g} times as large"
    if random or probe.count < 2:
        return _unclear(COMPANY, done, random)
    try:
        alone, some, beside = _in_company(probe)
    except Raised as error:
        return untold(COMPANY, error, "fail", "take batches of any size: the last one of an evaluation may have one "
                      "window")
    number = max(alone, some, beside)
    return measured(
        COMPANY, done, number, tolerance=tolerance_for(probe.forecast), well="the same forecast in any company",
        ill=f"alone the forecast changes by {percent(alone)}, beside strange windows by {percent(beside)}",
        remedy="take no mean, maximum or top-k over the batch: normalise each window by itself (or by statistics of "
               "the training data, as batch norm does in eval mode)")


def _in_company(probe: Probe) -> tuple[float, float, float]:
    """How much the forecast of a window changes alone, among half of the others, and beside strange ones."""
    scale, first, half = rms(probe.forecast), slice(0, 1), slice(0, (probe.count + 1) // 2)
    strange = {name: tensor.clone() for name, tensor in probe.batch.items()}
    strange["x"][1:] += _STRANGE * rms(strange["x"]) * (1 + probe.noise(strange["x"][1:], 3))
    return (change(probe.call(probe.part(first)), probe.forecast[first], scale),
            change(probe.call(probe.part(half)), probe.forecast[half], scale),
            change(probe.call(strange)[first], probe.forecast[first], scale))


def _unclear(name: str, done: str, random: bool) -> Check:
    said = f"cannot be told while `{TWICE}` fails" if random else "one window alone says nothing"
    return Check(name=name, done=done, verdict="unclear", said=said, remedy="mend that first" if random else "")
