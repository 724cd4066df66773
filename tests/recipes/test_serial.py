"""Recipes as YAML: what is written is read back, and anything else is refused in one line."""

import dataclasses
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from genloom.errors import InputError, InputErrors
from genloom.recipes import registry, serial
from genloom.recipes.fields import leaves, replaced
from genloom.recipes.points import Engine, PointsRecipe

HEAD = "format: 1\nfamily: points\nname: a\nsummary: b\n"


@pytest.mark.parametrize("name", registry.RECIPES)
@pytest.mark.parametrize("tier", registry.TIERS)
def test_round_trip(name: str, tier: str) -> None:
    recipe = registry.recipe(name, tier)
    text = serial.to_yaml(recipe)
    assert serial.from_yaml(text) == recipe
    assert serial.to_yaml(serial.from_yaml(text)) == text
    assert list(yaml.safe_load(text)) == ["format", "family", *(f.name for f in dataclasses.fields(recipe))]


def test_values_that_are_left_out_have_their_defaults() -> None:
    assert serial.from_yaml(HEAD + "engine: {steps: 7}") == PointsRecipe(name="a", summary="b", engine=Engine(steps=7))


def test_yaml_1_1_is_mended_where_its_meaning_is_clear() -> None:
    recipe = serial.from_yaml(HEAD + "optimizer: {lr: 1e-3}\nengine: {precision: 32}")
    assert (recipe.optimizer.lr, recipe.engine.precision) == (1e-3, "32")


@pytest.mark.parametrize(("text", "said"), [
    ("", "a mapping"), ("- a", "a mapping"), ("a: [", "YAML"), ("3: 4", "a mapping"), ("\x00", "YAML"),
    ("format: 2\nfamily: points", "newer genloom"), ("family: points", "format: 1"), ("format: true", "format"),
    ("format: 1", "family"), ("format: 1\nfamily: pints", "did you mean 'points'"),
    ("format: 1\nfamily: points\nsummary: b", "name = None: must be text"),
    (HEAD + "engin: {}", "did you mean 'engine'"), (HEAD + "engine: {step: 3}", "did you mean 'engine.steps'"),
    (HEAD + "engine: 3", "engine = 3: must be a mapping"), (HEAD + "engine: {1: 2}", "a mapping"),
    (HEAD + "engine: {steps: three}", "a whole number"), (HEAD + "engine: {steps: true}", "a whole number"),
    (HEAD + "engine: {wandb: off}", "in quotes"), (HEAD + "optimizer: {name: adm}", "did you mean 'adam'"),
    (HEAD + "optimizer: {lr: .nan}", "finite"), (HEAD + "optimizer: {lr: .inf}", "finite"),
    (HEAD + "optimizer: {lr: 0}", "greater than 0"), (HEAD + "name: c", "occurs twice"),
    (HEAD + "engine: {steps: 1, steps: 2}", "occurs twice"), (HEAD + "data: &a {text: *a}", "aliases"),
    (HEAD + "network: &a {width: 3}\ndata: *a", "aliases"),
    (HEAD + "data: {text: !!python/object:os.system x}", "YAML"),
    ("!!python/object/apply:os.system ['echo']", "YAML"), (HEAD + "data: {text: 2001-99-99}", "YAML"),
    ("[" * 20_000, "YAML"), ("a: " + "9" * 10_000, "YAML"), ("a" * 70_000, "at most 65536 characters")])
def test_errors_are_typed_and_one_line(text: str, said: str) -> None:
    with pytest.raises((InputError, InputErrors), match=said) as caught:
        serial.from_yaml(text)
    assert len(str(caught.value)) < 600


def test_all_errors_are_told_at_once() -> None:
    text = HEAD + "engine: {steps: 0, stepz: 3, ema: .nan}\noptimizer: {name: adm}\nrest: 3"
    with pytest.raises(InputErrors, match="5 problems") as caught:
        serial.from_yaml(text)
    assert {error.parameter for error in caught.value.errors} == {"engine.steps", "key", "engine.ema", "optimizer.name"}


@pytest.mark.parametrize(("text", "said"), [("- &a x\n- *a\n", "aliases"), ("a: 1\na: 2\n", "occurs twice"),
                                            ("x" * 101, "at most 100"), ("- [", "must be YAML")])
def test_other_yaml_is_read_as_strictly(text: str, said: str) -> None:
    assert serial.strict_yaml("- a\n- b: 1\n", "prompts", 100) == ["a", {"b": 1}]
    with pytest.raises(InputError, match=said):
        serial.strict_yaml(text, "prompts", 100)


def test_another_class_is_not_written() -> None:
    with pytest.raises(InputError, match="recipe class"):
        serial.to_yaml(Engine())


def _read(text: str) -> Any:
    """What is read, or None where it is refused as it should be."""
    try:
        return serial.from_yaml(text)
    except (InputError, InputErrors):
        return None


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read(text)
    _read(HEAD + text)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_NESTED = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SCALARS, inner, max_size=3), max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(leaves(PointsRecipe)), _NESTED)
def test_any_value_in_any_place_is_read_or_refused(leaf: Any, found: object) -> None:
    document = yaml.safe_load(serial.to_yaml(registry.recipe("ve-square")))
    place = document
    for name in leaf.path[:-1]:
        place = place[name]
    place[leaf.path[-1]] = found
    recipe = _read(yaml.safe_dump(document))
    if recipe is not None:
        assert serial.from_yaml(serial.to_yaml(recipe)) == recipe


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_text_that_was_altered_is_read_or_refused(data: st.DataObject) -> None:
    text = serial.to_yaml(registry.recipe("score-letters"))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    _read(text[:start] + data.draw(st.text(max_size=5)) + text[end:])


@pytest.mark.parametrize("text", ["off", "1e3", "null", "a: b", "#", "σ\n", "'", "é" * 50, "- x", "2001-01-01",
                                  "\ud800"])
def test_any_name_survives(text: str) -> None:
    recipe = replaced(registry.recipe("ve-square"), ("data", "text"), text)
    assert serial.from_yaml(serial.to_yaml(recipe)) == recipe


def test_what_a_class_keeps_for_itself_is_no_field() -> None:
    with pytest.raises(InputError, match="key = 'builder': must be a field of a recipe"):
        serial.from_yaml(HEAD + "builder: os:system")
