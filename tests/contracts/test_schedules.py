"""What every schedule promises."""

import copy

import pytest
import torch

from genloom.diffusion.schedule import SCHEDULES, Schedule

DOUBLE = torch.float64


@pytest.fixture(params=SCHEDULES)
def schedule(request: pytest.FixtureRequest) -> Schedule:
    return SCHEDULES[request.param]()


def _times(schedule: Schedule, count: int = 401) -> torch.Tensor:
    return torch.linspace(schedule.first, 1, count, dtype=DOUBLE)


def test_alpha_and_sigma_are_float64_of_the_shape_of_t(schedule: Schedule) -> None:
    for shape in ((), (3,), (2, 3)):
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            t = torch.full(shape, 0.5, dtype=dtype)
            for value in (*schedule.level(t), *schedule.slopes(t), schedule.time(t)):
                assert value.shape == shape
                assert value.dtype == DOUBLE


def test_a_number_gives_numbers_and_the_same_ones(schedule: Schedule) -> None:
    for t in (schedule.first, 0.123, 0.5, 1.0):
        level, tensors = schedule.level(t), schedule.level(torch.tensor([t], dtype=DOUBLE))
        assert all(type(value) is float for value in level)
        assert [value.item() for value in tensors] == pytest.approx(list(level), rel=1e-14, abs=1e-15)


def test_data_at_time_0_have_their_own_scale(schedule: Schedule) -> None:
    assert schedule.level(0.0).alpha == 1


def test_noise_grows_against_the_signal(schedule: Schedule) -> None:
    t = _times(schedule)
    alpha, sigma = schedule.alpha(t), schedule.sigma(t)
    assert (alpha >= 0).all()
    assert (sigma >= 0).all()
    assert ((sigma / alpha).diff() > 0).all()


def test_time_inverts_sigma_over_alpha(schedule: Schedule) -> None:
    t = _times(schedule)
    assert torch.allclose(schedule.time(schedule.sigma(t) / schedule.alpha(t)), t, atol=1e-10)


def test_slopes_are_derivatives(schedule: Schedule) -> None:
    """Central differences at times inside a step of every table, to 1e-6 of the largest slope."""
    t, h = torch.linspace(0.05, 0.95, 19, dtype=DOUBLE) + 0.00037, 1e-6
    for slope, of in zip(schedule.slopes(t), (schedule.alpha, schedule.sigma), strict=True):
        difference = (of(t + h) - of(t - h)) / (2 * h)
        assert torch.allclose(slope, difference, atol=1e-6 * (1 + float(difference.abs().max())))


def test_the_terminal_snr_is_told(schedule: Schedule) -> None:
    end = schedule.level(1.0)
    assert schedule.terminal_snr == pytest.approx((end.alpha / end.sigma) ** 2)
    assert type(schedule).__name__ in repr(schedule)
    assert "terminal_snr=" in repr(schedule)


def test_a_copy_is_the_same_schedule(schedule: Schedule) -> None:
    assert copy.deepcopy(schedule).level(0.7) == schedule.level(0.7)
