"""What a network is told, and that its output becomes the right estimate."""

import math

import pytest
import torch
from torch import Tensor

from genloom.diffusion.denoiser import (
    NetworkDenoiser,
    noise_level,
    quarter_log_sigma,
    time_itself,
    unit_scale,
    unit_variance,
)
from genloom.diffusion.prediction import noise
from genloom.diffusion.schedule import EDM, Level, Rectified, linear
from genloom.errors import InputError


class Spy:
    """A network that remembers what it saw."""

    def __init__(self) -> None:
        self.x, self.time, self.labels = torch.empty(0), torch.empty(0), None

    def __call__(self, x: Tensor, time: Tensor, labels: Tensor | None) -> Tensor:
        self.x, self.time, self.labels = x, time, labels
        return torch.zeros_like(x)


def test_a_shared_time_is_told_once_and_a_time_for_each_sample_to_each() -> None:
    spy = Spy()
    denoiser = NetworkDenoiser(spy, linear(), noise)
    x = torch.zeros(4, 2)
    denoiser(x, 0.25)
    assert spy.time.tolist() == [0.25]
    denoiser(x, torch.tensor([0.25, 0.5, 0.75, 1.0]))
    assert spy.time.tolist() == [0.25, 0.5, 0.75, 1.0]
    denoiser(x, torch.tensor(0.5))
    assert spy.time.tolist() == [0.5] * 4


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_low_precision_inputs_leave_the_time_exact(dtype: torch.dtype) -> None:
    """999/1000 would be 1 in bfloat16."""
    spy = Spy()
    denoiser = NetworkDenoiser(spy, linear(), noise)
    for t in (0.999, torch.tensor([0.999], dtype=torch.float64)):
        denoiser(torch.zeros(1, 2, dtype=dtype), t)
        assert spy.time.dtype == torch.float32
        assert spy.time.item() == pytest.approx(0.999, abs=1e-7)
    denoiser(torch.zeros(1, 2, dtype=torch.float64), 0.999)
    assert spy.time.item() == 0.999


def test_what_the_network_is_told() -> None:
    level = Level(0.5, 1.0, math.exp(2))
    assert time_itself(level) == 0.5
    assert noise_level(level) == pytest.approx(math.exp(2))
    assert quarter_log_sigma(level) == pytest.approx(0.5)
    assert quarter_log_sigma(EDM().level(torch.tensor([0.5]))).item() == pytest.approx(math.log(40) / 4)


def test_log_sigma_is_refused_where_no_signal_is_left() -> None:
    with pytest.raises(InputError, match="log-sigma"):
        quarter_log_sigma(Rectified().level(1.0))


def test_the_scaled_input_has_variance_1() -> None:
    scale = unit_variance(0.5)
    for level in (Level(0.1, 1.0, 3.0), Level(0.1, 0.6, 0.8)):
        assert scale(level) ** 2 * (level.alpha**2 * 0.25 + level.sigma**2) == pytest.approx(1)
    spy = Spy()
    x = torch.ones(2, 2)
    NetworkDenoiser(spy, EDM(), noise, scale=unit_variance(0.5))(x, 0.5)
    assert torch.allclose(spy.x, x / (0.25 + 1600) ** 0.5)
    NetworkDenoiser(spy, EDM(), noise, scale=unit_scale)(x, 0.5)
    assert spy.x is x


def test_other_classes_make_another_denoiser() -> None:
    spy = Spy()
    plain = NetworkDenoiser(spy, linear(), noise)
    labels = torch.tensor([1, 2])
    plain.with_labels(labels)(torch.zeros(2, 2), 0.5)
    assert spy.labels is labels
    plain(torch.zeros(2, 2), 0.5)
    assert spy.labels is None


def test_the_estimate_rebuilds_x() -> None:
    denoiser = NetworkDenoiser(lambda x, t, labels: x.sin() + t, linear(), noise)
    x = torch.linspace(-2, 2, 10, dtype=torch.float64)[:, None]
    for t in (0.3, torch.linspace(0.1, 1, 10, dtype=torch.float64)):
        found, level = denoiser(x, t), linear().level(t)
        alpha, sigma = (torch.as_tensor(v).reshape(-1, 1) for v in (level.alpha, level.sigma))
        assert torch.allclose(alpha * found.x0 + sigma * found.eps, x, atol=1e-12)
