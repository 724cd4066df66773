"""A simulated power transformer: the temperature of its oil under load and weather, in the columns of ETT."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from genloom.data.series.clock import Times, grid
from genloom.data.series.series import Series
from genloom.errors import InputError
from genloom.rng import generator

CHANNELS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
"""Useful and useless (active and reactive) load at high, middle and low voltage, and the temperature of the oil, °C."""

HOURS = 17_420
"""As many rows as ETTh1 has."""

_START = np.datetime64("2016-07-01T00:00:00", "s")
_HOUR = np.timedelta64(3600, "s")
_MOST_HOURS = 10_000_000
_LATITUDE = math.radians(40)
_METERS = (0.9, 0.25, 0.9, 0.22, 0.3, 0.09, 0.25)  # standard deviations of what each meter adds in each hour
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Oil:
    """Thermal constants; the defaults are those of medium and large transformers with fans (ONAF). [IEC 60076-7]

    rise       Δθ_or, K, of the top oil over the air at rated load in the steady state
    ratio      R, load losses over no-load losses at rated load
    exponent   x, of the losses
    minutes    τ_o, time constant of the oil
    k11        what it is multiplied by, since the oil at the top is not the mean of the oil
    """

    rise: float = 52.0
    ratio: float = 6.0
    exponent: float = 0.8
    minutes: float = 150.0
    k11: float = 0.5


class Simulation(NamedTuple):
    """A simulated series and what it was made of.

    series    the seven channels as measured
    clean     (N, 7), the same without what is new and independent in each hour: no forecast can have a smaller squared
              error than that of `clean`, which is the variance of that noise
    cycles    (N, 7), with everything random at its mean, which the calendar alone determines
    ambient   (N,), °C
    load      (N,), apparent power over rated power
    """

    series: Series
    clean: Floats
    cycles: Floats
    ambient: Floats
    load: Floats


class _Weather(NamedTuple):
    """What moves the loads, (N,) each: air in °C, the sun that clouds let through, deviations of demand."""

    ambient: Floats
    sun: Floats
    works: Floats
    homes: Floats
    idle: Floats


def steady_rise(load: Floats, oil: Oil) -> Floats:
    """Δθ = Δθ_or ((1 + R K²) / (1 + R))^x, K the load over the rated one. [IEC 60076-7]"""
    return np.asarray(oil.rise * ((1 + oil.ratio * load**2) / (1 + oil.ratio)) ** oil.exponent)


def oil_temperature(ambient: Floats, load: Floats, start: float, oil: Oil, minutes: float = 60.0) -> Floats:
    """θ at the beginning of each step, (N,), under air and load (N,) that are constant within a step.

        k11 τ_o dθ/dt = θ_a + Δθ_or ((1 + R K²)/(1 + R))^x − θ

    is the standard's differential equation [IEC 60076-7, loading guide, differential equations of the top oil], whose
    solution over a step of constant input u is exact: θ' = u + (θ − u) e^{−Δt / (k11 τ_o)}.

    start     θ at the first step
    minutes   length of a step Δt
    """
    from scipy.signal import lfilter

    kept = math.exp(-minutes / (oil.k11 * oil.minutes))
    goal = ambient + steady_rise(load, oil)
    before = np.concatenate(([start], (1 - kept) * goal[:-1]))
    return np.asarray(lfilter([1.0], [1.0, -kept], before))


def simulate(hours: int = HOURS, seed: int = 0, *, oil: Oil | None = None, rated: float = 45.0,
             noise: float = 1.0) -> Series:
    """A transformer's loads and oil temperature, hour by hour from 2016-07-01 on; see `simulation`."""
    return simulation(hours, seed, oil=oil, rated=rated, noise=noise).series


def transformer() -> Series:
    """The series named transformer: as long as ETTh1, seed 0."""
    return simulate()


def simulation(hours: int = HOURS, seed: int = 0, *, oil: Oil | None = None, rated: float = 45.0,
               noise: float = 1.0) -> Simulation:
    """A transformer's loads and oil temperature with what they were made of; a function of its arguments alone.

    Demand at low voltage has the shape of homes (two peaks a day, more on free days, more in the cold and in the heat);
    that at middle voltage has the shape of works, less what a solar plant under moving clouds feeds in. High voltage
    carries both, with losses. Air has a year, a day and weather that lasts for days.

    noise   of weather, demand and meters, as a multiple of the usual; 0 leaves the cycles
    rated   power at K = 1, in the unit of the loads

    Errors: `InputError` for hours outside [2, 10,000,000], a rated power that is not positive or a negative noise.
    """
    if not 2 <= hours <= _MOST_HOURS:
        raise InputError("hours", hours, f"from 2 to {_MOST_HOURS:,}")
    if not rated > 0 or noise < 0:
        raise InputError("rated, noise", (rated, noise), "above 0, and not negative")
    thermal, times = oil or Oil(), grid(_START, _HOUR, hours)
    weather = _weather(times, seed, noise)
    clean, load = _transformed(times, weather, thermal, rated)
    cycles, _ = _transformed(times, _weather(times, seed, 0.0), thermal, rated)
    meters = noise * np.array(_METERS) * _normal((hours, 7), seed, 0)
    described = f"simulated transformer, {hours:,} hours, seed {seed}"
    return Simulation(Series(clean + meters, times, CHANNELS, _HOUR, described), clean, cycles, weather.ambient, load)


