"""Rules between fields: each names the field, and what would be right."""

from dataclasses import replace

import pytest

from genloom.errors import InputError
from genloom.recipes import registry, relations, rules
from genloom.recipes.points import Data, Sampling
from genloom.recipes.process import Diffusion, Schedule

SQUARE = registry.recipe("ve-square")
CATS = registry.recipe("ddpm-cats")
FLOW = Diffusion(prediction="flow")


@pytest.mark.parametrize(("changes", "parameter"), [
    ({"data": Data(pattern="file")}, "data.path"),
    ({"data": Data(pattern="text", text=" ")}, "data.text"),
    ({"data": Data(classes=1)}, "data.classes"),
    ({"schedule": Schedule(kind="edm", sigma_min=2.0, sigma_max=1.0)}, "schedule.sigma_min"),
    ({"schedule": Schedule(kind="rectified")}, "diffusion.prediction"),
    ({"schedule": Schedule(kind="linear", steps=20), "sampling": Sampling(steps=10)}, "schedule.steps"),
    ({"schedule": Schedule(kind="cosine", steps=50), "sampling": Sampling(steps=51)}, "sampling.steps"),
    ({"sampling": Sampling(sampler="dimm")}, "sampling.sampler"),
    ({"sampling": Sampling(sampler="langevin", epsilon=1.0)}, "sampling.epsilon"),
    ({"diffusion": Diffusion(times="table")}, "diffusion.times"),
    ({"schedule": Schedule(kind="rectified"), "diffusion": FLOW, "sampling": Sampling(sampler="heun")},
     "sampling.sampler"),
    ({"schedule": Schedule(kind="rectified"), "diffusion": FLOW, "sampling": Sampling(spacing="karras")},
     "sampling.spacing"),
    ({"schedule": Schedule(kind="rectified"), "diffusion": replace(FLOW, time_input="log-sigma")},
     "diffusion.time_input"),
    ({"engine": replace(SQUARE.engine, batch_size=10, accumulate=3)}, "engine.batch_size"),
    ({"engine": replace(SQUARE.engine, patience=3)}, "engine.patience"),
])
def test_relations_between_fields(changes: dict[str, object], parameter: str) -> None:
    with pytest.raises(InputError) as caught:
        rules.validate(replace(SQUARE, **changes))
    assert caught.value.parameter == parameter
    assert caught.value.remedy


def test_names_that_stand_here_without_torch_are_those_of_the_registries() -> None:
    from genloom.diffusion.grid import SPACINGS
    from genloom.diffusion.samplers.registry import SAMPLERS

    assert set(relations.AT_ZERO_SNR) == {name for name, sampler in SAMPLERS.items() if not sampler.needs_alpha}
    assert set(relations.SAMPLERS) == set(SAMPLERS)
    assert tuple(SPACINGS) == relations.SPACINGS


def test_the_score_network_is_told_sigma_and_no_classes() -> None:
    letters = registry.recipe("score-letters")
    rules.validate(letters)
    with pytest.raises(InputError, match=r"divides by it; pass --diffusion\.time-input sigma"):
        rules.validate(replace(letters, diffusion=replace(letters.diffusion, time_input="log-sigma")))
    with pytest.raises(InputError, match=r"pass --network\.kind mlp"):
        rules.validate(replace(letters, data=replace(letters.data, classes=5)))


def test_a_number_outside_its_range_is_told_once() -> None:
    with pytest.raises(InputError, match=r"^schedule.steps = 0: must be in \[1, 1e\+06\]"):
        rules.validate(replace(SQUARE, schedule=Schedule(kind="linear", steps=0)))


def test_a_table_has_as_many_numbers_as_steps_and_stands_alone() -> None:
    def refused(**fields: object) -> list[str]:
        recipe = replace(SQUARE, schedule=Schedule(**fields))  # type: ignore[arg-type]
        return [error.parameter for error in rules.problems(recipe)]

    assert refused(kind="table", steps=1000, betas=(0.01,) * 1000) == []
    assert refused(kind="table", steps=1000, betas=(0.01,) * 999) == ["schedule.betas"]
    assert refused(kind="table", steps=1000, betas=(1.0,) * 1000) == ["schedule.betas"]
    assert refused(kind="cosine", betas=(0.01,)) == ["schedule.betas"]


@pytest.mark.parametrize(("part", "changes", "parameter"), [
    ("network", {"multipliers": ()}, "network.multipliers"),
    ("network", {"multipliers": (1, 0)}, "network.multipliers"),
    ("data", {"size": 36}, "data.size"),
    ("sampling", {"guidance_low": 3.0, "guidance_high": 2.0}, "sampling.guidance_low"),
    ("sampling", {"steps": 51}, "sampling.steps"),
    ("network", {"kind": "naive-unet"}, "diffusion.time_input"),
])
def test_relations_of_pictures(part: str, changes: dict[str, object], parameter: str) -> None:
    with pytest.raises(InputError) as caught:
        rules.validate(replace(CATS, **{part: replace(getattr(CATS, part), **changes)}))
    assert caught.value.parameter == parameter
    assert caught.value.remedy


def test_sizes_are_the_autoencoder_s_business_where_latents_are_diffused() -> None:
    rules.validate(replace(CATS, data=replace(CATS.data, size=36), latent=replace(CATS.latent, autoencoder="runs/x")))
