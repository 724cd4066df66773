"""The classifier two-sample test: can a classifier tell two samples apart on points that it has not seen?

Both samples are cut to min(n, m) points, so that guessing gives an accuracy of 1/2. [Lopez-Paz & Oquab 2017, §3]
"""

import math
import warnings
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.interval import wilson_interval
from genloom.metrics.twosample import as_samples
from genloom.rng import fold, generator

_LEAST = 10  # points of each sample


class ClassifierTest(NamedTuple):
    """What the classifier achieved on points it was not trained on.

    value       accuracy; equal distributions give 1/2 (neighbours of small samples a little less, which p knows)
    p_value     probability of this accuracy or more if the distributions are equal
    low, high   95 % interval of the accuracy
    n           points that were classified
    """

    value: float
    p_value: float
    low: float
    high: float
    n: int


def neighbour_test(x: Tensor, y: Tensor, *, folds: int = 5, permutations: int = 500, seed: int = 0) -> ClassifierTest:
    """k nearest neighbours in `folds`-fold cross-validation, k = √(training points), with a permutation p-value.

    Folds share training points, so their hits are not independent and binomial p-values would be too small (6 to 7 % of
    them below .05 under equality). A permutation of the labels leaves every neighbour where it is, so the exact test is
    one sparse product. The interval is accuracy ± 1.96 standard deviations of the permuted accuracies.

    Errors: `InputError` for folds < 2, permutations < 1, fewer than max(10, folds) points, or samples that do not fit.
    """
    x, y = _balanced(x, y, seed)
    if not 2 <= folds <= len(x):
        raise InputError("folds", folds, f"from 2 to {len(x)}, the size of the smaller sample")
    if permutations < 1:
        raise InputError("permutations", permutations, "at least 1", "500 give p-values in steps of .002")
    points = _standardised(torch.cat((x, y))).numpy()
    random = generator(seed, 2)
    part = torch.randperm(len(points), generator=random) % folds  # knows no label, as a permutation test must
    side = torch.cat((torch.zeros(len(x)), torch.ones(len(y))))
    keys = torch.rand((permutations, len(points)), generator=random, dtype=torch.float64)
    sides = torch.cat((side[None], side[keys.argsort(dim=1)])).T.numpy()
    values = (_majorities(points, part.numpy(), sides) == sides).mean(axis=0)
    half = 1.959964 * float(values[1:].std())
    p_value = (1 + int((values[1:] >= values[0]).sum())) / (1 + permutations)
    value = float(values[0])
    return ClassifierTest(value, p_value, max(0.0, value - half), min(1.0, value + half), len(points))


def network_test(x: Tensor, y: Tensor, *, seed: int = 0) -> ClassifierTest:
    """A small network (32 tanh units, L-BFGS) that learns from one half and classifies the other.

    The hits on the other half are independent, so the binomial p-value is exact. It sees smooth
    differences that neighbours miss in many dimensions. The interval is Wilson's.

    Errors: `InputError` for fewer than 10 points, or samples that do not fit together or are not finite.
    """
    from scipy import stats
    from sklearn.neural_network import MLPClassifier

    x, y = _balanced(x, y, seed)
    points, side = _standardised(torch.cat((x, y))).numpy(), np.arange(2 * len(x)) // len(x)
    test = np.arange(2 * len(x)) % len(x) < len(x) // 2  # the order within each sample is random by now
    model = MLPClassifier((32,), activation="tanh", solver="lbfgs", alpha=1e-2, max_iter=200,
                          random_state=fold(seed, 3) % 2**32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that is cut off is only a weaker classifier
        model.fit(points[~test], side[~test])
    hits = int((model.predict(points[test]) == side[test]).sum())
    share = wilson_interval(hits, int(test.sum()))
    return ClassifierTest(share.value, float(stats.binom.sf(hits - 1, share.n, 0.5)), share.low, share.high, share.n)


def _balanced(x: Tensor, y: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    x, y = as_samples(x, y, least=_LEAST)
    count = min(len(x), len(y))
    first, second = (torch.randperm(len(sample), generator=generator(seed, i)) for i, sample in enumerate((x, y)))
    return x[first[:count]], y[second[:count]]


def _standardised(points: Tensor) -> Tensor:
    return (points - points.mean(dim=0)) / points.std(dim=0).clamp_min(1e-300)


def _majorities(points: np.ndarray, part: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """What each point's neighbours outside its fold say: 0 or 1, (N, P), for P labellings `sides` (N, P)."""
    from scipy.sparse import csr_matrix
    from scipy.spatial import cKDTree

    votes = np.empty_like(sides)
    for tested in range(part.max() + 1):
        test, rest = np.flatnonzero(part == tested), np.flatnonzero(part != tested)
        k = math.isqrt(len(rest) - 1) // 2 * 2 + 1  # odd, so that no vote is tied
        _, found = cKDTree(points[rest]).query(points[test], k=[*range(1, k + 1)])
        rows = np.repeat(np.arange(len(test)), k)
        ballot = csr_matrix((np.ones(rows.size, sides.dtype), (rows, found.ravel())), shape=(len(test), len(rest)))
        votes[test] = (ballot @ sides[rest]) * 2 > k
    return votes
