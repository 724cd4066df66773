"""One choice is changed at a time, on one budget, and all are judged alike."""

from dataclasses import replace

import pytest

from genloom.errors import NonFiniteError
from genloom.recipes import rules
from genloom.recipes.process import Schedule
from genloom.studies.context import Context
from genloom.studies.iclevr import ablation, work
from genloom.studies.iclevr.ablation import rows, small, table, variants


def test_each_variant_differs_from_the_recipe_in_one_choice_and_can_be_trained(tiny) -> None:
    found = variants(tiny)
    own = found["own"].recipe
    for name, each in found.items():
        rules.validate(each.recipe)
        assert each.recipe.engine == own.engine
        parts = ("schedule", "diffusion", "network")
        changed = [part for part in parts if getattr(each.recipe, part) != getattr(own, part)]
        assert len(changed) == (0 if name == "own" else 1), name
    assert {each.group for each in found.values()} == {"recipe", "schedule", "prediction", "conditioning"}
    assert "velocity-simple" not in found, "it is the recipe's own"
    assert own.engine.steps * own.engine.batch_size == 48


def test_a_recipe_without_a_table_has_its_predictions_tried_on_one(tiny, monkeypatch) -> None:
    base = work.ddpm_recipe(tiny)
    straight = replace(base, schedule=Schedule(kind="rectified"),
                       diffusion=replace(base.diffusion, prediction="flow", times="uniform", time_input="t"),
                       sampling=replace(base.sampling, sampler="ddim"))
    monkeypatch.setattr(ablation, "ddpm_recipe", lambda context: straight)
    found = variants(tiny)
    assert {each.recipe.schedule.kind for each in found.values() if each.group == "prediction"} == {"cosine"}
    for each in found.values():
        rules.validate(each.recipe)


def test_the_warm_up_of_a_short_training_is_short(tiny) -> None:
    base = work.ddpm_recipe(tiny)
    short = small(replace(base, optimizer=replace(base.optimizer, warmup=1000)), 3200)
    assert (short.engine.steps, short.optimizer.warmup) == (200, 20)


def test_a_training_that_breaks_off_is_told_and_left_out(tiny, monkeypatch) -> None:
    whole = [each.variant.said for each in rows(tiny, "schedule")]
    real = ablation.row
    monkeypatch.setattr(ablation, "row", lambda context, key: None if key == "schedule-linear" else real(context, key))
    assert [each.variant.said for each in rows(tiny, "schedule")] == [said for said in whole if said != "linear"]
    assert "linear" in ablation.broken(tiny, "schedule")
    assert ablation.broken(tiny, "conditioning") == ""
    monkeypatch.setattr(ablation, "row", lambda context, key: None)
    with pytest.raises(NonFiniteError):
        ablation.own(tiny)


def test_a_training_in_numbers_that_are_not_finite_has_no_row(tiny, monkeypatch) -> None:
    def run(self, recipe, name):
        raise NonFiniteError("step 7: the loss is nan")

    monkeypatch.setattr(Context, "run", run)
    assert ablation._row(tiny, "own") is None


def test_the_table_ends_in_the_linear_denoiser(tiny) -> None:
    found = rows(tiny, "conditioning")
    made = table(tiny, found, "Both.")
    assert [line[0] for line in made.rows] == ["the recipe", "the sum of the labels alone", "best linear denoiser"]
    assert {result.name for result in ablation.results(tiny, found)} >= {"error of x̂0: the recipe"}
    assert "48 pictures" in ablation.budget(tiny)
