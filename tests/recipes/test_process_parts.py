"""A process is made as its configuration says."""

import typing

import pytest
import torch

from genloom.recipes.process import Diffusion, Schedule
from genloom.recipes.process_parts import make_denoiser, make_schedule

KINDS = [kind for kind in typing.get_args(typing.get_type_hints(Schedule)["kind"]) if kind != "table"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_schedule_is_made(kind: str) -> None:
    schedule = make_schedule(Schedule(kind=kind, steps=50))  # type: ignore[arg-type]
    assert schedule.level(1.0).sigma > 0


@pytest.mark.parametrize(("steps", "kind"), [(50, "cosine"), (1000, "geometric")])
def test_the_index_is_the_place_in_the_table(steps: int, kind: str) -> None:
    told = []

    def network(x: torch.Tensor, time: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        told.append(time)
        return x

    schedule = make_schedule(Schedule(kind=kind, steps=steps))  # type: ignore[arg-type]
    denoiser = make_denoiser(Diffusion(time_input="index"), schedule, network)  # type: ignore[arg-type]
    denoiser(torch.zeros(2, 3), torch.tensor([1 / steps, 1.0]))
    denoiser(torch.zeros(2, 3), 0.5)
    assert told[0].tolist() == pytest.approx([0, steps - 1], abs=1e-3)
    assert told[1].tolist() == pytest.approx([steps / 2 - 1])
