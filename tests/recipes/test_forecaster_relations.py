"""Rules between a forecaster's fields: each is told with the flag that mends it."""

from dataclasses import replace
from typing import Any

import pytest

from genloom.forecasting.attention.kinds import KINDS
from genloom.recipes import recipe, rules
from genloom.recipes.forecaster_relations import ANY_MASK, ATTENTIONS, CROSS, NOT_CAUSAL


def problems(**parts: dict[str, Any]) -> list[str]:
    whole = recipe("transformer-etth1")
    changed = {name: replace(getattr(whole, name), **fields) for name, fields in parts.items()}
    return [str(error) for error in rules.problems(replace(whole, **changed))]


def test_names_are_those_of_the_attention_kinds() -> None:
    assert tuple(KINDS) == ATTENTIONS
    assert tuple(name for name, kind in KINDS.items() if kind.cross) == CROSS
    assert tuple(name for name, kind in KINDS.items() if kind.masks) == ANY_MASK
    assert tuple(name for name, kind in KINDS.items() if not kind.causal) == NOT_CAUSAL


def test_what_is_right_has_no_problem() -> None:
    assert problems() == []
    assert problems(network={"attention": "performer"}) == []
    assert problems(network={"attention": "autocorrelation", "mask": "none", "cross": "autocorrelation"}) == []
    assert problems(data={"borders": "dates", "valid_from": "2017-06-26", "test_from": "2017-10-24"}) == []
    assert problems(network={"kind": "linear", "normalise": "last", "start": "ridge"}) == []
    assert problems(network={"kind": "periodic", "normalise": "mean", "start": "ridge", "cycle": 24, "blend": True,
                             "cycle_start": "profile", "constants": False}) == []


@pytest.mark.parametrize(("parts", "said", "remedy"), [
    ({"data": {"valid": 0.5, "test": 0.5}}, "data.test", "--data.test 0.2"),
    ({"data": {"valid_from": "2017-06-26"}}, "data.test_from", "--data.test-from"),
    ({"data": {"borders": "dates"}}, "data.valid_from", "--data.valid-from"),
    ({"network": {"width": 100, "heads": 8}}, "network.width", "--network.width 104"),
    ({"network": {"width": 15, "heads": 5}}, "network.width", "--network.width 16"),
    ({"window": {"label": 100}}, "window.label", "--window.label 48"),
    ({"network": {"kind": "patchtst", "patch": 4}}, "network.patch", "--network.patch 16 --network.stride 8"),
    ({"network": {"attention": "performr"}}, "network.attention", "did you mean 'performer'?"),
    ({"network": {"cross": "strided"}}, "network.cross", "must be one of"),
    ({"network": {"attention": "strided", "mask": "shuffled"}}, "network.mask", "--network.attention full"),
    ({"network": {"attention": "autocorrelation"}}, "network.mask", "--network.mask none"),
    ({"network": {"head": "quantiles", "levels": (0.1, 0.9)}}, "network.levels", "--network.levels 0.1 0.5 0.9"),
    ({"network": {"cycle": 1}}, "network.cycle", "--network.cycle 24"),
    ({"network": {"average": 24}}, "network.average", "--network.average 25"),
    ({"network": {"start": "ridge"}}, "network.start", "--network.start own"),
    ({"network": {"kind": "linear", "start": "ridge", "normalise": "instance"}}, "network.start", "own"),
    ({"network": {"cycle_start": "profile"}}, "network.cycle_start", "--network.cycle 24"),
    ({"network": {"kind": "linear", "cycle": 24, "blend": True}}, "network.blend", "--network.no-blend"),
    ({"network": {"kind": "periodic"}}, "network.cycle", "--network.cycle 24"),
    ({"network": {"constants": False}}, "network.constants", "--network.constants"),
    ({"network": {"attention": "strided", "mask": "recent"}}, "network.mask", "--network.attention full"),
])
def test_what_is_wrong_is_named_with_its_remedy(parts: dict[str, dict[str, Any]], said: str, remedy: str) -> None:
    (problem,) = problems(**parts)
    assert problem.startswith(said)
    assert remedy in problem
