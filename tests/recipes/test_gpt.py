"""Recipes of language models: sizes as their summaries say, and rules between fields."""

from dataclasses import replace

import pytest

from genloom.data.text.corpus import NAMES
from genloom.errors import InputError
from genloom.nn.gpt import GPT, GPTShape
from genloom.recipes import recipe, rules
from genloom.recipes.gpt import TEXTS, Data


def test_the_names_of_texts_are_those_that_are_known() -> None:
    assert TEXTS == NAMES


@pytest.mark.parametrize(("name", "millions"), [("gpt", 2.88), ("gpt-nano", 0.187), ("gpt-alice", 2.88),
                                                ("gpt2", 124.44)])
def test_the_sizes_are_those_of_the_summaries(name: str, millions: float) -> None:
    import torch

    chosen = recipe(name)
    vocabulary = 50257 if chosen.tokenizer.kind == "gpt2" else chosen.tokenizer.vocabulary
    with torch.device("meta"):
        network = GPT(GPTShape(vocabulary=vocabulary, context=chosen.network.context, width=chosen.network.width,
                               blocks=chosen.network.blocks, heads=chosen.network.heads))
    assert network.parameters_count / 1e6 == pytest.approx(millions, rel=5e-3)


GPT_RECIPE = recipe("gpt")


@pytest.mark.parametrize(("parts", "name"), [
    ({"network": replace(GPT_RECIPE.network, heads=7)}, "network.width"),
    ({"network": replace(GPT_RECIPE.network, width=18, heads=6, positions="rotary")}, "network.positions"),
    ({"data": Data(stride=65)}, "data.stride"),
    ({"evaluation": replace(GPT_RECIPE.evaluation, stride=65)}, "evaluation.stride"),
    ({"data": Data(valid=0.3, test=0.3)}, "data.valid"),
    ({"data": Data(valid=0.0)}, "engine.patience"),
    ({"data": Data(test=0.0)}, "data.test"),
])
def test_what_cannot_be_is_refused_with_a_remedy(parts: dict[str, object], name: str) -> None:
    with pytest.raises(InputError) as caught:
        rules.validate(replace(GPT_RECIPE, **parts))
    assert caught.value.parameter == name
    assert caught.value.remedy.startswith("pass --")
