"""What a diffusion recipe can choose is what the diffusion package has."""

import typing

from genloom.diffusion import loss, prediction, times
from genloom.diffusion.denoiser import TIME_INPUTS
from genloom.recipes.process import Diffusion


def choices(field: str) -> set[str]:
    return set(typing.get_args(typing.get_type_hints(Diffusion)[field]))


def test_choices_are_the_names_that_are_known() -> None:
    assert choices("prediction") == set(prediction.PREDICTIONS)
    assert choices("weight") == set(loss.WEIGHTS)
    assert choices("distance") == set(loss.DISTANCES)
    assert choices("reduction") == set(loss.REDUCTIONS)
    assert choices("time_input") == {*TIME_INPUTS, "index"}
    assert choices("times") >= {"uniform", "table"}
    assert times.time_law
