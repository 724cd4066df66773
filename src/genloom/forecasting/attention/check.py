"""Compare somebody's attention with the reference, and name what is wrong with it."""

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Any

import numpy as np

from genloom.errors import InputError
from genloom.forecasting.attention import faults, reference
from genloom.forecasting.attention.candidate import ChangesItsInput, ways
from genloom.forecasting.attention.faults import Fault
from genloom.forecasting.attention.mask_check import check_mask
from genloom.forecasting.attention.probes import (
    KEYS,
    LENGTH,
    ROUNDING,
    SAME,
    Attempt,
    Probe,
    make_probe,
    wide,
)

_COARSE = 3e-2    # float16 leaves about 5e-4, bfloat16 about 4e-3, and no variant comes as close to another as this
_BFLOAT = 1.5e-3

_EARLIER = np.tril(np.ones((LENGTH, LENGTH), dtype=bool))

CHANGES = Fault("it changes its input", "do not write to q, k or v in place: scores = q @ k.transpose(-2, -1) / √d")
RANDOM = Fault("two calls differ: dropout is active in evaluation", "F.dropout(weights, p, training=self.training)")
STATE = Fault("it raises when it is called again", "keep no state between calls")
NOT_FINITE = Fault("its output is not a number", "look for a row that is all −∞ before the softmax, or a division by 0")
OTHER = Fault("it differs from attention, and from every known mistake", "compare it with softmax(q kᵀ / √d) v")
LENGTHS = Fault("it is wrong where there are more keys than queries", "do not mix up the axes of queries and keys")
BATCH = Fault("a sample's output depends on the others of its batch", "use no statistic over the batch")
OVERFLOW = Fault("large scores overflow", "use softmax, or subtract each row's largest score before exp")
FLOAT16 = Fault("it computes in float16", "keep float32, or at least the scores and the softmax")
BFLOAT16 = Fault("it computes in bfloat16", "keep float32, or at least the scores and the softmax")


@dataclass(frozen=True)
class Finding:
    """What was found.

    relative_error  ‖found − right‖ / ‖right‖ in float32, the worst of the probes that count; infinite where something
                    is not a number, NaN where nothing was compared
    faults          what is wrong; none where it is right
    layout          of the input, as it was understood
    mask            how a mask was passed
    notes           what else there is to know
    """

    name: str
    relative_error: float
    faults: tuple[Fault, ...]
    layout: str
    mask: str
    notes: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def verdict(self) -> str:
        """One line."""
        said = f"relative error {self.relative_error:.0e}"
        if self.right:
            return said
        names = "; ".join(fault.name for fault in self.faults)
        return f"{names} ({said})" if isfinite(self.relative_error) else names


def check(candidate: Any, name: str = "attention") -> Finding:
    """Compare a function of (q, k, v, mask=None), or a torch module, with the reference in float64.

    Every way to call it that works is tried, and the one that is right counts, else the one that is a known mistake.

    >>> def forgotten(q, k, v): return (q @ k.transpose(-2, -1)).softmax(-1) @ v
    >>> check(forgotten).verdict
    'the scale is missing (relative error ...)'

    Errors: `InputError` where no way of calling it works.
    """
    attempts, complaints = [], []
    for way in ways(candidate):
        probe = make_probe(way, LENGTH, LENGTH)
        try:
            out, joined = way.heads_apart(way.call(probe.q, probe.k, probe.v, None), LENGTH)
            attempts.append(Attempt(way, probe, out, joined))
        except ChangesItsInput:
            return Finding(name, nan, (CHANGES,), way.layout, "not tried")
        except Exception as error:  # whatever a reader's code raises, the next way may be the one that is meant
            complaints.append(f"{way.layout}: {type(error).__name__}: {str(error)[:120]}")
    if not attempts:
        raise InputError("attention", name, "a function of q, k, v", complaints[0] if complaints else "")
    fault = _unsteady(attempts)
    if fault is not None:
        return Finding(name, _right_error(attempts[0]), (fault,), attempts[0].way.layout, "not tried")
    finite = [one for one in attempts if np.isfinite(one.out).all()]
    if not finite:
        return Finding(name, inf, (NOT_FINITE,), attempts[0].way.layout, "not tried")
    best = _best(finite)
    return _explained(best, name)


