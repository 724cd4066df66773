"""Levels as plain numbers."""

import torch

from genloom.diffusion.samplers.state import shared
from genloom.diffusion.schedule import Level, linear


def test_shared_levels_are_the_same_levels_in_plain_numbers() -> None:
    levels = [linear().level(0.5), Level(*(torch.tensor(v, dtype=torch.float64) for v in (0.5, 0.6, 0.8)))]
    for before, after in zip(levels, shared(levels), strict=True):
        assert tuple(after) == tuple(float(value) for value in before)
        assert all(type(value) is float for value in after)
        assert isinstance(after, Level)
