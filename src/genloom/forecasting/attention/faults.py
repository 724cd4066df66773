"""Attention as it is written by mistake: one numpy function with a switch for each known fault.

A candidate that equals one of these variants, and not the reference, has that fault; so it can be named.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[Any]
"""Of truth values."""
RIGHT = "right"


class Fault(NamedTuple):
    """What is wrong, and how to mend it."""

    name: str
    remedy: str


@dataclass(frozen=True)
class Spec:
    """A variant; each part is `RIGHT` or a key of its table.

    scale    of `SCALES`
    softmax  of `SOFTMAXES`
    pair     of `PAIRS`: what plays query, key and value
    heads    of `HEADS`, where heads are split from, or joined in, the last axis
    mask     of `MASKS`
    """

    scale: str = RIGHT
    softmax: str = RIGHT
    pair: str = RIGHT
    heads: str = RIGHT
    mask: str = RIGHT

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong in it."""
        tables = ((SCALES, self.scale), (SOFTMAXES, self.softmax), (PAIRS, self.pair), (HEADS, self.heads),
                  (MASKS, self.mask))
        return tuple(table[key] for table, key in tables if key != RIGHT)


SCALES: dict[str, Fault] = {
    "missing": Fault("the scale is missing", "divide the scores by √d before the softmax"),
    "1/d": Fault("the scale is 1/d", "divide the scores by √d, d channels of one head, and once alone"),
    "multiplied": Fault("the scores are multiplied by √d", "divide them by √d"),
    "model": Fault("the scale is that of all heads together, 1/√(H·d)", "divide the scores by the √ of one head's d"),
    "keys": Fault("the scale is 1/√(number of keys)", "divide the scores by √d: the last axis of the queries"),
}
SOFTMAXES: dict[str, Fault] = {
    "queries": Fault("the softmax is over the queries", "take it over the keys: softmax(scores, dim=-1)"),
    "heads": Fault("the softmax is over the heads", "take it over the keys: softmax(scores, dim=-1)"),
    "batch": Fault("the softmax is over the batch", "take it over the keys: softmax(scores, dim=-1)"),
    "none": Fault("the softmax is missing", "weights = softmax(scores, dim=-1)"),
    "twice": Fault("the softmax is taken twice", "take it once, over the keys"),
    "sigmoid": Fault("a sigmoid stands for the softmax", "weights = softmax(scores, dim=-1), so that rows sum to 1"),
}
PAIRS: dict[str, Fault] = {
    "swapped": Fault("queries and keys are swapped", "scores = q @ k.transpose(-2, -1), rows are queries"),
    "keys": Fault("keys stand for the values", "output = weights @ v"),
    "reshaped": Fault("the keys are reshaped, not transposed", "use k.transpose(-2, -1): reshape keeps the order"),
}
HEADS: dict[str, Fault] = {
    "joined": Fault("heads are mixed where they are joined", "transpose to (B, L, H, d) before reshape(B, L, H·d)"),
    "split": Fault("heads are mixed where they are split", "view(B, L, H, d) and then transpose(1, 2)"),
    "both": Fault("heads are mixed where they are split and joined",
                  "split by view(B, L, H, d).transpose(1, 2), and transpose back before they are joined"),
}
MASKS: dict[str, Fault] = {
    "missing": Fault("the mask is missing: it is passed and not used",
                     "scores = scores.masked_fill(~mask, -inf) before the softmax"),
    "inverted": Fault("the mask is inverted: True hides", "hide where the mask is False, or say that True hides"),
    "zeroed": Fault("hidden scores become 0 and not −∞", "fill with -inf (−1e-9 for −1e9 does this too)"),
    "added": Fault("the mask of truth values is added to the scores", "fill hidden scores with -inf"),
    "multiplied": Fault("the mask is multiplied after the softmax", "hide scores before it, so that rows sum to 1"),
    "after": Fault("the mask is added after the softmax", "hide scores before it, so that rows sum to 1"),
    "transposed": Fault("the mask is transposed", "rows of the mask are queries, columns keys"),
    "strict": Fault("a query does not see its own step", "let the causal mask include the diagonal: tril()"),
    "ahead": Fault("a query sees the next step", "let the causal mask end at the diagonal: tril(), or triu(1) hidden"),
}


