"""Masked autoencoders see nothing of what is hidden, and learn to fill it."""

import pytest
import torch
from safetensors.torch import load, save

from genloom.errors import InputError
from genloom.nn.encoder import EncoderShape
from genloom.nn.masked import MaskedMLP, MaskedShape, MaskedTransformer, hide
from genloom.nn.token_loss import log_probs

SHAPE = MaskedShape(grid=(2, 3), vocabulary=5, encoder=EncoderShape(width=8, blocks=2, heads=2))


def made() -> MaskedTransformer:
    torch.manual_seed(0)
    network = MaskedTransformer(SHAPE).double()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return network


def tokens() -> torch.Tensor:
    return torch.randint(5, (4, 6), generator=torch.Generator().manual_seed(2))


def test_a_hidden_token_is_not_looked_at() -> None:
    network, x = made(), tokens()
    hidden = torch.tensor([[True, False, True, False, False, True]]).expand(4, 6)
    other = torch.where(hidden, (x + 1) % 5, x)
    assert torch.equal(network(x, hidden), network(other, hidden))
    shown = torch.zeros_like(hidden)
    assert not torch.allclose(network(x, shown), network(other, shown), atol=1e-3)


def test_a_visible_token_is_looked_at_from_every_place() -> None:
    network, x = made(), tokens()
    hidden = torch.tensor([[True, True, True, False, True, True]]).expand(4, 6)
    other = x.clone()
    other[:, 3] = (x[:, 3] + 1) % 5
    assert ((network(x, hidden) - network(other, hidden)).abs().amax((0, 2)) > 1e-4).all()


def test_the_gradient_reaches_each_parameter_and_saving_keeps_the_function() -> None:
    network, x = made(), tokens()
    hidden = hide((4, 6), 0.5, torch.Generator().manual_seed(3))
    log_probs(network(x, hidden), x)[hidden].mean().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    other = MaskedTransformer(SHAPE).double()
    other.load_state_dict(load(save(network.state_dict())))
    assert torch.equal(other(x, hidden), network(x, hidden))


def test_an_mlp_sees_nothing_of_hidden_numbers_and_is_told_that_they_are() -> None:
    torch.manual_seed(0)
    network = MaskedMLP(6, 16).double()
    x = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    hidden = hide((4, 6), 0.5, torch.Generator().manual_seed(5))
    other = torch.where(hidden, x + 1, x)
    assert torch.equal(network(x, hidden), network(other, hidden))
    assert not torch.allclose(network(x * ~hidden, torch.zeros_like(hidden)), network(x, hidden), atol=1e-3)
    torch.testing.assert_close(network.features(x), network.features(x, torch.zeros_like(hidden)))
    assert network.features(x).shape == (4, 16)


def test_it_learns_to_copy_a_neighbour() -> None:
    """Pairs of equal tokens of which one is hidden: after 60 steps nearly nothing is left of log 5 nats."""
    torch.manual_seed(0)
    network = MaskedTransformer(MaskedShape(grid=(1, 2), vocabulary=5, encoder=EncoderShape(width=16, blocks=1)))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    random = torch.Generator().manual_seed(6)
    for _ in range(60):
        x = torch.randint(5, (64, 1), generator=random).expand(64, 2)
        hidden = torch.tensor([[True, False]]).expand(64, 2)
        loss = -log_probs(network(x, hidden), x)[hidden].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.1


def test_the_share_that_is_hidden_is_the_rate() -> None:
    random = torch.Generator().manual_seed(7)
    assert float(hide((400, 100), 0.3, random).float().mean()) == pytest.approx(0.3, abs=4 * (0.21 / 40_000) ** 0.5)
    rates = torch.tensor([[0.0], [1.0]])
    assert hide((2, 50), rates, random).float().mean(1).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("sizes", [{"grid": (1, 1), "vocabulary": 4}, {"grid": (0, 4), "vocabulary": 4},
                                   {"grid": (2, 2), "vocabulary": 1}])
def test_sizes_that_cannot_be_are_refused(sizes: dict[str, object]) -> None:
    with pytest.raises(InputError, match="network"):
        MaskedShape(**sizes)