def _weather(times: Times, seed: int, noise: float) -> _Weather:
    """The cycles of a cold place at 40° north, and around them deviations that fade within days or weeks."""
    hour, year = _hour(times), _year(times)
    summer = np.cos(year - _turn(200))  # 1 in late July
    warmth = 3 + 11 * summer + (3.5 + 1.5 * summer) * np.cos(2 * np.pi * (hour - 15) / 24)
    faded = [noise * size * _fading(len(times), hours, seed, part)
             for part, (size, hours) in enumerate(((3.5, 60), (1.2, 24), (2.5, 300), (0.7, 60), (1.1, 300)), start=1)]
    tilt = np.radians(23.4) * np.cos(year - _turn(172))
    noon = np.cos(2 * np.pi * (hour - 12) / 24)
    height = np.sin(_LATITUDE) * np.sin(tilt) + np.cos(_LATITUDE) * np.cos(tilt) * noon
    sun = np.maximum(0.0, height) / (1 + np.exp(-1 - faded[1]))
    return _Weather(warmth + faded[0], sun, faded[2], faded[3], faded[4])


def _transformed(times: Times, weather: _Weather, oil: Oil, rated: float) -> tuple[Floats, Floats]:
    """The seven channels (N, 7), and the load over the rated one (N,)."""
    free = _weekday(times) >= 5
    works = 7.5 + 4.0 * np.where(free, 0.35, 1.0) * _bump(_hour(times), 12.5, 4.5) + weather.works
    homes = (2.0 + 0.7 * _bump(_hour(times), 8, 1.8) + 1.3 * _bump(_hour(times), 19.5, 2.6) + 0.25 * free
             + 0.04 * np.maximum(0, 12 - weather.ambient) + 0.10 * np.maximum(0, weather.ambient - 18) + weather.homes)
    middle, idle = works - 24 * weather.sun, 0.25 * works - 1.2 + weather.idle
    low, low_idle = homes, 0.4 * homes - 0.35
    useful = middle + low + 0.3 * (middle + low) ** 2 / rated**2
    useless = idle + low_idle + 0.4
    load = np.hypot(useful, useless) / rated
    start = float(weather.ambient[0] + steady_rise(load[:1], oil)[0])
    heat = oil_temperature(weather.ambient, load, start, oil)
    return np.stack((useful, useless, middle, idle, low, low_idle, heat), axis=1), load


def _fading(count: int, hours: float, seed: int, part: int) -> Floats:
    """A stationary process of variance 1 with correlation e^{−Δt/hours}: x' = ρ x + √(1 − ρ²) ε."""
    from scipy.signal import lfilter

    kept = math.exp(-1 / hours)
    drawn = _normal((count,), seed, part)
    drawn[1:] *= math.sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], drawn))


def _normal(shape: tuple[int, ...], seed: int, part: int) -> Floats:
    return torch.randn(shape, generator=generator(seed, part), dtype=torch.float64).numpy()


def _bump(hour: Floats, middle: float, width: float) -> Floats:
    """1 at one hour of the day, falling smoothly on both sides, the same every day."""
    return np.exp((np.cos(2 * np.pi * (hour - middle) / 24) - 1) / (2 * np.pi * width / 24) ** 2)


def _hour(times: Times) -> Floats:
    return np.asarray((times - times.astype("datetime64[D]")).astype(np.int64) / 3600.0)


def _weekday(times: Times) -> NDArray[np.int64]:
    """0 on a Monday: 1970-01-01 was a Thursday."""
    return np.asarray((times.astype("datetime64[D]").astype(np.int64) + 3) % 7)


def _year(times: Times) -> Floats:
    """The angle of the day of the year."""
    return _turn((times - times.astype("datetime64[Y]")).astype(np.int64) / 86_400)


def _turn(day: Floats | float) -> Floats:
    return np.asarray(2 * np.pi * np.asarray(day) / 365.25)
