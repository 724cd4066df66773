"""What is noised is what is denoised again, and with the exact denoiser the way back ends where it began."""

from itertools import pairwise
from operator import le

import pytest
import torch
from images_small import small

from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.prediction import Estimate
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import Sampling
from genloom.recipes.process_images import PERCENT, backward, forward


def test_the_forward_way_is_the_schedule_s_and_starts_with_the_pictures() -> None:
    experiment = ImagesExperiment(small())
    way = forward(experiment, 4)
    assert way.percent == list(PERCENT)
    assert way.times == [0.0, 0.25, 0.5, 0.75, 0.95], "⌊pT⌋/T at T = 20"
    x0, eps = way.states[0], None
    for t, state in zip(way.times[1:], way.states[1:], strict=True):
        level = experiment.schedule.level(t)
        found = (state - float(level.alpha) * x0) / float(level.sigma)
        assert eps is None or torch.allclose(found, eps, atol=1e-4), "the same noise at all times"
        eps = found


def test_the_backward_way_starts_from_the_raw_noised_states_and_ends_clean() -> None:
    experiment = ImagesExperiment(small())
    there = forward(experiment, 4)
    back = backward(experiment, {"denoiser": experiment.network.eval()}, there)
    assert torch.equal(back.states[0], there.states[-1])
    assert back.states[0].abs().max() > 1, "not clamped for display"
    assert back.times == there.times[::-1]
    assert back.percent == there.percent[::-1]
    assert back.states[-1].abs().max() <= 1


def test_with_the_exact_denoiser_pictures_come_back(monkeypatch: object) -> None:
    experiment = ImagesExperiment(small())
    there = forward(experiment, 4)
    cloud = CloudOracle(experiment.schedule, there.states[0].flatten(1).double())

    class Exact:
        schedule = experiment.schedule

        def __call__(self, x: torch.Tensor, t: float) -> Estimate:
            found = cloud(x.flatten(1).double(), t)
            return Estimate(*(part.view_as(x).to(x) for part in found))

    experiment.denoiser = lambda *given: Exact()  # type: ignore[method-assign]
    back = backward(experiment, {"denoiser": experiment.network}, there._replace(
        times=there.times[:-1], states=there.states[:-1], percent=there.percent[:-1]))
    torch.testing.assert_close(back.states[-1], there.states[0], atol=1e-3, rtol=0)


@pytest.mark.parametrize(("sampler", "steps"), [("dpmpp-2m", 1), ("ddim", 3), ("unipc", 5), ("langevin", 3)])
def test_a_sampler_of_few_steps_is_seen_at_every_percentage(sampler: str, steps: int) -> None:
    experiment = ImagesExperiment(small(sampling=Sampling(sampler=sampler, steps=steps)))
    there = forward(experiment, 2)
    back = backward(experiment, {"denoiser": experiment.network.eval()}, there)
    assert back.percent == there.percent[::-1]
    assert len(back.percent) == len(back.times) == len(back.states)
    assert all(high >= low for high, low in pairwise(back.times))
    assert sampler == "langevin" or all(map(le, back.times, there.times[::-1]))
