"""One choice is changed at a time, on one budget, and all are judged alike."""

from dataclasses import replace

import pytest
import torch

from genloom.recipes import rules
from genloom.recipes.process import Schedule
from genloom.studies.iclevr import ablation, work
from genloom.studies.iclevr.ablation import RATIOS, levels, linear_errors, relative, row, rows, small, table, variants


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


def test_levels_have_the_ratios_whatever_the_schedule(tiny) -> None:
    for each in rows(tiny, "schedule"):
        found = [float(level.sigma) / float(level.alpha) for level in levels(each.run.experiment)]
        assert found == pytest.approx(RATIOS, rel=1e-6)


def test_errors_are_those_of_x0_and_the_linear_denoiser_s_fall_with_the_noise(tiny) -> None:
    known, found = linear_errors(tiny), row(tiny, "own")
    assert list(known[:9]) == sorted(known[:9]), "more noise, more error, until hardly any signal is left"
    there = ablation.kept(found.run.experiment)
    spread = float(there.x0.double().var())
    assert known[-1] < spread
    assert found.errors == ablation.errors(tiny, found.run.experiment, found.run)
    assert torch.equal(there.sets, work.labels_of(work.pictures(tiny).kept)[: len(there.x0)])


def test_relative_errors_are_of_roots_and_equal_ones_are_1() -> None:
    known = (1.0, 4.0, 9.0)
    assert relative(known, known) == 1
    assert relative((4.0, 16.0, 36.0), known) == pytest.approx(2)
    assert relative((4.0, 4.0, 9.0), known, slice(1, 3)) == 1


def test_the_table_ends_in_the_linear_denoiser(tiny) -> None:
    found = rows(tiny, "conditioning")
    made = table(tiny, found, "Both.")
    assert [line[0] for line in made.rows] == ["the recipe", "the sum of the labels alone", "best linear denoiser"]
    assert {result.name for result in ablation.results(tiny, found)} >= {"error of x̂0: the recipe"}
    assert "48 pictures" in ablation.budget(tiny)
