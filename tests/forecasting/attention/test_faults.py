"""The variants: the right one is the reference, and no two of them are the same."""

import numpy as np

from genloom.forecasting.attention import faults, reference
from genloom.forecasting.attention.faults import Spec

RNG = np.random.default_rng(0)
Q, K, V = (RNG.normal(size=(2, 4, 6, 5)) for _ in range(3))
MASK = (RNG.random((6, 6)) < 0.5) | np.eye(6, dtype=bool)


def test_the_right_variant_is_the_reference() -> None:
    assert faults.error(faults.variant(Q, K, V, None, Spec()), reference.attention(Q, K, V)) < 1e-14
    assert faults.error(faults.variant(Q, K, V, MASK, Spec()), reference.attention(Q, K, V, MASK)) < 1e-14


def test_no_two_variants_come_near_each_other() -> None:
    single = [spec for spec in faults.specs(merged=True, selves=False) if len(spec.faults) < 2]
    outs = [faults.variant(Q, K, V, None, spec) for spec in single]
    assert len(single) > 15
    assert min(faults.error(a, b) for i, a in enumerate(outs) for b in outs[:i]) > 0.05


def test_no_two_uses_of_a_mask_come_near_each_other() -> None:
    uses = list(faults.masked(Spec()))
    # on the causal mask it makes no difference to be a step ahead of a mask that is not causal, and the other way round
    causal = np.tril(np.ones((6, 6), dtype=bool))
    for i, one in enumerate(uses):
        for other in uses[:i]:
            apart = [faults.error(faults.variant(Q, K, V, mask, one), faults.variant(Q, K, V, mask, other))
                     for mask in (causal, MASK)]
            same = {one.mask, other.mask} == {"missing", "after"}  # the latter's own number is fitted
            assert same or max(apart) > 0.02


def test_those_with_fewer_faults_come_first() -> None:
    counts = [len(spec.faults) for spec in faults.specs(merged=False, selves=False)]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert max(counts) == 2


def test_every_fault_has_a_remedy() -> None:
    for table in (faults.SCALES, faults.SOFTMAXES, faults.PAIRS, faults.HEADS, faults.MASKS):
        assert all(fault.name and fault.remedy for fault in table.values())


def test_not_a_number_in_both_is_left_out_and_in_one_is_an_infinite_error() -> None:
    a, b = np.array([1.0, np.nan]), np.array([1.0, 2.0])
    assert faults.error(a, a) == 0
    assert faults.error(a, b) == faults.error(b, a) == np.inf
    assert faults.error(b, b[:1]) == np.inf
