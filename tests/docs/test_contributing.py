"""The skeletons of CONTRIBUTING.md are run and do what they say."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.schedule import exponential
from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.rules import validate

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL):
        exec(block, found)
    return found


def test_the_sampler_takes_the_step_of_ddim(names: dict[str, Any]) -> None:
    square = BoxOracle(exponential(), torch.tensor([[-1.0, -1.0]]), torch.tensor([[1.0, 1.0]]))
    levels, x = grid(square.schedule, 7), torch.randn(20, 2, dtype=torch.float64)
    *_, last = names["halfway"](square, x, levels)
    torch.testing.assert_close(last.x, sample("ddim", square, x, levels), rtol=0, atol=1e-12)


def test_the_schedule_is_one(names: dict[str, Any]) -> None:
    schedule = names["Trigonometric"]()
    levels = grid(schedule, 12, "quadratic")
    assert all(a.sigma / a.alpha > b.sigma / b.alpha for a, b in pairwise(levels))
    t = torch.linspace(0.01, 0.99, 20).double()
    torch.testing.assert_close(schedule.time(schedule.sigma(t) / schedule.alpha(t)), t)


def test_the_points_lie_on_the_circle(names: dict[str, Any]) -> None:
    radius = names["circle"](50, 0).points.norm(dim=1)
    torch.testing.assert_close(radius, torch.ones(50))


def test_the_recipe_is_valid_and_builds(names: dict[str, Any]) -> None:
    recipe = names["flow_rings"]()
    validate(recipe)
    assert PointsExperiment(recipe).data.name == "rings"


def test_every_path_that_is_named_is_there() -> None:
    root = Path(__file__).parents[2]
    named = re.findall(r"`(src/[\w/.]+|tests/[\w/.]+)`", TEXT)
    assert named
    assert [path for path in named if not (root / path).exists()] == []
