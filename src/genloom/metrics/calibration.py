"""Whether a classifier is right as often as it says it is."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.rng import generator


class Calibration(NamedTuple):
    """How far confidence and accuracy are apart, and what chance alone makes of a calibrated classifier.

    value        expected calibration error
    floor        mean of the same for answers that are right with exactly the stated confidence
    high         below which 95 % of those lie
    n            number of answers
    """

    value: float
    floor: float
    high: float
    n: int


def calibration_error(confidence: Tensor, correct: Tensor, bins: int = 15) -> Tensor:
    """Σ_b (n_b/n) |accuracy_b − confidence_b| over equal bins of confidence in [0, 1]. [Guo et al. 2017, Eq. 3]

    confidence   highest probability of each answer, (N,)
    correct      whether it was right, (…, N), bool: one result for each leading index

    Errors: `InputError` for no answers, shapes that differ, confidences outside [0, 1], or no bin.
    """
    _check(confidence, correct, bins)
    place = (confidence.double() * bins).ceil().long().sub(1).clamp(0, bins - 1)
    gap = correct.double() - confidence.double()
    sums = torch.zeros(*correct.shape[:-1], bins, dtype=torch.float64)
    return sums.index_add(-1, place, gap).abs().sum(-1) / len(confidence)


def calibration(confidence: Tensor, correct: Tensor, bins: int = 15, *, draws: int = 400, seed: int = 0) -> Calibration:
    """The calibration error beside its floor, which is not 0: bins of finite size stray from their confidence.

    draws   how many sets of answers are drawn for the floor
    """
    value = float(calibration_error(confidence, correct, bins))
    uniform = torch.rand(draws, len(confidence), generator=generator(seed, draws), dtype=torch.float64)
    known = calibration_error(confidence, uniform < confidence.double(), bins)
    return Calibration(value, float(known.mean()), float(known.quantile(0.95)), len(confidence))


def _check(confidence: Tensor, correct: Tensor, bins: int) -> None:
    if bins < 1:
        raise InputError("bins", bins, "at least 1")
    if confidence.ndim != 1 or len(confidence) == 0 or correct.shape[-1:] != confidence.shape:
        raise InputError("confidence", tuple(confidence.shape), f"of shape (N,) with N ≥ 1, beside {correct.shape}")
    if not bool(((confidence >= 0) & (confidence <= 1)).all()):
        raise InputError("confidence", "numbers outside [0, 1]", "probabilities")
