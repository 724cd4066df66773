"""The Transformer of torch's own layers is the same function."""

from dataclasses import replace

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.layers import LayerShape
from genloom.forecasting.transformer import Transformer, TransformerShape
from genloom.studies.forecasting.written import Layered, layered

SHAPE = TransformerShape(channels=3, marks=2, lookback=10, horizon=7, label=4, decoder_layers=2, parameters=2,
                         layer=LayerShape(width=16, heads=4, hidden=24))


def told(shape: TransformerShape) -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(1)
    return tuple(torch.randn(2, *size, generator=random) for size in (
        (shape.lookback, shape.channels), (shape.lookback, shape.marks), (shape.horizon, shape.marks)))


@pytest.mark.parametrize("shape", [SHAPE, replace(SHAPE, layer=replace(SHAPE.layer, norm_first=True)),
                                   replace(SHAPE, layer=replace(SHAPE.layer, activation="gelu"))])
def test_the_same_weights_give_the_same_forecasts(shape: TransformerShape) -> None:
    network = Transformer(shape).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    with torch.no_grad():
        torch.testing.assert_close(layered(network).eval()(*told(shape)), network(*told(shape)), rtol=1e-4, atol=1e-4)


def test_it_has_as_many_parameters_and_they_are_its_own() -> None:
    network = Transformer(SHAPE)
    made = layered(network)
    assert sum(p.numel() for p in made.parameters()) == sum(p.numel() for p in network.parameters())
    with torch.no_grad():
        made.output.weight.zero_()
    assert network.output.weight.abs().max() > 0


def test_all_of_it_is_trained() -> None:
    made = Layered(SHAPE)
    made(*told(SHAPE)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for name, parameter in
               made.named_parameters() if "in_proj_bias" not in name)


def test_what_it_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="one-shot"):
        layered(Transformer(replace(SHAPE, decoder="autoregressive")))
