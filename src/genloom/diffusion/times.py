"""The laws of training times: each is a map from uniform numbers u ∈ [0, 1) to times, so that a draw is explicit.

No law gives a time below the schedule's `first`, where a network is never asked.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from genloom.diffusion.schedule import Schedule
from genloom.errors import InputError, UnknownName

TimeLaw = Callable[[Tensor], Tensor]
"""Uniform numbers in [0, 1), shape (B,) -> times, float64, shape (B,)."""

TIME_LAWS = ("uniform", "table", "levels", "lognormal", "logit-normal")

_EDGE = 2.0**-25  # float32 uniforms are multiples of 2^−24 and contain 0, where normal quantiles are infinite


def uniform(schedule: Schedule) -> TimeLaw:
    """t ~ U(first, 1)."""
    return lambda u: schedule.first + (1 - schedule.first) * u.double()


def table(schedule: Schedule) -> TimeLaw:
    """t ∈ {1/T, …, 1}, each equally often. [Ho et al. 2020, Alg. 1]

    Errors: `InputError` for a schedule without a table.
    """
    steps = schedule.steps
    if steps is None:
        raise InputError("diffusion.times", "table", "another law for a schedule without a table",
                         "pass --diffusion.times uniform")
    return lambda u: ((u.double() * steps).floor() + 1) / steps


def levels(schedule: Schedule, count: int) -> TimeLaw:
    """`count` noise levels, each equally often: t = i/(L − 1), which are geometric σ on `VarianceExploding`.

    [Song & Ermon 2019, Eq. 6]

    Errors: `InputError` for fewer than 2 levels.
    """
    if count < 2:
        raise InputError("diffusion.levels", count, "an integer of at least 2", "pass --diffusion.levels 10")
    first = schedule.first
    return lambda u: first + (1 - first) * (u.double() * count).floor() / (count - 1)


def lognormal(schedule: Schedule, mean: float = -1.2, std: float = 1.2) -> TimeLaw:
    """log(σ/α) ~ N(mean, std²), cut to the schedule. [Karras et al. 2022, Table 1: P_mean, P_std]

    Errors: `InputError` for a standard deviation that is not positive.
    """
    if not std > 0:
        raise InputError("diffusion.times_std", std, "positive", "1.2 is EDM's")
    return lambda u: schedule.time((mean + std * _normal(u)).exp()).clamp(schedule.first, 1.0)


def logit_normal(schedule: Schedule, mean: float = 0.0, std: float = 1.0) -> TimeLaw:
    """logit t ~ N(mean, std²), cut to the schedule. [Esser et al. 2024, Eq. 19]"""
    return lambda u: torch.sigmoid(mean + std * _normal(u)).clamp(schedule.first, 1.0)


def time_law(name: str, schedule: Schedule, *, count: int = 10, mean: float = -1.2, std: float = 1.2) -> TimeLaw:
    """The law of that name.

    count       number of noise levels of `levels`
    mean, std   of log(σ/α), for `lognormal`

    >>> from genloom.diffusion.schedule import exponential
    >>> time_law("levels", exponential(), count=3)(torch.tensor([0.0, 0.5, 0.9]))
    tensor([0.0000, 0.5000, 1.0000], dtype=torch.float64)
    """
    if name == "levels":
        return levels(schedule, count)
    if name == "lognormal":
        return lognormal(schedule, mean, std)
    laws = {"uniform": uniform, "table": table, "logit-normal": logit_normal}
    if name not in laws:
        raise UnknownName("diffusion.times", name, TIME_LAWS)
    return laws[name](schedule)


def _normal(u: Tensor) -> Tensor:
    quantile: Tensor = torch.special.ndtri(u.double().clamp(_EDGE, 1 - _EDGE))
    return quantile
