import math

import numpy as np
import pytest

from genloom.data.series.borders import borders
from genloom.data.series.simulator import CHANNELS, HOURS, Oil, oil_temperature, simulate, simulation, steady_rise
from genloom.errors import InputError

OIL = Oil()


def test_a_step_of_load_has_risen_by_63_percent_after_the_time_constant() -> None:
    minutes = OIL.k11 * OIL.minutes
    air, load = np.full(3, 20.0), np.ones(3)
    start = 20.0 + float(steady_rise(np.zeros(1), OIL)[0])
    heat = oil_temperature(air, load, start, OIL, minutes)
    end = 20.0 + OIL.rise
    assert heat[0] == start
    assert (heat[1] - start) / (end - start) == pytest.approx(1 - math.exp(-1), rel=1e-12)
    assert (heat[2] - start) / (end - start) == pytest.approx(1 - math.exp(-2), rel=1e-12)


@pytest.mark.parametrize("load", [0.0, 0.5, 1.0, 1.3])
def test_the_steady_state_is_that_of_the_standard(load: float) -> None:
    known = OIL.rise * ((1 + OIL.ratio * load**2) / (1 + OIL.ratio)) ** OIL.exponent
    heat = oil_temperature(np.full(200, 10.0), np.full(200, load), 80.0, OIL)
    assert heat[-1] == pytest.approx(10.0 + known, rel=1e-12)


def test_an_hour_in_one_step_is_the_hour_in_sixty() -> None:
    rng = np.random.default_rng(0)
    air, load = rng.normal(10, 5, 48), rng.uniform(0, 1, 48)
    by_minute = oil_temperature(air.repeat(60), load.repeat(60), 30.0, OIL, minutes=1.0)
    np.testing.assert_allclose(oil_temperature(air, load, 30.0, OIL), by_minute[::60], rtol=1e-12)


def test_euler_steps_come_to_the_exact_solution_with_order_one() -> None:
    air, load = np.full(9, 10.0), np.linspace(0, 1, 9)
    exact = oil_temperature(air, load, 30.0, OIL)[-1]
    errors = []
    for steps in (60, 120, 240):
        heat = 30.0
        for hour in range(8):
            goal = air[hour] + float(steady_rise(load[hour : hour + 1], OIL)[0])
            for _ in range(steps):
                heat += 60 / steps / (OIL.k11 * OIL.minutes) * (goal - heat)
        errors.append(abs(heat - exact))
    slope = np.polyfit(np.log([60, 120, 240]), np.log(errors), 1)[0]
    assert slope == pytest.approx(-1, abs=0.02)


def test_equal_arguments_give_equal_bits_and_another_seed_another_weather() -> None:
    assert simulate(500, 3).digest == simulate(500, 3).digest
    assert simulate(500, 3).digest != simulate(500, 4).digest


def test_without_noise_the_calendar_is_all() -> None:
    still = simulation(24 * 40, 0, noise=0.0)
    np.testing.assert_array_equal(still.series.values, still.cycles)
    np.testing.assert_array_equal(still.clean, simulation(24 * 40, 9, noise=0.0).clean)


def test_meters_add_noise_that_is_white_and_in_no_other_channel() -> None:
    made = simulation(20_000, 1)
    meters = made.series.values - made.clean
    between = np.corrcoef(meters.T) - np.eye(7)
    assert np.abs(between).max() < 4 / math.sqrt(20_000)
    for column in meters.T:
        assert abs(np.corrcoef(column[1:], column[:-1])[0, 1]) < 4 / math.sqrt(20_000)
    np.testing.assert_allclose(meters.std(axis=0), [0.9, 0.25, 0.9, 0.22, 0.3, 0.09, 0.25], rtol=0.03)


def test_high_voltage_carries_middle_and_low_with_losses() -> None:
    clean = simulation(2000, 2).clean
    low_and_middle = clean[:, 2] + clean[:, 4]
    assert (clean[:, 0] >= low_and_middle).all()
    np.testing.assert_allclose(clean[:, 0], low_and_middle, atol=0.3)


def test_it_resembles_etth1() -> None:
    """Of ETTh1: OT 13.3 ± 8.6 °C in [−4, 46], HUFL 7.4 ± 7.1, LUFL 3.1 ± 1.2; correlation a day on .94, .79, .60."""
    series = simulate()
    assert (series.channels, len(series)) == (CHANNELS, HOURS)
    assert borders(series, "ett", lookback=96, horizon=720).windows(96, 720) == (7825, 2161, 2161)
    by_name = dict(zip(CHANNELS, series.values.T, strict=True))
    known = {"OT": (13.3, 8.6, 0.94), "HUFL": (7.4, 7.1, 0.79), "LUFL": (3.1, 1.2, 0.60)}
    for name, (mean, deviation, day) in known.items():
        column = by_name[name]
        assert abs(column.mean() - mean) < 0.5 * deviation
        assert deviation / 1.5 < column.std() < deviation * 1.5
        assert np.corrcoef(column[24:], column[:-24])[0, 1] == pytest.approx(day, abs=0.1)
    assert -10 < by_name["OT"].min() < by_name["OT"].max() < 55


@pytest.mark.parametrize("asked", [{"hours": 1}, {"hours": 10**9}, {"rated": 0.0}, {"noise": -1.0}])
def test_what_cannot_be_simulated_is_refused(asked: dict[str, float]) -> None:
    with pytest.raises(InputError):
        simulate(**asked)  # type: ignore[arg-type]
