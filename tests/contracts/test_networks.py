"""What every denoising network of points must do; a new kind joins by its name in `recipes.points.Network`."""

import typing

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from genloom.recipes.points import Network
from genloom.recipes.points_parts import make_network

KINDS = typing.get_args(typing.get_type_hints(Network)["kind"])


@pytest.fixture(params=KINDS)
def network(request: pytest.FixtureRequest) -> nn.Module:
    return make_network(Network(kind=request.param, width=16), 3, seed=0).double()


def inputs(count: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(count, 2, generator=random, dtype=torch.float64)
    return x, torch.rand(count, generator=random, dtype=torch.float64) + 0.1, torch.arange(count) % 4


def test_the_output_has_the_shape_of_x(network: nn.Module) -> None:
    x, t, labels = inputs()
    assert network(x, t, labels).shape == x.shape
    assert network(x, t[:1], None).shape == x.shape


def test_a_sample_does_not_depend_on_the_others(network: nn.Module) -> None:
    x, t, labels = inputs()
    whole = network(x, t, labels)
    torch.testing.assert_close(network(x[2:4], t[2:4], labels[2:4]), whole[2:4], rtol=0, atol=1e-13)


def test_the_gradient_reaches_each_parameter(network: nn.Module) -> None:
    network(*inputs()).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_saving_and_loading_keep_the_function(network: nn.Module) -> None:
    before = network(*inputs())
    kept = save(network.state_dict())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    network.load_state_dict(load(kept))
    assert torch.equal(network(*inputs()), before)


def test_the_seed_decides_the_weights_and_leaves_the_global_generator_alone() -> None:
    for kind in KINDS:
        state = torch.random.get_rng_state()
        a, b, c = (make_network(Network(kind=kind, width=8), 0, seed=seed) for seed in (1, 1, 2))
        assert torch.equal(torch.random.get_rng_state(), state)
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
        others = [(p, r) for p, r in zip(a.parameters(), c.parameters(), strict=True) if p.ndim > 1]  # biases may be 0
        assert not any(torch.equal(p, r) for p, r in others)


def test_it_is_double_throughout_and_shows_itself(network: nn.Module) -> None:
    assert network(*inputs()).dtype == torch.float64
    assert type(network).__name__ in repr(network)
