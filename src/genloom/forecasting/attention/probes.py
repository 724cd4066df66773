"""What a candidate is asked, and what it answered."""

from dataclasses import dataclass, field
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloom.forecasting.attention import reference
from genloom.forecasting.attention.candidate import Way
from genloom.forecasting.attention.faults import Spec

Array = NDArray[Any]
LENGTH, KEYS = 6, 9  # unlike the number of heads, of channels and of samples, so that no two axes can be taken for one
ROUNDING = 1e-5  # float32 leaves about 1e-7 here
SAME = 1e-4      # a variant that is met as closely as this is what was written


class Probe(NamedTuple):
    """An input, (B, H, Lq, d) and (B, H, Lk, d), float32, and which keys may be seen, (Lq, Lk)."""

    q: Array
    k: Array
    v: Array
    mask: Array | None = None


@dataclass
class Attempt:
    """A way of calling, what it gave for the plain probe, and the variant that this is.

    always   whether it hides the future though no mask was passed
    """

    way: Way
    probe: Probe
    out: Array
    joined: bool
    spec: Spec = field(default_factory=Spec)
    error: float = inf
    always: bool = False

    def call(self, probe: Probe, mask: Array | bool | None = None) -> Array:
        """What it gives for a probe, (B, H, Lq, d)."""
        return self.way.heads_apart(self.way.call(probe.q, probe.k, probe.v, mask), probe.q.shape[2])[0]


def make_probe(way: Way, queries: int, keys: int, *, scale: float = 1.0, mask: Array | None = None) -> Probe:
    """Standard normal queries, keys and values of the sizes that a way of calling needs."""
    rng = np.random.default_rng(7)
    q, k, v = (rng.normal(size=(2, way.heads, n, way.size)).astype(np.float32) for n in (queries, keys, keys))
    q = q * np.float32(scale)
    return Probe(q, q, q, mask) if way.selves else Probe(q, k, v, mask)


def wide(probe: Probe) -> tuple[reference.Array, reference.Array, reference.Array]:
    """Its queries, keys and values in float64."""
    q, k, v = (np.asarray(x, dtype=np.float64) for x in probe[:3])
    return q, k, v
