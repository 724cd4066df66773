"""`genloom list`: everything that can be named, one line each."""

import json

import pytest

from genloom.cli.entry import main
from genloom.recipes import pretrained
from genloom.recipes.registry import RECIPES, STUDIES
from genloom.recipes.relations import SAMPLERS


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, str]]:
    assert main(["list", *words, "--json"]) == 0
    found: dict[str, dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def test_recipes_studies_and_models(capsys: pytest.CaptureFixture[str]) -> None:
    everything = listed(capsys)
    assert set(everything) == {"recipes", "studies", "models"}
    assert set(everything["recipes"]) == set(RECIPES)
    assert listed(capsys, "studies") == {"studies": {name: entry.summary for name, entry in STUDIES.items()}}


def test_models_that_come_with_genloom(capsys: pytest.CaptureFixture[str]) -> None:
    models = listed(capsys, "models")["models"]
    assert set(models) == set(pretrained.names())
    assert models["evaluator-iclevr-a"] == RECIPES["evaluator-iclevr"].summary


def test_samplers(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(listed(capsys, "samplers")["samplers"]) == set(SAMPLERS)


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, entry in {**RECIPES, **STUDIES}.items():
        assert any(line.split()[:1] == [name] and entry.summary in line for line in lines)
