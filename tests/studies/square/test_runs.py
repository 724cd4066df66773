from genloom.recipes.registry import recipe
from genloom.studies.context import Context
from genloom.studies.square import runs


def test_both_runs_are_the_recipes_at_the_tier_and_seed_of_the_study(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(runs, "recipe", recipe)
    monkeypatch.setattr(Context, "run", lambda self, found, name: asked.append((found, name)))
    context = Context(folder=tmp_path, study="square", tier="gpu", seed=7)
    runs.unconditional(context)
    runs.conditional(context)
    assert [(found.name, name) for found, name in asked] == [("ve-square",) * 2, ("ve-square-classes",) * 2]
    assert all(found.engine.seed == 7 and found.network.width == 512 for found, _ in asked)
