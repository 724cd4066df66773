"""What every comparison of two samples takes and gives."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError


class TwoSample(NamedTuple):
    """The answer of a test of "both samples come from one distribution".

    value      the statistic
    p_value    probability of a value at least this large if that were true
    n, m       sizes of the two samples
    """

    value: float
    p_value: float
    n: int
    m: int


def as_samples(x: Tensor, y: Tensor, least: int = 2) -> tuple[Tensor, Tensor]:
    """The two samples as float64 (n, D) and (m, D); shape (n,) counts as (n, 1).

    Errors: `InputError` for another shape, different D, fewer than `least` points, or a number that is not finite.
    """
    x, y = (_as_sample(name, sample, least) for name, sample in (("x", x), ("y", y)))
    if x.shape[1] != y.shape[1]:
        raise InputError("y", tuple(y.shape), f"of shape (m, {x.shape[1]}), as x has {x.shape[1]} columns")
    return x, y


def _as_sample(name: str, sample: Tensor, least: int) -> Tensor:
    sample = sample.detach().cpu().double()  # some accelerators have no float64
    if sample.ndim == 1:
        sample = sample[:, None]
    if sample.ndim != 2 or sample.shape[1] == 0 or len(sample) < least:
        raise InputError(name, tuple(sample.shape), f"of shape (n, D) with n ≥ {least}")
    finite = torch.isfinite(sample).all(dim=1)
    if not finite.all():
        row = int((~finite).int().argmax())
        raise InputError(f"{name}[{row}]", sample[row].tolist(), "finite", "drop or mend samples that are not finite")
    return sample
