"""The Transformer whose attention is written out is the same function."""

import pytest
import torch

from genloom.benchmarks.forecasting_layers import Materialised, WrittenOut, materialised
from genloom.forecasting.layers import LayerShape
from genloom.forecasting.transformer import Transformer, TransformerShape

SHAPE = TransformerShape(channels=3, marks=2, lookback=10, horizon=7, label=4, decoder_layers=2,
                         layer=LayerShape(width=16, heads=4, hidden=24, dropout=0.0))


def told() -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(1)
    return tuple(torch.randn(2, *size, generator=random) for size in ((10, 3), (10, 2), (7, 2)))


def test_the_same_weights_give_the_same_forecasts_and_gradients() -> None:
    network = Transformer(SHAPE)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    made = materialised(network)
    mine, theirs = network(*told()), made(*told())
    torch.testing.assert_close(theirs, mine, rtol=1e-4, atol=1e-4)
    mine.square().mean().backward()
    theirs.square().mean().backward()
    torch.testing.assert_close(made.output.weight.grad, network.output.weight.grad, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(made.encoder[0].expand.weight.grad[..., 0], network.encoder[0].feed.first.weight.grad,
                               rtol=1e-3, atol=1e-5)


def test_it_has_as_many_parameters() -> None:
    count = sum(p.numel() for p in Transformer(SHAPE).parameters())
    assert sum(p.numel() for p in Materialised(SHAPE).parameters()) == count


@pytest.mark.parametrize("causal", [False, True])
def test_attention_hides_what_is_later_where_it_is_causal(causal: bool) -> None:
    made = WrittenOut(8, 2, 0.0, causal=causal)
    x = torch.randn(1, 6, 8, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, 4:] += 1
    change = (made(other, other) - made(x, x))[:, :4].abs().max()
    assert (float(change.detach()) == 0) is causal