def _unsteady(attempts: list[Attempt]) -> Fault | None:
    """What is wrong where a second call does not give what the first one gave."""
    for one in attempts:
        try:
            again = one.call(one.probe)
        except Exception:  # the reader's code may raise anything
            return STATE
        if not np.array_equal(one.out, again, equal_nan=True):
            return RANDOM
    return None


def _best(attempts: list[Attempt]) -> Attempt:
    for always in (False, True):
        for attempt in attempts:
            attempt.always = always
            attempt.error = _right_error(attempt)
            if attempt.error < ROUNDING:
                return attempt
    for attempt in attempts:
        _recognise(attempt)
    return min(attempts, key=lambda one: (one.error >= _COARSE, len(one.spec.faults), one.error))


def _right_error(attempt: Attempt) -> float:
    return faults.error(attempt.out, reference.attention(*wide(attempt.probe), _EARLIER if attempt.always else None))


def _recognise(attempt: Attempt) -> None:
    """Set the variant that gives what was found, else the nearest."""
    attempt.error, attempt.always = inf, False
    for seen in (None, _EARLIER):
        for spec in faults.specs(attempt.way.merged or attempt.joined, attempt.way.selves):
            error = faults.error(attempt.out, faults.variant(*wide(attempt.probe), seen, spec))
            if error < attempt.error:
                attempt.spec, attempt.error, attempt.always = spec, error, seen is not None
            if error < SAME:
                return


def _explained(best: Attempt, name: str) -> Finding:
    worst = _right_error(best)
    if best.error >= _COARSE:
        best.always = False  # that the nearest variant is causal says nothing of what is unlike all of them
        return Finding(name, worst, (OTHER,), best.way.layout, "not tried", _notes(best))
    found, notes = list(best.spec.faults), _notes(best)
    if best.error >= SAME:
        found.append(FLOAT16 if best.error < _BFLOAT else BFLOAT16)
    how, mask_faults, mask_error = ("not tried", [], 0.0) if best.always else check_mask(best)
    found += mask_faults
    if not found:
        extra, errors, refused = _further(best)
        found, worst, notes = extra, max(worst, mask_error, *errors), (*notes, *refused)
    elif mask_faults:
        worst = max(worst, mask_error)
    return Finding(name, worst, tuple(found), best.way.layout, how, notes)


def _notes(best: Attempt) -> tuple[str, ...]:
    notes = []
    if best.joined:
        notes.append("heads are joined in the last axis of the output")
    if best.always:
        notes.append("it is causal in every call, though no mask is passed")
    if best.way.selves:
        notes.append("queries, keys and values are one input: who is who is not checked")
    return tuple(notes)


def _further(best: Attempt) -> tuple[list[Fault], list[float], list[str]]:
    """What a right one may still do wrong: more keys than queries, large scores, samples that know each other; and
    what it refuses to be asked."""
    found, errors, refused = [], [0.0], []
    if not best.way.selves and not best.always:
        crossed = _measured(best, make_probe(best.way, LENGTH - 2, KEYS))
        if crossed is not None:
            errors.append(crossed)
            found += [LENGTHS] if crossed > ROUNDING else []
    probe = best.probe
    for said, asked, fault in (
            ("scores that are a hundred times larger", make_probe(best.way, LENGTH, LENGTH, scale=100.0), OVERFLOW),
            ("one sample alone", Probe(probe.q[:1], probe.k[:1], probe.v[:1]), BATCH)):
        try:
            out = best.call(asked)
        except Exception as error:  # the reader's code may raise anything
            refused.append(f"it raises {type(error).__name__} for {said}: {str(error)[:80] or 'no message'}")
            continue
        wrong = faults.error(out, best.out[:1]) > ROUNDING if fault is BATCH else not np.isfinite(out).all()
        found += [fault] if wrong else []
    return found, errors, refused


def _measured(best: Attempt, probe: Probe) -> float | None:
    """The error for another probe; None where it cannot be called with it."""
    try:
        return faults.error(best.call(probe), reference.attention(*wide(probe)))
    except Exception:  # an attention of equal lengths alone is no mistake
        return None
