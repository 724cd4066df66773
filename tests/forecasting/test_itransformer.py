"""iTransformer has channels for tokens: their order does not matter, and their attention can be looked at."""

import torch

from genloom.forecasting.itransformer import InvertedShape, ITransformer
from genloom.forecasting.layers import LayerShape


def small() -> ITransformer:
    torch.manual_seed(0)
    return ITransformer(InvertedShape(lookback=12, horizon=6, parameters=2, layers=2,
                                      layer=LayerShape(width=8, heads=2, hidden=16))).double().eval()


def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    return tuple(torch.randn(*shape, generator=random, dtype=torch.float64) for shape in ((4, 12, 3), (4, 12, 2),
                                                                                          (4, 6, 2)))


def test_an_order_of_channels_is_the_order_of_their_forecasts() -> None:
    (x, x_marks, y_marks), network = batch(), small()
    whole = network(x, x_marks, y_marks)
    assert whole.shape == (4, 6, 3, 2)
    torch.testing.assert_close(network(x[:, :, [2, 0, 1]], x_marks, y_marks), whole[:, :, [2, 0, 1]], rtol=0,
                               atol=1e-12)


def test_channels_see_one_another_and_the_calendar() -> None:
    (x, x_marks, y_marks), network = batch(), small()
    whole, other, later = network(x, x_marks, y_marks), x.clone(), x_marks.clone()
    other[:, 3, 1] += 1
    later[:, 3, 1] += 1
    assert (network(other, x_marks, y_marks) - whole).abs().amax((0, 1, 3)).min() > 1e-9
    assert (network(x, later, y_marks) - whole).abs().amax((0, 1, 3)).min() > 1e-9


def test_it_can_be_looked_at() -> None:
    found = small().look(*batch())["channels"]
    assert [w.shape for w in found] == [(4, 2, 5, 5)] * 2
