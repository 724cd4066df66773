"""Linear forecasts are the maps that they say, and start at the mean of the lookback."""

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.linear_models import DLinear, Linear, moving_average


def series() -> torch.Tensor:
    return torch.randn(4, 10, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("each", [0, 3])
def test_it_starts_at_the_mean_of_the_lookback(each: int) -> None:
    x = series()
    found = Linear(10, 6, parameters=2, each=each).double()(x)
    assert found.shape == (4, 6, 3, 2)
    torch.testing.assert_close(found[..., 0], x.mean(1, keepdim=True).expand(4, 6, 3))
    assert not found[..., 1].any()


@pytest.mark.parametrize("each", [0, 3])
def test_it_is_a_matrix_of_time_and_a_shift(each: int) -> None:
    x, network = series(), Linear(10, 6, parameters=2, each=each).double()
    torch.nn.init.normal_(network.weight)
    torch.nn.init.normal_(network.bias)
    found = network(x)
    for c in range(3):
        k = c if each else 0
        for p in range(2):
            torch.testing.assert_close(found[:, :, c, p], x[:, :, c] @ network.weight[k, p].T + network.bias[k, p])


def test_dlinear_maps_a_trend_and_what_is_left() -> None:
    x, network = series(), DLinear(10, 6, window=3).double()
    torch.nn.init.normal_(network.trend.weight)
    torch.nn.init.normal_(network.rest.weight)
    trend = moving_average(x, 3)
    expected = network.trend.weight[0, 0] @ trend + network.rest.weight[0, 0] @ (x - trend)
    torch.testing.assert_close(network(x)[..., 0], expected)
    torch.testing.assert_close(DLinear(10, 6, window=3).double()(x)[..., 0], x.mean(1, keepdim=True).expand(4, 6, 3))


def test_a_line_is_its_own_moving_average_inside() -> None:
    line = torch.arange(20.0)[None, :, None]
    torch.testing.assert_close(moving_average(line, 5)[:, 2:-2], line[:, 2:-2])
    assert moving_average(line, 5)[0, 0, 0] == pytest.approx((0 + 0 + 0 + 1 + 2) / 5)


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(InputError, match=r"network.window"):
        DLinear(10, 6, window=4)
    with pytest.raises(InputError, match="at least 1"):
        Linear(0, 6)