def specs(merged: bool, selves: bool) -> Iterator[Spec]:
    """All variants without a mask, those with fewer faults first.

    merged   whether heads stand in the last axis somewhere
    selves   whether queries, keys and values are the same, so that who is who cannot be told
    """
    pairs = (RIGHT, "reshaped") if selves else (RIGHT, *PAIRS)
    heads = (RIGHT, *HEADS) if merged else (RIGHT,)
    found = [Spec(*parts) for parts in product((RIGHT, *SCALES), (RIGHT, *SOFTMAXES), pairs, heads)]
    return iter(sorted((spec for spec in found if len(spec.faults) <= 2), key=lambda spec: len(spec.faults)))


def masked(spec: Spec) -> Iterator[Spec]:
    """A variant with each way to use the mask, the right one first."""
    return (replace(spec, mask=mask) for mask in (RIGHT, *MASKS))


@np.errstate(all="ignore")
def variant(q: Array, k: Array, v: Array, mask: Mask | None, spec: Spec) -> Array:
    """What this variant gives: (B, H, Lq, d), (B, H, Lk, d), (B, H, Lk, d) → (B, H, Lq, d).

    mask   (Lq, Lk), True where a query may look, or None

    Errors: `ValueError` for a variant that these shapes do not allow.
    """
    if spec.heads in ("split", "both"):
        q, k, v = (_viewed(x) for x in (q, k, v))
    if spec.pair == "swapped":
        q, k = k, q
    if spec.pair == "keys":
        v = k
    turned = k.reshape(*k.shape[:2], k.shape[3], k.shape[2]) if spec.pair == "reshaped" else k.swapaxes(2, 3)
    scores = q @ turned * _factor(q, k, spec.scale)
    seen = None if mask is None else np.broadcast_to(_seen(mask, spec.mask), scores.shape)
    found = _softmax(_hidden(scores, seen, spec.mask), spec.softmax)
    out = found @ v if seen is None else _after(found, seen, spec.mask) @ v
    return _joined(out) if spec.heads in ("joined", "both") else out


def free_part(q: Array, k: Array, v: Array, mask: Mask, spec: Spec) -> Array:
    """What a mask that is added after the softmax adds, for one unit: a candidate's own number is then fitted."""
    return np.broadcast_to(~mask, (*q.shape[:3], k.shape[2])) @ v


def _factor(q: Array, k: Array, scale: str) -> float:
    heads, keys, size = q.shape[1], k.shape[2], q.shape[3]
    return float({RIGHT: size**-0.5, "missing": 1, "1/d": 1 / size, "multiplied": size**0.5,
                  "model": (heads * size) ** -0.5, "keys": keys**-0.5}[scale])


def _seen(mask: Mask, how: str) -> Mask:
    queries, keys = mask.shape
    ahead = np.arange(keys)[None, :] - np.arange(queries)[:, None]
    changed: dict[str, Mask] = {"inverted": ~mask, "transposed": mask.T, "strict": mask & (ahead != 0),
                                "ahead": mask | (ahead == 1)}
    return changed.get(how, mask)


def _hidden(scores: Array, seen: Mask | None, how: str) -> Array:
    if seen is None or how in ("missing", "multiplied", "after"):
        return scores
    if how == "zeroed":
        return scores * seen
    return scores + seen if how == "added" else np.where(seen, scores, -np.inf)


def _softmax(scores: Array, how: str) -> Array:
    if how == "none":
        return np.where(np.isfinite(scores), scores, 0.0)
    if how == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-scores)))
    axis = {"queries": 2, "heads": 1, "batch": 0}.get(how, 3)
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    found = powers / powers.sum(axis, keepdims=True)
    return _softmax(found, RIGHT) if how == "twice" else np.asarray(found)


def _after(found: Array, seen: Mask, how: str) -> Array:
    return found * seen if how == "multiplied" else found


def _viewed(x: Array) -> Array:
    """(B, L, H·d) viewed as (B, H, L, d), without the transpose that should come between."""
    return x.swapaxes(1, 2).reshape(x.shape)


def _joined(x: Array) -> Array:
    """What (B, H, L, d) is after a reshape to (B, L, H·d) without a transpose, split into heads as it should be."""
    batch, heads, length, size = x.shape
    return x.reshape(batch, length, heads, size).swapaxes(1, 2)


def error(found: NDArray[Any], right: Array) -> float:
    """‖found − right‖ / ‖right‖; what is not a number in both is left out, and in one alone makes it infinite."""
    lost, missing = ~np.isfinite(found), ~np.isfinite(right)
    if found.shape != right.shape or (lost != missing).any() or missing.all():
        return float("inf")
    difference, size = np.linalg.norm(found[~lost] - right[~lost]), np.linalg.norm(right[~lost])
    return float(difference / size) if size else float("inf")
