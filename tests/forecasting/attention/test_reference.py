"""The reference itself, against closed forms."""

import numpy as np
import pytest

from genloom.errors import InputError
from genloom.forecasting.attention import reference
from genloom.forecasting.attention.options import Options


def test_equal_scores_give_the_mean_and_a_far_score_takes_all() -> None:
    rng = np.random.default_rng(0)
    k, v = rng.normal(size=(2, 2, 5, 3)), rng.normal(size=(2, 2, 5, 4))
    equal = reference.attention(np.zeros((2, 2, 6, 3)), k, v)
    np.testing.assert_allclose(equal, np.broadcast_to(v.mean(2, keepdims=True), equal.shape))
    sharp = reference.attention(1e4 * k, k / np.linalg.norm(k, axis=3, keepdims=True), v)
    np.testing.assert_allclose(sharp, v)


def test_two_keys_share_by_the_logistic_function() -> None:
    q, k = np.array([[[[2.0, 0.0]]]]), np.array([[[[1.0, 5.0], [0.0, -3.0]]]])
    first = 1 / (1 + np.exp(-2 / np.sqrt(2)))
    np.testing.assert_allclose(reference.matrix(q, k)[0, 0, 0], [first, 1 - first])
    np.testing.assert_allclose(reference.matrix(q, k, np.array([[True, False]]))[0, 0, 0], [1, 0])


def test_sets_of_keys_of_the_sparse_patterns() -> None:
    options = Options(stride=3, summary=1, window=2)

    def keys(kind: str, i: int, causal: bool = True) -> list[int]:
        return reference.keys_of(kind, i, 10, causal, options)

    assert keys("local", 5) == [3, 4, 5]
    assert keys("local", 5, causal=False) == [3, 4, 5, 6, 7]
    assert keys("strided", 7) == [1, 4, 5, 6, 7]
    assert keys("fixed", 7) == [2, 5, 6, 7]
    assert keys("logsparse", 9) == [1, 5, 7, 8, 9]
    assert keys("logsparse", 1, causal=False) == [0, 1, 2, 3, 5, 9]


def test_random_features_estimate_the_exponential_of_the_product() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(1, 4)), rng.normal(size=(1, 4))
    w = rng.normal(size=(200_000, 4))
    estimate = (reference.random_features(x, w) * reference.random_features(y, w)).sum()
    np.testing.assert_allclose(estimate, np.exp((x * y).sum() / 2), rtol=0.02)


def test_relative_error() -> None:
    assert reference.relative_error([3.0, 4.0], np.array([0.0, 4.0])) == 0.75
    with pytest.raises(InputError, match="shape"):
        reference.relative_error([1.0], np.array([1.0, 2.0]))
