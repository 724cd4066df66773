"""The probability flow by a black-box solver."""

import sys
from typing import Any

import pytest
import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.ode import ode
from genloom.diffusion.schedule import EDM, Schedule, cosine, exponential, linear
from genloom.errors import InputError, MissingExtra

DOUBLE = torch.float64


@pytest.mark.parametrize("schedule", [exponential(), EDM(0.02, 10.0), cosine(), linear()], ids=repr)
def test_it_follows_the_exact_flow_to_the_tolerance(schedule: Schedule, gaussian: Any) -> None:
    """At every level, within 20 tolerances; 1e-7 where σ/α is smooth, 1e-6 on a table, whose β jumps."""
    tolerance = 1e-6 if schedule.steps else 1e-7
    oracle = gaussian(schedule)
    levels = schedule.levels([1.0, 0.5, 0.2])
    x = oracle.start(levels[0], torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None])
    path = list(ode(oracle, x, levels, rtol=tolerance, atol=tolerance))
    assert [state.level for state in path] == levels[1:]
    for state in path:
        assert torch.allclose(state.x, oracle.flow(x, levels[0], state.level), rtol=0, atol=20 * tolerance)


def test_a_clean_end_is_the_estimate_at_the_last_noisy_level(gaussian: Any) -> None:
    schedule = exponential()
    oracle = gaussian(schedule)
    x = oracle.start(schedule.level(1.0), torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None])
    path = list(ode(oracle, x, grid(schedule, 3)))
    assert torch.equal(path[-1].x, oracle(path[-2].x, path[-2].level.t).x0)
    alone = list(ode(oracle, x, grid(schedule, 1)))
    assert len(alone) == 1
    assert torch.equal(alone[0].x, oracle(x, 1.0).x0)


def test_single_precision_is_enough_for_the_default_tolerances(gaussian: Any) -> None:
    schedule = cosine()
    oracle, levels = gaussian(schedule), grid(schedule, 10)
    x = torch.linspace(-2, 2, 5)[:, None]
    *_, last = ode(oracle, x, levels)
    *_, exact = ode(oracle, x.double(), levels)
    assert last.x.dtype == torch.float32
    assert torch.allclose(last.x.double(), exact.x, atol=1e-3)


def test_a_tolerance_that_cannot_be_met_is_named(gaussian: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genloom.diffusion.samplers.ode._MOST_STEPS", 100)
    schedule = cosine()
    with pytest.raises(InputError, match="rtol"):
        list(ode(gaussian(schedule), torch.linspace(-2, 2, 5)[:, None], grid(schedule, 4), rtol=1e-14, atol=1e-16))


def test_a_missing_package_is_named_with_its_remedy(gaussian: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchdiffeq", None)
    with pytest.raises(MissingExtra, match=r"pip install 'genloom\[ode\]'"):
        list(ode(gaussian(cosine()), torch.zeros(1, 1), grid(cosine(), 4)))
