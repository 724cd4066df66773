"""Grids start at the noisiest level, fall, and end clean."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genloom.diffusion.grid import CLEAN, SPACINGS, grid
from genloom.diffusion.schedule import EDM, SCHEDULES, Rectified, cosine, exponential, geometric, linear
from genloom.errors import InputError, UnknownName


def test_25_of_1000_steps_start_at_the_last_entry() -> None:
    """Entry 1000 is index 999; one famous sampler starts at 960."""
    levels = grid(linear(1000), 25)
    assert levels[0].t == 1
    assert [round(level.t * 1000) for level in levels[:-1]] == list(range(1000, 0, -40))
    assert levels[-1] == CLEAN


def test_alpha_is_looked_up_on_the_grid() -> None:
    """At ten steps a widely used scheduler takes ᾱ .838 where its grid implies .723."""
    schedule = linear(1000)
    alpha_bar = torch.cumprod(1 - schedule.betas, 0)
    for level in grid(schedule, 10)[:-1]:
        assert float(level.alpha) ** 2 == pytest.approx(alpha_bar[round(float(level.t) * 1000) - 1].item(), rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.sampled_from(SPACINGS))
def test_a_table_gives_distinct_falling_entries(size: int, steps: int, spacing: str) -> None:
    schedule = cosine(size)
    if steps > size:
        with pytest.raises(InputError, match=f"at most {size}"):
            grid(schedule, steps, spacing)
        return
    entries = [float(level.t) * size for level in grid(schedule, steps, spacing)[:-1]]
    assert len(entries) == steps
    assert entries[0] == size
    assert all(high > low for high, low in pairwise(entries))
    assert all(abs(entry - round(entry)) < 1e-9 and entry >= 1 - 1e-9 for entry in entries)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_every_grid_falls_to_clean_data(name: str, spacing: str, steps: int) -> None:
    schedule = SCHEDULES[name]()
    start = 0.99 if schedule.terminal_snr == 0 else 1.0
    levels = grid(schedule, steps, spacing, start=start)
    ratio = [level.sigma / level.alpha for level in levels]
    assert len(levels) == steps + 1
    assert levels[0].t == start
    assert levels[-1] == (0.0, 1.0, 0.0)
    assert all(high > low for high, low in pairwise(ratio))


def test_clean_false_keeps_the_smallest_noise() -> None:
    assert grid(exponential(), 10, clean=False)[-1].sigma == pytest.approx(math.exp(-5))
    assert grid(linear(), 10, clean=False)[-1].sigma == 0


def test_karras_spacing_is_equation_5() -> None:
    levels = grid(EDM(0.002, 80.0), 18, "karras")
    for i, level in enumerate(levels[:-1]):
        expected = (80 ** (1 / 7) + i / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
        assert level.sigma == pytest.approx(expected, rel=1e-12)


def test_log_snr_spacing_of_a_geometric_schedule_is_geometric() -> None:
    sigma = [level.sigma for level in grid(geometric(0.01, 0.3), 10, "log-snr")[:-1]]
    assert sigma[0] == pytest.approx(0.3)
    assert sigma[-1] == pytest.approx(0.01)
    assert all(low / high == pytest.approx(30 ** (-1 / 9)) for high, low in pairwise(sigma))


def test_quadratic_spacing() -> None:
    assert [level.t for level in grid(exponential(), 4, "quadratic")] == pytest.approx([1, 9 / 16, 1 / 4, 1 / 16, 0])


@pytest.mark.parametrize("spacing", ["karras", "log-snr"])
def test_spacing_in_sigma_over_alpha_is_refused_at_zero_terminal_snr(spacing: str) -> None:
    with pytest.raises(InputError, match="uniform or quadratic"):
        grid(Rectified(), 10, spacing)
    assert len(grid(Rectified(), 10, spacing, start=0.99)) == 11


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="at least 1"):
        grid(linear(), 0)
    with pytest.raises(UnknownName, match="did you mean 'karras'"):
        grid(linear(), 10, "karas")
    for start in (0.0, -1.0, 1.5, math.nan, 1e-5):
        with pytest.raises(InputError, match="start"):
            grid(linear(), 10, start=start)
