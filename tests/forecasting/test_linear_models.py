"""Linear forecasts are the maps that they say, and start at the mean of the lookback."""

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.baselines import seasonal_mean
from genloom.forecasting.linear_models import DLinear, Linear, Periodic, moving_average


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
    with pytest.raises(InputError, match=r"network\.cycle"):
        Periodic(10, 6, 11)


@pytest.mark.parametrize("horizon", [3, 4, 11])
def test_cycles_start_at_their_mean(horizon: int) -> None:
    x = series()
    found = Periodic(10, horizon, 4, parameters=2).double()(x)
    assert found.shape == (4, horizon, 3, 2)
    torch.testing.assert_close(found[..., 0], seasonal_mean(x, horizon, 4, 2))
    assert not found[..., 1].any()


@pytest.mark.parametrize(("horizon", "places"), [(3, 3), (8, 4), (11, 3)])
def test_cycles_are_a_map_of_what_they_are_told(horizon: int, places: int) -> None:
    x, network = series(), Periodic(10, horizon, 4).double()
    torch.nn.init.normal_(network.weight)
    torch.nn.init.normal_(network.bias)
    y = network(x)[..., 0]
    given, wanted = network.pairs(x, y)
    assert given.shape == (4, 4, places * 3)
    mapped = (given.transpose(1, 2) @ network.weight[0].T + network.bias[0]).transpose(1, 2)
    torch.testing.assert_close(wanted, mapped)


def test_the_next_cycle_at_one_place_by_hand() -> None:
    x, network = torch.arange(8.0)[None, :, None], Periodic(8, 4, 4)
    network.start_at(torch.tensor([[1.0], [0.0], [0.0], [10.0]]), torch.tensor([100.0]), torch.zeros(0, 1))
    # the same place of the cycle before the last, ten times the mean of the last, and a constant
    assert network(x).flatten().tolist() == [0 + 55 + 100, 1 + 55 + 100, 2 + 55 + 100, 3 + 55 + 100]


@pytest.mark.parametrize("network", [Linear(8, 6, constants=False), Periodic(8, 6, 4, constants=False)])
def test_without_constants_the_other_sign_gives_the_other_sign(network: torch.nn.Module) -> None:
    x = torch.randn(2, 8, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(-x), -network(x))
    assert [name for name, weight in network.named_parameters() if weight.requires_grad] == ["weight"]


def test_a_start_sets_location_and_spread() -> None:
    network = Linear(3, 2, parameters=3)
    weight = torch.arange(6.0).view(3, 2)
    network.start_at(weight, torch.tensor([7.0, 8.0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    found = network(torch.tensor([1.0, 0.0, 1.0])[None, :, None])[0, :, 0]
    assert found.tolist() == [[4 + 7, 1, 3], [6 + 8, 2, 4]]
