"""Recipes are found by name, without torch."""

import subprocess
import sys

import pytest

from genloom.errors import UnknownName
from genloom.recipes import registry


def test_every_recipe_bears_its_own_name_and_summary() -> None:
    for name, entry in registry.RECIPES.items():
        for tier in registry.TIERS:
            recipe = registry.recipe(name, tier)
            assert (recipe.name, recipe.summary) == (name, entry.summary)


def test_tiers_differ() -> None:
    for name in registry.RECIPES:
        assert registry.recipe(name, "laptop") != registry.recipe(name, "gpu")


@pytest.mark.parametrize(("name", "tier", "said"), [
    ("ve-sqare", "laptop", "did you mean 've-square'"), ("ve-square", "lap", "did you mean 'laptop'"),
    ("zzz", "laptop", "score-letters, .*, ve-square, ve-square-classes$")])
def test_an_unknown_name_gets_a_suggestion(name: str, tier: str, said: str) -> None:
    with pytest.raises(UnknownName, match=said):
        registry.recipe(name, tier)


def test_families_and_back() -> None:
    for name in registry.RECIPES:
        recipe = registry.recipe(name)
        assert registry.family(registry.family_of(recipe)) is type(recipe)
    with pytest.raises(UnknownName, match="points"):
        registry.family("point")
    with pytest.raises(UnknownName):
        registry.family_of(3)


def test_recipes_need_no_torch() -> None:
    code = ("import sys\nfrom genloom.recipes import from_yaml, recipe, registry, to_yaml, validate\n"
            "for name in registry.RECIPES: validate(from_yaml(to_yaml(recipe(name))))\n"
            "print([m for m in ('torch', 'numpy', 'rich', 'matplotlib', 'tyro') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_classifier_draws_nothing_and_all_others_do() -> None:
    assert not registry.draws(registry.recipe("digit-classifier"))
    assert registry.draws(registry.recipe("ve-square"))
