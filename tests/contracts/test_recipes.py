"""What every registered recipe must be, at every tier; a new one joins by being registered."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from genloom.cli import runs
from genloom.cli.asked import asked
from genloom.errors import NotHere
from genloom.recipes import SampleRequest, build, from_yaml, recipe, registry, rules, to_yaml
from genloom.recipes.fields import leaves
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen

TINY = {
    "points": ["--data.count", "64", "--network.width", "8", "--network.depth", "2", "--sampling.steps", "20",
               "--evaluation.samples", "16", "--evaluation.seeds", "1", "--evaluation.permutations", "9",
               "--evaluation.loss-points", "64", "--engine.batch-size", "0", "--engine.no-tensorboard"],
    "images": ["--data.source", "shapes", "--data.channels", "3", "--data.size", "8", "--network.width", "4",
               "--network.multipliers", "1", "2", "--network.blocks", "1", "--network.attention", "4",
               "--network.heads", "1", "--sampling.steps", "2", "--evaluation.samples", "8",
               "--evaluation.features", "pixels", "--engine.batch-size", "8", "--engine.no-tensorboard"],
    "gan-points": ["--data.count", "64", "--network.width", "8", "--network.depth", "2", "--evaluation.samples", "16",
                   "--evaluation.seeds", "1", "--evaluation.permutations", "9", "--engine.batch-size", "8",
                   "--engine.no-tensorboard"],
    "autoencoder": ["--data.source", "shapes", "--data.size", "8", "--network.width", "4", "--network.multipliers", "1",
                    "2", "--network.blocks", "1", "--evaluation.samples", "8", "--evaluation.features", "pixels",
                    "--engine.batch-size", "8", "--engine.no-tensorboard"],
    "classifier": ["--data.source", "shapes", "--data.channels", "3", "--data.size", "8", "--network.width", "4",
                   "--network.multipliers", "1", "2", "--evaluation.samples", "16", "--evaluation.levels", "3",
                   "--evaluation.level-samples", "8", "--engine.batch-size", "8", "--engine.no-tensorboard"],
    "evaluator": ["--data.source", "scenes", "--data.scenes", "8", "--data.size", "16", "--network.width", "4",
                  "--network.blocks", "1", "1", "--evaluation.samples", "16", "--engine.batch-size", "8",
                  "--engine.no-tensorboard"],
    "inpainting": ["--data.source", "shapes", "--data.size", "16", "--network.width", "4", "--network.multipliers", "1",
                   "2", "--network.attention", "8", "--discriminator.width", "4", "--discriminator.layers", "1",
                   "--evaluation.samples", "8", "--evaluation.features", "pixels", "--engine.batch-size", "8",
                   "--engine.no-tensorboard"],
    "gan": ["--data.source", "shapes", "--data.channels", "3", "--data.size", "32", "--evaluation.samples", "12",
            "--evaluation.quick", "12", "--evaluation.features", "pixels", "--engine.batch-size", "4",
            "--engine.no-tensorboard"],
    "gpt": ["--data.text", "python-docs", "--tokenizer.kind", "characters", "--network.width", "8", "--network.blocks",
            "1", "--network.heads", "2", "--network.context", "16", "--generation.tokens", "20", "--engine.batch-size",
            "8", "--engine.accumulate", "1", "--engine.no-tensorboard"],
    "forecaster": ["--data.source", "transformer", "--data.hours", "400", "--data.borders", "ratio",
                   "--window.lookback", "24", "--window.horizon", "6", "--window.label", "8", "--network.width",
                   "8", "--network.heads", "2", "--network.hidden", "8", "--evaluation.windows", "8",
                   "--evaluation.draws", "100", "--engine.batch-size", "4", "--engine.no-tensorboard"],
}
"""Flags that make a recipe of each family small enough to train in a test."""

SCENES = ["--data.source", "scenes", "--data.scenes", "8", "--network.width", "4", "--engine.batch-size", "4",
          "--evaluation.features", "pixels", "--engine.no-tensorboard"]
OTHER = {"ddpm-iclevr": [*SCENES, "--data.size", "16", "--network.patch", "4", "--network.blocks", "1",
                         "--network.heads", "1", "--sampling.steps", "2", "--evaluation.samples", "8"],
         "gan-iclevr": [*SCENES, "--loss.evaluator", "", "--evaluation.samples", "12", "--evaluation.quick", "12"]}
"""The same of recipes whose data are others than their family's."""


