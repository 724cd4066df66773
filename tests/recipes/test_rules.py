"""Rules of recipes: every number has a range, and all that is broken is told at once."""

from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from genloom.errors import InputError, InputErrors
from genloom.recipes import build, registry, rules
from genloom.recipes.fields import leaves, replaced, value
from genloom.recipes.points import Data, Sampling
from genloom.recipes.process import Diffusion, Schedule

SQUARE = registry.recipe("ve-square")
FLOW = Diffusion(prediction="flow")


def test_every_number_of_every_family_has_a_range_that_holds_its_default() -> None:
    for name in registry.RECIPES:
        recipe = registry.recipe(name)
        for leaf in leaves(type(recipe)):
            if leaf.hint in (int, float):
                assert rules.rule_name(leaf) in rules.RANGES, leaf.name
                assert value(recipe, leaf.path) in rules.RANGES[rules.rule_name(leaf)]


def test_no_range_is_left_of_a_field_that_has_gone() -> None:
    used = {rules.rule_name(leaf) for name in registry.RECIPES for leaf in leaves(type(registry.recipe(name)))}
    assert set(rules.RANGES) <= used


@pytest.mark.parametrize("leaf", [leaf for leaf in leaves(type(SQUARE)) if leaf.hint in (int, float)],
                         ids=lambda leaf: leaf.name)
def test_a_number_below_its_range_is_named_with_a_value_that_works(leaf: object) -> None:
    allowed = rules.RANGES[rules.rule_name(leaf)]
    outside = allowed.low if allowed.open_low else allowed.low - 1
    with pytest.raises(InputError, match="must be") as caught:
        rules.validate(replaced(SQUARE, leaf.path, leaf.hint(outside)))
    flag, example = caught.value.remedy.removeprefix("pass ").split(" ")
    assert caught.value.parameter == leaf.name
    assert flag == rules.flag(leaf)
    assert leaf.hint(float(example)) in allowed


def test_all_errors_are_told_at_once() -> None:
    wrong = replace(SQUARE, engine=replace(SQUARE.engine, steps=0, keep=0),
                    optimizer=replace(SQUARE.optimizer, lr=-1.0))
    with pytest.raises(InputErrors, match="3 problems") as caught:
        rules.validate(wrong)
    assert {error.parameter for error in caught.value.errors} == {"engine.steps", "engine.keep", "optimizer.lr"}
    assert "\n" not in str(caught.value)


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
])
def test_relations_between_fields(changes: dict[str, object], parameter: str) -> None:
    with pytest.raises(InputError) as caught:
        rules.validate(replace(SQUARE, **changes))
    assert caught.value.parameter == parameter
    assert caught.value.remedy


def test_ranges_know_their_ends() -> None:
    half_open = rules.Range(0, 1, open_high=True)
    assert 0 in half_open
    assert 1 not in half_open
    assert str(half_open) == "in [0, 1)"
    assert str(rules.Range(0, open_low=True)) == "greater than 0"


def test_names_that_stand_here_without_torch_are_those_of_the_registries() -> None:
    from genloom.diffusion.grid import SPACINGS
    from genloom.diffusion.samplers.registry import SAMPLERS

    assert set(rules.AT_ZERO_SNR) == {name for name, sampler in SAMPLERS.items() if not sampler.needs_alpha}
    assert set(rules.SAMPLERS) == set(SAMPLERS)
    assert tuple(SPACINGS) == rules.SPACINGS


@pytest.mark.parametrize("kind", get_args(get_type_hints(Schedule)["kind"]))
def test_what_the_rules_allow_can_be_built_and_what_they_refuse_cannot(kind: str) -> None:
    betas = (0.01,) * 1000 if kind == "table" else ()
    small = replace(SQUARE, data=Data(count=8), schedule=Schedule(kind=kind, betas=betas))
    for prediction in get_args(get_type_hints(Diffusion)["prediction"]):
        recipe = replace(small, diffusion=replace(SQUARE.diffusion, prediction=prediction))
        refused = [error.parameter for error in rules.problems(recipe)]
        if not refused:
            build(recipe)
            continue
        with pytest.raises(InputError) as caught:
            build(recipe)
        assert [caught.value.parameter] == refused


def test_the_largest_number_of_points_is_that_of_the_data() -> None:
    from genloom.data.points import MOST_POINTS

    assert rules.RANGES["points.Data.count"].high == MOST_POINTS


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
