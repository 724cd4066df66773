"""Rules of recipes: every number has a range, and all that is broken is told at once."""

from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from genloom.errors import InputError, InputErrors
from genloom.recipes import build, registry, rules
from genloom.recipes.fields import leaves, replaced, value
from genloom.recipes.points import Data
from genloom.recipes.process import Diffusion, Schedule

SQUARE = registry.recipe("ve-square")


ASKED = {name: registry.recipe(name) for name in registry.RECIPES} | {
    name: registry.resolve(entry.options)() for name, entry in registry.STUDIES.items() if entry.options}
"""All that a person can set: recipes, and what studies have flags of their own for."""


@pytest.mark.parametrize("name", ASKED)
def test_every_number_has_a_range_that_holds_its_default(name: str) -> None:
    for leaf in leaves(type(ASKED[name])):
        if leaf.hint in (int, float):
            assert rules.rule_name(leaf) in rules.RANGES, leaf.name
            assert value(ASKED[name], leaf.path) in rules.RANGES[rules.rule_name(leaf)]


def test_no_range_is_left_of_a_field_that_has_gone() -> None:
    used = {rules.rule_name(leaf) for each in ASKED.values() for leaf in leaves(type(each))}
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


def test_ranges_know_their_ends() -> None:
    half_open = rules.Range(0, 1, open_high=True)
    assert 0 in half_open
    assert 1 not in half_open
    assert str(half_open) == "in [0, 1)"
    assert str(rules.Range(0, open_low=True)) == "greater than 0"


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


@pytest.mark.parametrize("name", ["ve-square", "ddpm-images"])
def test_an_unknown_sampler_is_told_with_the_other_errors(name: str) -> None:
    base = registry.recipe(name)
    wrong = replace(base, sampling=replace(base.sampling, sampler="dimm"), engine=replace(base.engine, steps=0))
    said = " · ".join(map(str, rules.problems(wrong)))
    assert "did you mean 'ddim'" in said
    assert "engine.steps = 0" in said
