"""The rules of evaluation: all windows count, the best epoch is a number and the least, a mask hides what it says."""

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from genloom.forecasting.attending import Attending
from genloom.forecasting.audit.check import ROUNDING, Check, change, measured, percent, rms, untold
from genloom.forecasting.audit.probe import Probe, Raised
from genloom.training.method import Batch

COUNTED, BEST, MASKED = "count the windows", "look for the best epoch", "look behind the mask"
_ODD = (7, 11, 13, 17)  # batch sizes, of which one does not divide the number of windows
_KEYS = 3  # hidden keys that are tried in each attention


@dataclass(frozen=True)
class History:
    """What was measured on the validation part in training.

    steps     at which, and `values`, of which lower is better
    best      the step whose weights were chosen, None where none was
    patience  evaluations without a better one after which training was to end; 0 where it was to go on
    """

    steps: Sequence[int]
    values: Sequence[float]
    best: int | None
    patience: int = 0


def counted(expected: int, batches: Callable[[int], Iterable[Batch]]) -> Check:
    """All windows are evaluated: nothing is dropped where the last batch is not full.

    expected   how many windows there are
    batches    batch size → the batches of an evaluation
    """
    size = next((size for size in _ODD if expected % size), _ODD[-1])
    seen = sum(len(batch["x"]) for batch in batches(size))
    return measured(COUNTED, f"windows were counted in batches of {size}", float(abs(expected - seen)),
                    tolerance=0.0, well=f"all {expected:,} windows are evaluated",
                    ill=f"{seen:,} of {expected:,} windows are evaluated",
                    remedy="set drop_last=False for validation and test, and add errors up over all windows: a mean "
                           "of the batches' means counts the last batch too much")


def best(history: History) -> Check:
    """The chosen weights are those of the least validation error that is a number, and patience ended training.

    number   how much more the chosen one's error is than the least
    """
    pairs = [(value, step) for step, value in zip(history.steps, history.values, strict=True) if math.isfinite(value)]
    done = f"{len(history.values)} evaluations were compared, of which {len(history.values) - len(pairs)} are no number"
    if not history.values:
        return Check(name=BEST, done="nothing: there is no evaluation", verdict="not asked")
    chosen = [value for value, step in pairs if step == history.best]
    least, step = min(pairs, default=(math.nan, 0))
    number = chosen[-1] - least if chosen else 0.0 if not pairs and history.best is None else math.inf
    late = _late(history)
    ill = (f"step {history.best} was chosen, and step {step} has the least error, {least:.4g}" if not number <= 0
           else f"training went on for {late} evaluations after patience {history.patience} had ended")
    return measured(BEST, done, number if late == 0 else math.inf, tolerance=0.0, ill=ill,
                    well="the least error was chosen" if pairs else "none was chosen, as none is a number",
                    remedy="compare with `math.isfinite(value) and value < best`, as NaN is in no order; and leave "
                           "the loop when patience ends")


def _late(history: History) -> int:
    """Evaluations after training should have ended."""
    least, stale = math.inf, 0
    for k, value in enumerate(history.values):
        stale = 0 if value < least else stale + 1
        least = min(least, value) if math.isfinite(value) else least
        if 0 < history.patience <= stale:
            return len(history.values) - 1 - k
    return 0


def masked(probe: Probe) -> Check:
    """A mask that is passed is used.

    Of each attention with a mask, keys and values that it hides are changed: queries that may not see them must get the
    same. A model of another make that takes an argument with "mask" in its name is called with and without a causal
    mask of its input, and must tell them apart.
    """
    try:
        caught = _caught(probe)
    except Raised as error:
        return untold(MASKED, error)
    if caught:
        number, where = max((_behind(*each), name) for name, each in caught.items())
        count = f"{len(caught)} attention{'s' if len(caught) > 1 else ''}"
        return measured(MASKED, f"keys and values that masks hide were changed, in {count}", number,
                        tolerance=ROUNDING, well="queries get the same", ill=f"{where} lets through {percent(number)}",
                        remedy="add −∞ to hidden scores before the softmax, or pass the mask on to every layer; take a "
                               "kind of attention that is causal")
    name = _argument(probe.model)
    if name is None:
        return Check(name=MASKED, done="nothing: the model has no mask and takes none", verdict="not asked")
    return _told_apart(probe, name)


def _told_apart(probe: Probe, name: str) -> Check:
    length = probe.batch["x"].shape[1]
    mask = torch.ones(length, length, dtype=torch.bool, device=probe.batch["x"].device).tril()
    done = f"forecasts with {name}=None and with a causal {name} ({length}, {length}) were compared"
    try:
        number = change(probe.call(others={name: mask}), probe.forecast)
    except Raised as error:  # the reader's own code may want another mask
        return Check(name=MASKED, done=done, verdict="unclear", said=str(error))
    return Check(name=MASKED, done=done, number=number, verdict="pass" if number > 0 else "fail",
                 said=f"the mask changes forecasts by {percent(number)}" if number else "the mask changes nothing",
                 remedy="" if number else "hand the mask down to every attention")


def _argument(model: nn.Module) -> str | None:
    return next((name for name in inspect.signature(model.forward).parameters if "mask" in name), None)


Seen = tuple[Attending, Tensor, Tensor, Tensor]


def _caught(probe: Probe) -> dict[str, Seen]:
    """Queries, keys and values of the first call of each attention with a mask, by its name."""
    found: dict[str, Seen] = {}
    hooks = []
    for name, module in probe.model.named_modules(remove_duplicate=False):
        if isinstance(module, Attending) and (module.causal or module.seen is not None):

            def keep(attending: nn.Module, inputs: tuple[Any, ...], name: str = name) -> None:
                assert isinstance(attending, Attending)
                found.setdefault(name, (attending, *inputs[:3]))

            hooks.append(module.register_forward_pre_hook(keep))
    try:
        probe.call(probe.part(slice(0, 1)), truth=probe.batch["y"][:1] if probe.takes_truth else None)
    finally:
        for hook in hooks:
            hook.remove()
    return found


@torch.no_grad()
def _behind(attending: Attending, query: Tensor, key: Tensor, value: Tensor) -> float:
    """How much queries get of keys that they may not see."""
    queries, keys = query.shape[2], key.shape[2]
    seen = (torch.ones(queries, keys, dtype=torch.bool, device=query.device).tril() if attending.seen is None
            else attending.seen[:queries, :keys])
    hidden = (~seen).any(0).nonzero()[:, 0]
    before, worst = attending(query, key, value), 0.0
    for place in hidden[torch.linspace(0, len(hidden) - 1, min(_KEYS, len(hidden))).long()].tolist():
        others = key.clone(), value.clone()
        for other in others:
            other[:, :, place] += 30 * rms(other) * (1 + other[:, :, place].sign())
        after = attending(query, *others)
        blind = ~seen[:, place]
        worst = max(worst, change(after[:, :, blind], before[:, :, blind], rms(before)))
    return worst
