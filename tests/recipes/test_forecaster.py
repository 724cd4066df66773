"""The recipes of forecasters: their tiers, and what each of them is."""

import pytest

from genloom.errors import InputError, InputErrors
from genloom.recipes import from_yaml, recipe, registry, rules, to_yaml

NAMES = [name for name in registry.RECIPES if registry.family_of(recipe(name)) == "forecaster"]


def test_the_published_settings_of_the_transformer_are_those_of_the_gpu_tier() -> None:
    whole = recipe("transformer-etth1", "gpu")
    network, window = whole.network, whole.window
    assert (network.width, network.heads, network.hidden) == (512, 8, 2048)
    assert (network.layers, network.decoder_layers) == (2, 1)
    assert (window.lookback, window.label, window.horizon) == (96, 48, 720)
    assert (whole.optimizer.lr, whole.engine.batch_size, whole.engine.steps) == (1e-4, 32, 2440)
    assert (network.normalise, network.norm_first, network.mask, network.decoder) == ("none", False, "causal",
                                                                                      "one-shot")


def test_kinds_of_attention_differ_in_nothing_else() -> None:
    base = recipe("transformer-etth1")
    for name, kind in (("performer", "performer"), ("sparse", "strided")):
        other = recipe(f"transformer-etth1-{name}")
        assert other.network.attention == kind
        assert [each for each, _, _ in registry_differences(other, base)] == ["name", "summary", "network.attention"]


def registry_differences(mine: object, theirs: object) -> list[tuple[str, object, object]]:
    from genloom.recipes.fields import differences

    return differences(mine, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_chooses_by_validation_and_may_end_early(name: str) -> None:
    engine = recipe(name).engine
    assert 0 < engine.evaluate_every <= engine.steps
    assert engine.patience > 0


def test_a_recipe_goes_to_text_and_back_with_columns_and_levels() -> None:
    from dataclasses import replace

    whole = recipe("forecaster")
    whole = replace(whole, data=replace(whole.data, csv="a.csv", channels=("oil", "load")),
                    network=replace(whole.network, levels=(0.1, 0.5, 0.9)))
    assert from_yaml(to_yaml(whole)) == whole


def test_wrong_values_are_all_told_at_once() -> None:
    text = to_yaml(recipe("forecaster")).replace("horizon: 48", "horizon: 0").replace("valid: 0.1", "valid: 1.5")
    with pytest.raises(InputErrors, match=r"window\.horizon.*|data\.valid.*"):
        from_yaml(text)
    with pytest.raises(InputError, match=r"network\.dropout"):
        rules.validate(from_yaml(to_yaml(recipe("forecaster")).replace("dropout: 0.0", "dropout: 1.0")))