def tiny(name: str) -> list[str]:
    """The flags of a recipe."""
    return OTHER.get(name, TINY[registry.family_of(recipe(name))])


each = pytest.mark.parametrize(("name", "tier"), [(name, tier) for name in registry.RECIPES for tier in registry.TIERS])


def _dataclasses_in(tree: Any) -> list[Any]:
    inner = [getattr(tree, field.name) for field in dataclasses.fields(tree)]
    return [tree, *(found for part in inner if dataclasses.is_dataclass(part) for found in _dataclasses_in(part))]


@each
def test_frozen_and_by_keyword_only(name: str, tier: str) -> None:
    for part in _dataclasses_in(recipe(name, tier)):
        assert part.__dataclass_params__.frozen
        assert all(field.kw_only for field in dataclasses.fields(part))
        assert hash(part) is not None


@each
def test_valid_and_the_same_after_yaml(name: str, tier: str) -> None:
    whole = recipe(name, tier)
    rules.validate(whole)
    assert from_yaml(to_yaml(whole)) == whole


@each
def test_it_names_its_family_and_its_builder(name: str, tier: str) -> None:
    whole = recipe(name, tier)
    assert registry.family_of(whole) in TINY
    module, _, builder = type(whole).builder.partition(":")
    assert module
    assert builder


@pytest.mark.parametrize("name", registry.RECIPES)
def test_every_field_is_a_flag_with_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        asked([name, "--help"])
    said = " ".join(capsys.readouterr().out.translate(dict.fromkeys(map(ord, "│╭╮╰╯─"), " ")).split())
    for leaf in leaves(type(recipe(name))):
        if len(leaf.path) == 1:
            assert leaf.name in ("name", "summary"), "a recipe's own values stand in its parts"
            continue
        assert leaf.help, f"{leaf.name} has no string under it"
        assert f"{rules.flag(leaf)} " in said or f"{rules.flag(leaf)}, " in said
        assert leaf.help in said


@pytest.mark.parametrize("name", registry.RECIPES)
def test_its_modules_need_no_torch(name: str) -> None:
    code = (f"import sys\nfrom genloom.recipes import recipe\nrecipe({name!r})\n"
            "sys.exit(any(m in sys.modules for m in ('torch', 'numpy', 'tyro')))")
    subprocess.run([sys.executable, "-c", code], check=True)


@each
def test_it_builds_trains_and_samples(name: str, tier: str, tmp_path: Path) -> None:
    small = asked([name, "--tier", tier, "--steps", "2", *tiny(name)]).recipe
    experiment = build(small)
    assert experiment.facts()[0][0] == "data"
    run = RunFolder.create(tmp_path / "run", to_yaml(small), ["genloom"], {})
    fit(dataclasses.replace(experiment.job(), judge=None, draw=None), run, screen=Screen("quiet"))
    assert run.status["state"] == "finished"
    made = runs.with_weights(run, build(runs.recipe_of(run)))
    (tmp_path / "samples").mkdir()
    if not registry.draws(small):
        with pytest.raises(NotHere, match="genloom"):
            made.experiment.sample(made.networks, SampleRequest(count=5), tmp_path / "samples", {})
        return
    paths = made.experiment.sample(made.networks, SampleRequest(count=5), tmp_path / "samples",
                                   runs.provenance(made, 0, "genloom"))
    assert paths
    for path in paths:
        assert path.is_file()
        if path.suffix == ".png":
            assert runs.read_picture(path)["recipe"] == name
