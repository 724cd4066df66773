"""Step grids: the levels a sampler visits, from pure noise at t = 1 down to clean data, with α and σ looked up once."""

import torch
from torch import Tensor

from genloom.diffusion.schedule import Level, Schedule
from genloom.errors import InputError, UnknownName

CLEAN = Level(0.0, 1.0, 0.0)
"""The end of every grid: data without noise, whatever σ(0) is."""

SPACINGS = ("uniform", "quadratic", "karras", "log-snr")


def grid(schedule: Schedule, steps: int, spacing: str = "uniform", *, clean: bool = True,
         start: float = 1.0) -> list[Level]:
    """`steps + 1` levels whose first is at t = `start` and whose last is clean.

    uniform    t even; `steps` of 1000 table entries start at entry 999 and are about 1000/steps apart
    quadratic  √t even: finer near the data
    karras     (σ/α)^{1/7} even. [Karras et al. 2022, Eq. 5]
    log-snr    log(σ/α) even

    clean      False ends at t = 0 of the schedule itself, which for a variance-exploding one keeps σ(0) of noise

    start   below 1 noises less than fully: for editing, or to keep clear of α(1) = 0

    Errors: `InputError` for fewer than 1 step, more steps than the table has, a start outside [schedule.first, 1], or
    karras and log-snr where α(start) = 0; `UnknownName` for another spacing.
    """
    _check(schedule, steps, start)
    if spacing in ("uniform", "quadratic"):
        even = torch.linspace(1, 0, steps + 1, dtype=torch.float64)[:-1]
        times = start * (even if spacing == "uniform" else even**2)
    elif spacing in ("karras", "log-snr"):
        times = schedule.time(_spaced_rho(schedule, steps, spacing, start))
        times[0] = start
    else:
        raise UnknownName("sampling.spacing", spacing, SPACINGS)
    if schedule.steps is not None:
        times = _on_table(times, schedule.steps)
    return [*schedule.levels(times.tolist()), CLEAN if clean else schedule.level(0.0)]


def _spaced_rho(schedule: Schedule, steps: int, spacing: str, start: float) -> Tensor:
    high, low = schedule.level(start), schedule.level(schedule.first)
    if high.alpha == 0:
        raise InputError("sampling.spacing", spacing, "uniform or quadratic where α(t) = 0 at the start",
                         "pass --sampling.spacing uniform, or start later")
    ends = torch.tensor([high.sigma / high.alpha, low.sigma / low.alpha], dtype=torch.float64)
    power = (ends ** (1 / 7)) if spacing == "karras" else ends.log()
    even = power[0] + (power[1] - power[0]) * torch.linspace(0, 1, steps, dtype=torch.float64)
    return even**7 if spacing == "karras" else even.exp()


def _on_table(times: Tensor, size: int) -> Tensor:
    """The nearest table entries, made strictly falling: entries that coincide are moved down, then up from entry 1."""
    index = (times * size).round().long().clamp(1, size).tolist()
    for i in range(1, len(index)):
        index[i] = min(index[i], index[i - 1] - 1)
    for i in range(len(index) - 1, -1, -1):
        floor = len(index) - i
        index[i] = max(index[i], floor)
    return torch.tensor(index, dtype=torch.float64) / size


def _check(schedule: Schedule, steps: int, start: float) -> None:
    if not schedule.first <= start <= 1 or start == 0:
        raise InputError("sampling.start", start, f"in [{schedule.first:g}, 1] and positive")
    if steps < 1:
        raise InputError("sampling.steps", steps, "an integer of at least 1", "pass --sampling.steps 50")
    if schedule.steps is not None and steps > round(start * schedule.steps):
        raise InputError("sampling.steps", steps, f"at most {round(start * schedule.steps)}, the entries of the table",
                         f"pass --sampling.steps {round(start * schedule.steps)}")
