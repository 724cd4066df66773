"""A forecaster: its network never sees level, scale or cycle, and its forecast has them."""

import pytest
import torch
from torch import Tensor, nn

from genloom.forecasting.cycle import Cycle, phases
from genloom.forecasting.forecaster import Forecaster
from genloom.forecasting.heads import HEADS, make_head
from genloom.forecasting.linear_models import Linear
from genloom.forecasting.revin import InstanceNorm
from genloom.forecasting.transformer import Transformer, TransformerShape

L, H, C = 24, 8, 2


class Seen(nn.Module):
    """Keeps what it is asked and answers 0."""

    def __init__(self, parameters: int = 1) -> None:
        super().__init__()
        self.count = parameters

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None) -> Tensor:
        self.x, self.x_marks, self.y = x, x_marks, y
        return x.new_zeros(len(x), H, C, self.count)


def wave(start: int, length: int, period: int = 6) -> Tensor:
    steps = torch.arange(start, start + length) % period
    return steps.double()[None, :, None].expand(3, -1, C)


def marks(start: int, length: int, period: int = 6) -> Tensor:
    told = torch.zeros(3, length, 1).double()
    return torch.cat((told, phases(torch.arange(start, start + length), period).double()[None, :, None]
                      .expand(3, -1, 1)), 2)


def test_a_known_cycle_is_taken_off_and_put_back() -> None:
    cycle = Cycle(6, C).double()
    with torch.no_grad():
        cycle.values[:] = torch.arange(6.0)[:, None]
    network = Seen()
    forecaster = Forecaster(network, make_head("point"), None, cycle)
    forecast = forecaster(wave(4, L), marks(4, L), marks(4 + L, H), wave(4 + L, H))
    assert not network.x.any()
    assert not network.y.any()
    assert network.x_marks.shape[2] == 1
    torch.testing.assert_close(forecast, wave(4 + L, H))


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("cycle", [False, True])
def test_level_and_scale_go_through(head: str, cycle: bool) -> None:
    """y(a x + b) = a y(x) + b, for a > 0, of every part of a forecast."""
    made = make_head(head)
    torch.manual_seed(0)
    ring = Cycle(6, C).double() if cycle else None
    if ring is not None:
        nn.init.normal_(ring.values)
    network = Linear(L, H, parameters=made.parameters).double()
    nn.init.normal_(network.weight)
    forecaster = Forecaster(network, made, InstanceNorm("instance"), ring).double()
    x = torch.randn(3, L, C).double()
    plain, moved = (made.point(forecaster(each, marks(0, L), marks(L, H))) for each in (x, 5 * x + 7))
    torch.testing.assert_close(moved, 5 * plain + 7, rtol=1e-4, atol=1e-4)


def test_the_truth_that_a_decoder_is_given_is_on_the_scale_of_the_window() -> None:
    network, x = Seen(), 100 + torch.randn(3, L, C).double()
    forecaster = Forecaster(network, make_head("point"), InstanceNorm("last"))
    forecaster(x, marks(0, L), marks(L, H), x[:, -1:].expand(3, H, C))
    assert not network.y.any()


def test_it_can_be_looked_at_where_its_network_can() -> None:
    assert Forecaster(Seen(), make_head("point")).look(wave(0, L), marks(0, L), marks(L, H)) == {}
    from genloom.forecasting.layers import LayerShape

    shape = TransformerShape(channels=C, marks=1, lookback=L, horizon=H, label=4, layer=LayerShape(width=8, heads=2,
                                                                                                  hidden=8))
    forecaster = Forecaster(Transformer(shape), make_head("point"), InstanceNorm("instance"), Cycle(6, C)).double()
    found = forecaster.look(wave(0, L), marks(0, L), marks(L, H))
    assert set(found) == {"encoder", "decoder", "cross"}
    assert not found["encoder"][0].requires_grad


def test_what_is_said_in_half_precision_is_put_on_its_level_in_float32() -> None:
    """2000 + .125 needs more bits than bfloat16 has."""
    x = (2000 + torch.randn(3, L, C)).float()

    class Half(Seen):
        def forward(self, *args: Tensor) -> Tensor:
            return super().forward(*args).bfloat16() + 0.125

    found = Forecaster(Half(), make_head("point"), InstanceNorm("last"))(x, marks(0, L), marks(L, H), None)
    torch.testing.assert_close(found, (x[:, -1:] + 0.125).expand_as(found), rtol=0, atol=2e-4)


def test_what_a_network_sees_is_what_it_is_fitted_to() -> None:
    cycle = Cycle(6, C, torch.randn(6, C, generator=torch.Generator().manual_seed(1)))
    network = Seen()
    forecaster = Forecaster(network, make_head("point"), InstanceNorm("mean"), cycle).double()
    x, y = (torch.randn(3, rows, C, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
            for rows in (L, H))
    batch = {"x": x, "y": y, "x_marks": marks(0, L), "y_marks": marks(L, H)}
    inner, wanted = forecaster.seen(batch)
    forecast = forecaster(x, batch["x_marks"], batch["y_marks"])
    torch.testing.assert_close(network.x, inner)
    torch.testing.assert_close(y - forecast, wanted)  # the network answers 0, and what is wanted is the rest
