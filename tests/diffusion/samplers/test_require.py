"""What is checked before a sampler starts."""

import math

import pytest
import torch

from genloom.diffusion.samplers.require import noise_for, non_negative, signal
from genloom.diffusion.schedule import Level
from genloom.errors import InputError


def test_noise_is_returned_or_asked_for() -> None:
    draw = lambda: torch.zeros(1)  # noqa: E731
    assert noise_for("ddpm", draw) is draw
    with pytest.raises(InputError, match="ddpm is stochastic"):
        noise_for("ddpm", None)


def test_a_level_without_signal_is_named() -> None:
    signal("heun", [Level(0.9, 0.1, 0.9)])
    with pytest.raises(InputError, match=r"t = 1\.0: heun"):
        signal("heun", [Level(1.0, 0.0, 1.0), Level(0.9, 0.1, 0.9)])


@pytest.mark.parametrize("value", [-1e-9, -math.inf, math.nan])
def test_negative_options_are_refused(value: float) -> None:
    non_negative("s_churn", 0.0)
    with pytest.raises(InputError, match="s_churn"):
        non_negative("s_churn", value)
