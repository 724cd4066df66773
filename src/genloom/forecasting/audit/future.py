"""Perturb the future: no forecast may change by what comes after it."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from genloom.forecasting.audit.check import Check, change, measured, percent, rms, tolerance_for, untold
from genloom.forecasting.audit.probe import Probe, Raised

FUTURE, FUTURE_TRAINING = "perturb the future", "perturb the future, in training"
_WINDOWS = 4
_SIZES = (1.0, 30.0, 0.0)
"""Of the noise that is added, in units of the truth's own size; a large one moves maxima, by which some leaks come
about, and 0 stands for zeros in place of the truth, which move maxima of what falls with its size."""


class Leak(NamedTuple):
    """What changing the truth from a step on did.

    start    the first step that was changed, counted from 1
    step     the earlier or same step whose forecast changed most, and by how much of its size: `number`
    later    by how much forecasts of later steps changed
    """

    start: int
    step: int
    number: float
    later: float


def future(probe: Probe, training: bool = False) -> Check:
    """Change y from step t on: forecasts of steps up to t must stay.

    The forecast of step t may look at true values before t, where a decoder is trained by teacher forcing, and never at
    y_t or what comes after. In use it is given no y at all. Whoever takes no y cannot look at it, and passes.

    training   in training mode, where normalisation takes its statistics from the batch
    """
    name = FUTURE_TRAINING if training else FUTURE
    if not probe.takes_truth:
        return Check(name=name, done="nothing: the model is called without y", verdict="pass", number=0.0,
                     said="it is told nothing of the future but the calendar")
    try:
        leaks = list(_tried(probe, training))
    except Raised as error:
        return untold(name, error, remedy=f"take y of shape {tuple(probe.batch['y'].shape)}, as the windows have it"
                      + (", in training mode too" if training else ""))
    worst = max(leaks, key=lambda leak: leak.number)
    used = max(leak.later for leak in leaks)
    well = "no forecast changes by what comes after it" if used > 0 else "y is not looked at, not even where it may be"
    return measured(
        name, f"y was changed from step {_listed([leak.start for leak in leaks])} on, by noise of "
              f"{' and '.join(f'{size:g}' for size in _SIZES if size)} times its size, and to zeros", worst.number,
        tolerance=tolerance_for(probe.forecast), well=well,
        ill=f"y from step {worst.start} on changes the forecast of step {worst.step} by {percent(worst.number)}",
        remedy=_remedy(worst, training))


def _tried(probe: Probe, training: bool) -> Iterator[Leak]:
    some = probe.part(slice(0, _WINDOWS))
    truth = some["y"]
    size = rms(truth)
    before = probe.call(some, truth=truth, training=training)
    scale = rms(before)
    horizon = probe.horizon
    for k, start in enumerate(sorted({0, 1, horizon // 3, 2 * horizon // 3, horizon - 1} & set(range(horizon)))):
        for strength in _SIZES:
            other = truth.clone()
            other[:, start:] += strength * size * probe.noise(other[:, start:], k) if strength else -truth[:, start:]
            after = probe.call(some, truth=other, training=training)
            each = [change(after[:, step], before[:, step], scale) for step in range(start + 1)]
            worst = max(range(start + 1), key=each.__getitem__)
            yield Leak(start + 1, worst + 1, each[worst],
                       change(after[:, start + 1 :], before[:, start + 1 :], scale))


def _remedy(worst: Leak, training: bool) -> str:
    if worst.step == worst.start and worst.start > 1 and math.isfinite(worst.number):
        first = "shift what the decoder reads by one step, so that the forecast of step t reads y up to t − 1"
    else:
        first = "let the decoder's attention see the past alone, by a causal mask of its scores before the softmax"
    also = "; look for statistics over time (batch or instance norm, a maximum over keys, a centred average) too"
    return first + (also if training or worst.number < 1 else also.replace(" too", ""))


def _listed(steps: list[int]) -> str:
    return ", ".join(map(str, sorted(set(steps))))
