"""Attention replaced: what each stand-in gives, and that nothing of it stays."""

import pytest
import torch
from torch import nn

from genloom.errors import UnknownName
from genloom.forecasting.ablation import ABLATIONS, ablated
from genloom.forecasting.attending import Attending
from genloom.forecasting.masks import make_mask


class Net(nn.Module):
    def __init__(self, attending: Attending) -> None:
        super().__init__()
        self.attending = attending

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attending(x, x, x)  # type: ignore[no-any-return]


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(3, 2, 6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_uniform_is_the_mean_of_what_may_be_seen(x: torch.Tensor) -> None:
    with ablated(Net(Attending()), "uniform"):
        pass
    for attending, wanted in ((Attending(), x.mean(2, keepdim=True).expand_as(x)),
                              (Attending(causal=True), x.cumsum(2) / torch.arange(1, 7)[:, None])):
        net = Net(attending)
        with ablated(net, "uniform"):
            torch.testing.assert_close(net(x), wanted)
    net = Net(Attending(seen=make_mask("shuffled", 6, 6)))
    with ablated(net, "uniform"):
        seen = net.attending.seen
        assert seen is not None
        torch.testing.assert_close(net(x)[:, :, 0], x[:, :, seen[0]].mean(2))


def test_mean_weights_are_alike_for_all_windows(x: torch.Tensor) -> None:
    net = Net(Attending())
    weights = net.attending.weights(x, x).mean(0)
    with ablated(net, "mean"):
        torch.testing.assert_close(net(x), weights @ x)


def test_foreign_weights_are_those_of_another_window(x: torch.Tensor) -> None:
    net = Net(Attending(causal=True))
    with ablated([net.attending], "foreign"):
        found = net(x)
    torch.testing.assert_close(found[1], net.attending.weights(x[:1], x[:1])[0] @ x[1])


@pytest.mark.parametrize("by", ABLATIONS)
def test_afterwards_all_is_as_before(x: torch.Tensor, by: str) -> None:
    net = Net(Attending())
    before = net(x)
    with ablated(net, by):  # type: ignore[arg-type]
        assert not torch.allclose(net(x), before)
    assert torch.equal(net(x), before)
    with pytest.raises(UnknownName), ablated(net, "other"):  # type: ignore[arg-type]
        pass
