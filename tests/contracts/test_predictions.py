"""What every prediction promises, on every schedule where it is allowed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genloom.diffusion.prediction import PREDICTIONS, Row, determinant, prediction, solve, target
from genloom.diffusion.schedule import SCHEDULES, Schedule
from genloom.errors import InputError

DOUBLE = torch.float64


def _allowed(name: str, schedule: Schedule) -> bool:
    return schedule.terminal_snr > 0 or name not in ("noise", "score")


PAIRS = [(schedule, name) for schedule in SCHEDULES for name in PREDICTIONS]


@pytest.fixture(params=[pair for pair in PAIRS if _allowed(pair[1], SCHEDULES[pair[0]]())], ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[Schedule, Row]:
    schedule = SCHEDULES[request.param[0]]()
    return schedule, prediction(request.param[1], schedule, sigma_data=0.5)


@pytest.fixture
def schedule(pair: tuple[Schedule, Row]) -> Schedule:
    return pair[0]


@pytest.fixture
def row(pair: tuple[Schedule, Row]) -> Row:
    return pair[1]


@pytest.mark.parametrize(("name", "kind"), [pair for pair in PAIRS if not _allowed(pair[1], SCHEDULES[pair[0]]())])
def test_what_cannot_tell_data_from_noise_is_refused(name: str, kind: str) -> None:
    with pytest.raises(InputError, match="zero terminal SNR"):
        prediction(kind, SCHEDULES[name]())


def _error(schedule: Schedule, row: Row, t: float | torch.Tensor) -> float:
    """The error of solve∘target, as a share of what rounding x and the output in float64 can cause."""
    generator = torch.Generator().manual_seed(1)
    x0, eps = (torch.randn(4, 3, generator=generator, dtype=DOUBLE) for _ in range(2))
    level = schedule.level(t)
    alpha, sigma = (torch.as_tensor(value, dtype=DOUBLE).reshape(-1, 1) for value in (level.alpha, level.sigma))
    found = solve(alpha * x0 + sigma * eps, target(x0, eps, level, row), level, row)
    a, b = row(level)
    det = torch.as_tensor(determinant(level, row), dtype=DOUBLE).reshape(-1, 1).abs()
    size = (alpha + sigma) * (abs(torch.as_tensor(a)) + abs(torch.as_tensor(b))).reshape(-1, 1) / det
    return float(((found.x0 - x0).abs() / (1 + size)).max() + ((found.eps - eps).abs() / (1 + size)).max())


def test_solving_undoes_the_target(schedule: Schedule, row: Row) -> None:
    for t in (max(schedule.first, 0.01), 0.3, 0.77, 1.0):
        assert _error(schedule, row, t) < 1e-14
    assert _error(schedule, row, torch.tensor([0.05, 0.3, 0.77, 1.0], dtype=DOUBLE)) < 1e-14


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SCHEDULES)), st.sampled_from(PREDICTIONS), st.floats(0.01, 0.99))
def test_solving_undoes_the_target_at_any_time(name: str, kind: str, t: float) -> None:
    schedule = SCHEDULES[name]()
    if _allowed(kind, schedule):
        assert _error(schedule, prediction(kind, schedule, sigma_data=0.5), t) < 1e-14


def test_numbers_and_tensors_give_the_same(schedule: Schedule, row: Row) -> None:
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(2), dtype=DOUBLE)
    one, many = (solve(x, x.cos(), schedule.level(t), row) for t in (0.4, torch.full((3,), 0.4, dtype=DOUBLE)))
    for a, b in zip(one, many, strict=True):
        assert torch.allclose(a, b, rtol=1e-12)


def test_an_estimate_rebuilds_x_whatever_the_output(schedule: Schedule, row: Row) -> None:
    """x = α x̂0 + σ ε̂ holds for every output, right or wrong."""
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(3), dtype=DOUBLE)
    level = schedule.level(0.6)
    found = solve(x, x.sin() + 0.3, level, row)
    scale = 1 + float(found.x0.abs().max()) * level.alpha
    assert torch.allclose(level.alpha * found.x0 + level.sigma * found.eps, x, atol=1e-13 * scale)


def test_gradients_reach_the_output(schedule: Schedule, row: Row) -> None:
    output = torch.zeros(2, 2, dtype=DOUBLE, requires_grad=True)
    found = solve(torch.ones_like(output), output, schedule.level(0.5), row)
    found.x0.sum().backward()
    assert output.grad is not None
    assert output.grad.abs().min() > 0
