"""S0.2: parts, windows, scaler, and nothing pretrained."""

from genloom.forecasting.layers import LayerShape
from genloom.forecasting.transformer import Transformer, TransformerShape
from genloom.studies.forecasting.parts import formula, parts


def test_the_item_is_whole_and_everything_agrees(tiny, check) -> None:
    answer = check(parts, tiny, formula=True)
    assert {result.status for result in answer.results} == {"pass"}
    assert [row[-1] for row in answer.tables[1].rows] == [result.value and f"{result.value:,}" for result in
                                                          answer.results if result.name.startswith("windows")]


def test_the_formula_counts_any_network() -> None:
    shape = TransformerShape(layers=3, decoder_layers=2, parameters=3, neighbours=False,
                             layer=LayerShape(width=24, heads=3, hidden=40))
    assert formula(shape) == sum(p.numel() for p in Transformer(shape).parameters())
