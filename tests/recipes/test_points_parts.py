"""The parts of a points recipe are those that its names say."""

import typing
from dataclasses import replace

import pytest
import torch

from genloom.data.points import PATTERNS
from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.schedule import exponential
from genloom.recipes.points import Data, PointsRecipe, Sampling
from genloom.recipes.points_parts import (
    make_data,
    make_levels,
    make_oracle,
    make_prior,
    sampler_options,
)
from genloom.recipes.process import Schedule
from genloom.recipes.process_parts import make_schedule
from genloom.rng import SampleNoise

KINDS = typing.get_args(typing.get_type_hints(Schedule)["kind"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_schedule_is_made(kind: str) -> None:
    schedule = make_schedule(Schedule(kind=kind, steps=50, betas=(0.1,) * 50))  # type: ignore[arg-type]
    assert schedule.level(1.0).sigma > 0


@pytest.mark.parametrize(("pattern", "oracle"), [
    ("square", BoxOracle), ("checkerboard", BoxOracle), ("mixture", MixtureOracle), ("moons", CloudOracle)])
def test_a_density_gets_its_closed_form_and_others_a_cloud(pattern: str, oracle: type) -> None:
    config = Data(pattern=pattern, count=100)  # type: ignore[arg-type]
    assert isinstance(make_oracle(make_data(config), config, exponential()), oracle)


def test_fresh_points_are_others_of_the_same_distribution() -> None:
    config = Data(count=4000)
    own, fresh = make_data(config).points, make_data(config, seed=1).points
    assert not torch.equal(own, fresh)
    assert abs(own.std() - fresh.std()) < 0.02


def test_every_pattern_of_the_data_can_be_chosen() -> None:
    assert set(typing.get_args(typing.get_type_hints(Data)["pattern"])) == set(PATTERNS)


WIDE = (1 + 1 / 3) ** 0.5


@pytest.mark.parametrize(("start", "std"), [("standard", 1.0), ("moments", WIDE), ("data", WIDE)])
def test_the_start_has_the_spread_of_p_1(start: str, std: float) -> None:
    points = make_data(Data(count=2000)).points
    x = make_prior(start, points, exponential()).sample(SampleNoise(0, 20_000, (2,)))
    assert x.std().item() == pytest.approx(std, rel=0.02)


@pytest.mark.parametrize("start", ["moments", "data"])
def test_each_class_starts_from_its_own_p_1(start: str) -> None:
    data = make_data(Data(count=3000, classes=5))
    labels = torch.arange(6).repeat(10_000)
    prior = make_prior(start, data.points, exponential(), known=data.labels, labels=labels)
    x = prior.sample(SampleNoise(0, len(labels), (2,)))
    for k in range(6):
        own = data.points if k == 5 else data.points[data.labels == k]
        torch.testing.assert_close(x[labels == k].mean(0), own.mean(0), atol=0.05, rtol=0)
        torch.testing.assert_close(x[labels == k].var(0), 1 + own.var(0), atol=0.06, rtol=0)


def test_langevin_visits_the_noise_levels_of_training() -> None:
    recipe = PointsRecipe(name="", summary="")
    sampling = replace(Sampling(), sampler="langevin", steps=1000)
    levels = make_levels(sampling, recipe.diffusion, make_schedule(Schedule(kind="geometric")))
    sigmas = [float(level.sigma) for level in levels[:-1]]
    assert len(sigmas) == 10
    assert sigmas[0] == pytest.approx(0.3)
    assert sigmas[-1] == pytest.approx(0.01)
    assert sampler_options(sampling, recipe.diffusion) == {"epsilon": 2e-5, "per_level": 100}
    assert sampler_options(Sampling(eta=0.5), recipe.diffusion) == {"eta": 0.5}
