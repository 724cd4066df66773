"""Fair draws pass every judge, and each kind of failure is seen by the one that is meant for it."""

import math

import pytest
import torch
from gan_points_small import small_gan

from genloom.data.density import Gaussians
from genloom.data.points import points
from genloom.recipes.judge_gan_points import fair_good, fair_spread, find, judge_all, judge_modes
from genloom.recipes.judge_points import Draws
from genloom.recipes.points import Data
from genloom.rng import SampleNoise, generator

GRID = points("grid", 1, 0).density


def test_the_known_answers_are_those_of_many_draws() -> None:
    """1 − e^{−9/2} = .98889; √(.5 (2 − 9 e^{−9/2}/(1 − e^{−9/2}))) = .97442."""
    assert fair_good() == pytest.approx(1 - math.exp(-4.5), abs=1e-12)
    assert fair_spread() == pytest.approx(math.sqrt(1 - 4.5 * math.exp(-4.5) / (1 - math.exp(-4.5))), abs=1e-12)
    seen = find(GRID.sample(200_000, generator(0))[0], GRID)
    assert seen.modes == seen.touched == 25
    assert seen.good == pytest.approx(fair_good(), abs=4 * (0.011 / 200_000) ** 0.5)
    assert seen.spread == pytest.approx(fair_spread(), abs=0.003)
    assert seen.shares.p_value > 1e-3


def test_good_is_judged_by_each_mode_s_own_covariance() -> None:
    density = Gaussians(torch.zeros(1, 2).double(), torch.diag(torch.tensor([4.0, 0.01])).double()[None],
                        torch.ones(1).double())
    seen = find(torch.tensor([[5.9, 0.0], [0.0, 0.29], [0.0, 0.31], [6.1, 0.0]]), density)
    assert seen.good == 0.5


def test_missing_modes_strays_and_narrow_modes_are_seen() -> None:
    drawn, component = GRID.sample(5000, generator(1))
    some = find(drawn[component < 20], GRID)
    assert (some.modes, some.touched) == (20, 20)
    assert some.shares.divergence == pytest.approx(math.log(25 / 20), abs=0.01)
    narrow = find(GRID.means[component] + 0.5 * (drawn - GRID.means[component]), GRID)
    assert narrow.good == 1
    assert narrow.spread == pytest.approx(0.5, abs=0.01)
    even = find(2 * torch.rand(2500, 2, generator=generator(2)) - 1, GRID)
    assert even.touched > 20, "uniform noise has a point in nearly every mode"
    assert even.modes == 0, "but a quarter of its fair share in none"
    nothing = find(torch.full((10, 2), 9.0), GRID)
    assert nothing.shares is None
    assert nothing.good == nothing.modes == 0


def test_fair_draws_pass() -> None:
    draws = [Draws(seed, *GRID.sample(2500, generator(seed, 9)), GRID.sample(2500, generator(seed, 8))[0])
             for seed in range(3)]
    assert {result.status for result in judge_modes(GRID, draws)} <= {"pass", "info"}


def test_a_generator_that_draws_the_data_passes_every_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = small_gan()

    def exact(networks: object, *, count: int, seed: int, labels: object = None) -> torch.Tensor:
        noise = SampleNoise(seed, count, (2,))()
        means = GRID.means[torch.randint(25, (count,), generator=generator(seed, 4))]
        return means.float() + 0.02 * noise

    monkeypatch.setattr(experiment, "draw", exact)
    results = judge_all(experiment, experiment.networks)
    assert [result.name for result in results if result.status == "fail" and "modes found" not in result.name] == []
    assert len(results) == 8


def test_an_untrained_generator_fails_without_an_error() -> None:
    experiment = small_gan()
    results = {result.name: result for result in judge_all(experiment, experiment.networks)}
    assert results["modes found of 25"].status == "fail"
    assert results["energy distance to fresh data"].status == "fail"
    assert len(judge_all(small_gan(data=Data(pattern="moons", count=300)),
                         experiment.networks)) == 4
