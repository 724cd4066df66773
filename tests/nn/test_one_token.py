"""One new token written out flat is what the network's modules compute of it."""

from typing import Any

import pytest
import torch

from genloom.errors import InputError
from genloom.nn.gpt import GPT, GPTShape
from genloom.nn.key_values import KeyValues
from genloom.nn.one_token import OneToken

SMALL = {"vocabulary": 31, "context": 12, "width": 24, "blocks": 3, "heads": 3}


def made(**changes: Any) -> GPT:
    torch.manual_seed(0)
    network = GPT(GPTShape(**SMALL | changes)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)  # nothing is at 0
    return network


def both(network: GPT, batch: int, length: int = 8, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, ...]:
    """Logits (length, B, V) of some tokens, one after the other: by the modules, and written out."""
    tokens = torch.randint(31, (batch, length), generator=torch.Generator().manual_seed(1))
    pasts = [KeyValues(network.shape, batch, length, dtype=dtype) for _ in range(2)]
    one, modules, flat = OneToken(network), list[torch.Tensor](), list[torch.Tensor]()
    with torch.no_grad():
        for token in tokens.T:
            modules.append(network(token[:, None], past=pasts[0], last=True)[:, 0])
            flat.append(one(token, pasts[1]))
    assert pasts[0].length == pasts[1].length == length
    return torch.stack(modules), torch.stack(flat)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("changes", [{}, {"positions": "rotary"}, {"bias": False}, {"heads": 1}, {"dropout": 0.5},
                                     {"positions": "rotary", "bias": False}])
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_it_is_the_network_s_own_forward_pass(batch: int, changes: dict[str, Any], precision: torch.dtype) -> None:
    modules, flat = both(made(**changes).to(precision), batch, dtype=precision)
    near = 1e-5 if precision == torch.float32 else 1e-13
    torch.testing.assert_close(flat, modules, rtol=near, atol=near)


def test_it_is_so_under_autocast_and_with_keys_of_another_precision() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        modules, flat = both(made(), 2)
    assert flat.dtype == modules.dtype == torch.bfloat16
    torch.testing.assert_close(flat, modules)
    modules, flat = both(made(), 2, dtype=torch.bfloat16)
    torch.testing.assert_close(flat, modules)


def test_it_goes_on_from_what_the_network_has_read_and_the_network_from_it() -> None:
    network, tokens = made(), torch.arange(8)[None]
    past, one = KeyValues(network.shape, 1, 8), OneToken(network)
    with torch.no_grad():
        whole = network(tokens)
        network(tokens[:, :3], past=past)
        torch.testing.assert_close(one(tokens[:, 3], past), whole[:, 3], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(network(tokens[:, 4:], past=past), whole[:, 4:], rtol=1e-5, atol=1e-5)


def test_weights_that_are_trained_on_are_seen() -> None:
    network = made()
    one = OneToken(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.5)
        expected = network(torch.tensor([[4]]))[:, 0]
    torch.testing.assert_close(one(torch.tensor([4]), KeyValues(network.shape, 1, 2)), expected, rtol=1e-5, atol=1e-5)


def test_without_room_nothing_happens() -> None:
    network = made()
    past, one = KeyValues(network.shape, 1, 1), OneToken(network)
    one(torch.tensor([4]), past)
    with pytest.raises(InputError, match="tokens = 1: must be at most 0"):
        one(torch.tensor([4]), past)
    assert past.length == 1


def test_a_place_beyond_the_context_is_refused() -> None:
    network = made(context=2)
    past, one = KeyValues(network.shape, 1, 9), OneToken(network)
    for _ in range(2):
        one(torch.tensor([4]), past)
    with pytest.raises(InputError, match="tokens = 3: must be at most 2, the context"):
        one(torch.tensor([4]), past)
