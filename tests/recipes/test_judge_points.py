"""Judging finds the exact denoiser exact, and a worse one worse by the right amount."""

from dataclasses import replace

import pytest
import torch
from points_small import small, small_classes
from torch import Tensor, nn

from genloom.recipes.judge_points import fresh, judge_all, loss_gap
from genloom.recipes.points import ve_square, ve_square_classes


class Oracle(nn.Module):
    """The exact noise of an experiment's data, plus a constant error."""

    def __init__(self, experiment: object, error: float) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(()))
        self.experiment, self.error = experiment, error

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        oracle = self.experiment.oracle  # type: ignore[attr-defined]
        known = oracle if labels is None else oracle.with_labels(labels)
        return known(x, t.expand(len(x)).double()).eps + self.error


@pytest.mark.parametrize("make", [small, small_classes])
def test_the_gap_is_the_squared_error(make: object) -> None:
    experiment = make()  # type: ignore[operator]
    assert loss_gap(experiment, {"denoiser": Oracle(experiment, 0.0)}, 500).value < 1e-8
    assert loss_gap(experiment, {"denoiser": Oracle(experiment, 0.1)}, 500).value == pytest.approx(0.01, rel=1e-3)


def test_the_exact_denoiser_passes_every_judge() -> None:
    sampling = replace(ve_square().sampling, steps=100)
    experiment = small(ve_square_classes(), sampling=sampling)
    results = judge_all(experiment, {"denoiser": Oracle(experiment, 0.0)})
    loss = results[0]
    assert loss.name == "ε loss on fresh data"
    assert loss.value == pytest.approx(loss.known, abs=1e-6)
    assert [result.name for result in results if result.status == "fail"] == []
    assert any("region" in result.name for result in results)


def test_a_constant_error_fails_the_loss() -> None:
    experiment = small()
    assert judge_all(experiment, {"denoiser": Oracle(experiment, 0.3)})[0].status == "fail"


def test_fresh_points_are_not_the_training_points() -> None:
    experiment = small()
    assert not torch.isin(fresh(experiment, 100, 0), experiment.data.points).any()
