from genloom.studies.context import Context
from genloom.studies.square import runs


def test_both_runs_are_the_recipes_at_the_tier_and_seed_of_the_study(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(Context, "run", lambda self, recipe, name: asked.append((recipe, name)))
    context = Context(folder=tmp_path, study="square", tier="gpu", seed=7)
    runs.unconditional(context)
    runs.conditional(context)
    assert [(recipe.name, name) for recipe, name in asked] == [("ve-square",) * 2, ("ve-square-classes",) * 2]
    assert all(recipe.engine.seed == 7 and recipe.network.width == 512 for recipe, _ in asked)
