"""Inputs for a candidate."""

import numpy as np

from genloom.forecasting.attention.candidate import ways
from genloom.forecasting.attention.probes import KEYS, LENGTH, make_probe, wide


def test_no_two_axes_have_one_size() -> None:
    way = next(ways(lambda q, k, v: v))
    sizes = (2, way.heads, way.size, LENGTH, KEYS)
    assert len(set(sizes)) == len(sizes)
    probe = make_probe(way, LENGTH, KEYS)
    assert probe.q.shape == (2, way.heads, LENGTH, way.size)
    assert probe.k.shape == probe.v.shape == (2, way.heads, KEYS, way.size)


def test_they_are_the_same_each_time_and_float32() -> None:
    way = next(ways(lambda q, k, v: v))
    one, again = make_probe(way, 4, 4), make_probe(way, 4, 4)
    assert all(np.array_equal(a, b) for a, b in zip(one[:3], again[:3], strict=True))
    assert one.q.dtype == np.float32
    assert all(x.dtype == np.float64 for x in wide(one))
