"""Attention in float64, one query at a time in plain loops, by the definitions of the papers alone.

It shares nothing with the kinds it is compared with: numpy here, torch there; sets of keys as lists, matrices there.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloom.errors import InputError
from genloom.forecasting.attention.options import Options

Array = NDArray[np.float64]
_Wanted = Callable[[int], bool]


def attention(q: Array, k: Array, v: Array, mask: NDArray[np.bool_] | None = None) -> Array:
    """Σ_j softmax_j(q_i·k_j / √d) v_j over the keys that query i may look at. [Vaswani et al. 2017, Eq. 1]

    q (B, H, Lq, d), k (B, H, Lk, d), v (B, H, Lk, e); mask to (B, H, Lq, Lk) by broadcasting, True where it may look

    >>> attention(np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 2, 2)), np.array([[[[1.0], [3.0]]]])).item()
    2.0
    """
    shape = (*q.shape[:3], k.shape[2])
    seen = np.ones(shape, dtype=bool) if mask is None else np.broadcast_to(mask, shape)
    return _each(q, v, lambda b, h, i: _softmax_row(q[b, h, i], k[b, h], np.flatnonzero(seen[b, h, i])))


def matrix(q: Array, k: Array, mask: NDArray[np.bool_] | None = None) -> Array:
    """The weights of `attention`, (B, H, Lq, Lk): what it makes of the unit vectors."""
    one = np.broadcast_to(np.eye(k.shape[2]), (*k.shape[:2], k.shape[2], k.shape[2]))
    return attention(q, k, one, mask)


def sparse(kind: str, q: Array, k: Array, v: Array, *, causal: bool, options: Options) -> Array:
    """Attention to the keys that `keys_of` lists."""
    length = q.shape[2]
    return _each(q, v, lambda b, h, i: _softmax_row(q[b, h, i], k[b, h], keys_of(kind, i, length, causal, options, h)))


def keys_of(kind: str, i: int, length: int, causal: bool, options: Options, head: int = 0) -> list[int]:
    """The keys of query i in the patterns local, strided, fixed and logsparse; every size must be given.

    >>> keys_of("fixed", 5, 8, True, Options(stride=4, summary=1))
    [3, 4, 5]
    """
    stride, last = options.stride, options.summary
    sets: dict[str, tuple[_Wanted, _Wanted]] = {
        "local": (lambda j: abs(i - j) <= options.window, lambda j: False),
        "strided": (lambda j: abs(i - j) <= stride, lambda j: (i - j) % stride == 0),
        "fixed": (lambda j: i // stride == j // stride, lambda j: j % stride >= stride - last or j == i),
        "logsparse": (lambda j: i == j or math.log2(abs(i - j)).is_integer(), lambda j: False),
    }
    near, far = sets[kind]
    part = {"heads": "far" if head % 2 else "near"}.get(options.part, options.part)
    wanted: _Wanted = {"near": near, "far": far}.get(part, lambda j: near(j) or far(j))
    return [j for j in range(length) if wanted(j) and (j <= i or not causal)]


def kernel(phi_q: Array, phi_k: Array, v: Array, *, causal: bool) -> Array:
    """Σ_j (φ_i·φ_j) v_j / Σ_j φ_i·φ_j for positive features (B, H, L, m), as they stand."""
    def row(b: int, h: int, i: int) -> Array:
        count = i + 1 if causal else phi_k.shape[2]
        products = np.array([phi_q[b, h, i] @ phi_k[b, h, j] for j in range(count)])
        return _wide(products / products.sum(), range(count), phi_k.shape[2])

    return _each(phi_q, v, row)


def random_features(x: Array, directions: Array) -> Array:
    """exp(w·x' − |x'|²/2) / √m with x' = x / d^¼. [Choromanski et al. 2021, Lemma 1]"""
    x = x / x.shape[-1] ** 0.25
    return np.asarray(np.exp(x @ directions.T - (x**2).sum(-1, keepdims=True) / 2) / len(directions) ** 0.5)


def elu_features(x: Array) -> Array:
    """elu(x) + 1. [Katharopoulos et al. 2020, Eq. 7]"""
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def lags(q: Array, k: Array, v: Array, *, factor: float) -> Array:
    """Σ_i w_i v_{(t + τ_i) mod L} with r(τ) summed directly, lag by lag, for each sample. [Wu et al. 2021, Eq. 5–6]"""
    length = q.shape[2]
    out = np.zeros_like(v)
    for b in range(len(q)):
        r = np.array([np.mean([sum(q[b, h, (t + lag) % length, c] * k[b, h, t, c] for t in range(length))
                               for h in range(q.shape[1]) for c in range(q.shape[3])]) for lag in range(length)])
        chosen = np.argsort(-r)[: max(1, min(int(factor * math.log(length)), length))]
        share = _softmax(r[chosen])
        for t in range(length):
            out[b, :, t] = sum(share[n] * v[b, :, (t + lag) % length] for n, lag in enumerate(chosen))
    return out


def standing_out(q: Array, k: Array, v: Array, drawn: NDArray[Any], *, most: int, causal: bool,
                 published: bool = False) -> Array:
    """ProbSparse: softmax rows for the queries that stand out by their `drawn` keys (Lq, u), means for the others.

    Where it is causal a query stands out if fewer than `most` of those before it are at least as far above their mean;
    as published, of all others, above a sum that is divided by the number of all keys, and others take sums.
    """
    def row(b: int, h: int, i: int) -> Array:
        over = k.shape[2] if published else drawn.shape[1]
        rivals = range(i + 1 if causal and not published else q.shape[2])
        excess = [_excess(q[b, h, n], k[b, h], drawn[n], over) for n in rivals]
        ahead = sum(other >= excess[i] for n, other in enumerate(excess) if n != i)
        keys = range(i + 1) if causal else range(k.shape[2])
        if ahead < most:
            return _softmax_row(q[b, h, i], k[b, h], keys)
        return _wide(np.full(len(keys), 1.0 if causal and published else 1 / len(keys)), keys, k.shape[2])

    return _each(q, v, row)


def relative_error(found: Any, right: Array) -> float:
    """‖found − right‖ / ‖right‖ over all entries.

    Errors: `InputError` for another shape.
    """
    values = np.asarray(found, dtype=np.float64)
    if values.shape != right.shape:
        raise InputError("shape", values.shape, f"{right.shape}")
    return float(np.linalg.norm(values - right) / np.linalg.norm(right))


def _each(q: Array, v: Array, row: Callable[[int, int, int], Array]) -> Array:
    """The row of weights of every query, applied to its values."""
    out = np.zeros((*q.shape[:3], v.shape[3]))
    for b in range(q.shape[0]):
        for h in range(q.shape[1]):
            for i in range(q.shape[2]):
                out[b, h, i] = row(b, h, i) @ v[b, h]
    return out


def _softmax_row(query: Array, keys: Array, at: Sequence[int] | NDArray[Any] | range) -> Array:
    scores = np.array([query @ keys[j] / math.sqrt(len(query)) for j in at])
    return _wide(_softmax(scores), at, len(keys))


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max()) if len(scores) else scores
    return np.asarray(powers / powers.sum())


def _wide(values: Array, at: Sequence[int] | NDArray[Any] | range, length: int) -> Array:
    row = np.zeros(length)
    row[list(at)] = values
    return row


def _excess(query: Array, keys: Array, drawn: NDArray[Any], over: int) -> float:
    scores = [float(query @ keys[j]) for j in drawn]
    return max(scores) - sum(scores) / over
