"""The encoder looks both ways, at what may be seen, and knows of a grid the ways between its places."""

import pytest
import torch
from safetensors.torch import load, save

from genloom.errors import InputError
from genloom.nn.encoder import Encoder, EncoderShape

SHAPE = EncoderShape(width=8, blocks=2, heads=2)


def made(grid: tuple[int, int] | None = None) -> Encoder:
    """An encoder in which no layer is near 0."""
    torch.manual_seed(0)
    network = Encoder(SHAPE, grid).double()
    for name, parameter in network.named_parameters():
        if "bias" not in name:
            torch.nn.init.normal_(parameter, std=0.5)
    return network


def vectors(places: int = 6) -> torch.Tensor:
    return torch.randn(3, places, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_without_a_grid_the_order_makes_no_difference() -> None:
    network, h = made(), vectors()
    order = torch.tensor([3, 0, 5, 1, 2, 4])
    torch.testing.assert_close(network(h[:, order]), network(h)[:, order], rtol=0, atol=1e-12)


def test_with_a_grid_it_does_and_only_by_the_ways_between_places() -> None:
    """The same window one column further in a wider grid gives the same vectors."""
    network, h = made((2, 3)), vectors()
    order = torch.tensor([3, 0, 5, 1, 2, 4])
    assert not torch.allclose(network(h[:, order]), network(h)[:, order], atol=1e-3)
    wide = made((2, 4))
    places = torch.arange(8).view(2, 4)
    found = []
    for first in (0, 1):
        seen = torch.zeros(3, 8, dtype=torch.bool)
        seen[:, places[:, first : first + 3].flatten()] = True
        whole = torch.zeros(3, 8, 8, dtype=torch.float64)
        whole[seen] = h.flatten(0, 1)
        found.append(wide(whole, seen)[seen])
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("grid", [None, (2, 3)])
def test_what_is_not_seen_changes_nothing(grid: tuple[int, int] | None) -> None:
    network, h = made(grid), vectors()
    seen = torch.tensor([[True, True, False, True, False, True]]).expand(3, 6)
    other = h.clone()
    other[:, [2, 4]] *= -1
    torch.testing.assert_close(network(h, seen)[seen], network(other, seen)[seen], rtol=0, atol=1e-12)
    assert not torch.allclose(network(h)[seen], network(other)[seen], atol=1e-3)


@pytest.mark.parametrize("grid", [None, (2, 3)])
def test_every_vector_looks_at_every_other(grid: tuple[int, int] | None) -> None:
    network = made(grid)
    jacobian = torch.autograd.functional.jacobian(lambda h: network(h)[0], vectors()[:1])
    assert (jacobian.abs().sum((1, 2, 4)) > 0).all()


@pytest.mark.parametrize("grid", [None, (2, 3)])
def test_the_gradient_reaches_each_parameter_and_saving_keeps_the_function(grid: tuple[int, int] | None) -> None:
    network, h = made(grid), vectors()
    (network(h) * vectors()).sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    other = Encoder(SHAPE, grid).double()
    other.load_state_dict(load(save(network.state_dict())))
    assert torch.equal(other(h), network(h))


def test_heads_start_by_looking_right_left_down_and_up() -> None:
    network = Encoder(EncoderShape(width=8, blocks=1, heads=4), (3, 3))
    middle = network.blocks[0].bias[:, network.offset][:, 4].view(4, 3, 3)
    nearest = [divmod(int(each.argmax()), 3) for each in middle]
    assert nearest == [(1, 2), (1, 0), (2, 1), (0, 1)]


@pytest.mark.parametrize("sizes", [{"width": 0}, {"blocks": 0}, {"expansion": 0}, {"width": 6, "heads": 4}])
def test_sizes_that_cannot_be_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(InputError, match="network"):
        EncoderShape(**sizes)
