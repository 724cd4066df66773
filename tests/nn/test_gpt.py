"""GPT-2's network: what it computes, from what, in which precision, and with how many parameters."""

import math
from typing import Any, Literal

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.gpt import GPT, GPTShape
from genloom.nn.key_values import KeyValues
from genloom.training.optimizers import hidden_matrices

SMALL = GPTShape(vocabulary=31, context=12, width=24, blocks=3, heads=3)
POSITIONS = pytest.mark.parametrize("positions", ["learned", "rotary"])


def made(positions: Literal["learned", "rotary"] = "learned", **changes: Any) -> GPT:
    """A network in which nothing is at 0."""
    torch.manual_seed(0)
    network = GPT(GPTShape(**{**vars(SMALL), "positions": positions, **changes})).double().eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    return network


def some_tokens(count: int = 12, batch: int = 2) -> Tensor:
    return torch.randint(31, (batch, count), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("shape", "count"), [
    (GPTShape(vocabulary=50257, context=1024, width=768, blocks=12, heads=12), 124_439_808),  # of GPT-2
    (GPTShape(vocabulary=1024), 6 * 12 * 192**2 + 6 * 13 * 192 + 2 * 192 + (1024 + 64) * 192),
])
def test_the_number_of_parameters_counts_the_tied_head_once(shape: GPTShape, count: int) -> None:
    with torch.device("meta"):
        network = GPT(shape)
    assert network.parameters_count == count
    assert sum(tensor.numel() for tensor in network.state_dict().values()) == count


def test_without_added_vectors_all_that_is_left_are_matrices_and_the_scales_of_norms() -> None:
    network = GPT(GPTShape(vocabulary=31, context=12, width=24, blocks=2, heads=3, bias=False))
    assert not [name for name, _ in network.named_parameters() if "bias" in name]
    assert network.parameters_count == 2 * 12 * 24**2 + 5 * 24 + (31 + 12) * 24


def test_it_starts_as_gpt_2_does() -> None:
    torch.manual_seed(0)
    network = GPT(GPTShape(vocabulary=1000, context=200, width=192, blocks=8, heads=6))
    for name, parameter in network.named_parameters():
        if "bias" in name:
            assert not parameter.any()
        elif "norm" in name:
            assert bool((parameter == 1).all())
        else:
            std = 0.02 / 4 if name.endswith(("out.weight", "contract.weight")) else 0.02
            assert abs(parameter.std().item() / std - 1) < 0.02
            assert abs(parameter.mean().item()) < 0.02 * std


def test_the_first_loss_is_that_of_the_uniform_law() -> None:
    torch.manual_seed(0)
    network = GPT(GPTShape(vocabulary=512))
    tokens = torch.randint(512, (16, 65))
    assert abs(network(tokens[:, :-1], targets=tokens[:, 1:]).item() - math.log(512)) < 0.1


@POSITIONS
def test_the_future_changes_nothing(positions: Literal["learned", "rotary"]) -> None:
    network, tokens = made(positions), some_tokens()
    changed = tokens.clone()
    changed[:, 7:] = (changed[:, 7:] + 1) % 31
    before, after = network(tokens), network(changed)
    torch.testing.assert_close(after[:, :7], before[:, :7], rtol=0, atol=1e-13)
    assert (after[:, 7:] - before[:, 7:]).abs().amax(dim=2).min() > 1e-3


@POSITIONS
def test_the_order_of_the_past_matters(positions: Literal["learned", "rotary"]) -> None:
    network, tokens = made(positions, blocks=1), torch.tensor([[3, 5, 7, 9]])
    swapped = tokens[:, [1, 0, 2, 3]]
    assert not torch.allclose(network(tokens)[:, 3], network(swapped)[:, 3])


@POSITIONS
@pytest.mark.parametrize("parts", [(12,), (1,) * 12, (5, 1, 1, 5), (5, 4, 3)])
def test_cached_logits_are_those_without_a_cache(positions: Literal["learned", "rotary"],
                                                 parts: tuple[int, ...]) -> None:
    for network, tolerance in ((made(positions), 1e-13), (made(positions).float(), 1e-5)):
        tokens, dtype = some_tokens(), network.token_table.weight.dtype
        past = KeyValues(network.shape, 2, 12, dtype=dtype)
        found = [network(part, past=past) for part in tokens.split(parts, dim=1)]
        assert past.length == 12
        expected = network(tokens)
        torch.testing.assert_close(torch.cat(found, 1), expected, rtol=0, atol=tolerance * expected.abs().max().item())


def test_a_sample_does_not_depend_on_the_others() -> None:
    network, tokens = made(), some_tokens(batch=5)
    torch.testing.assert_close(network(tokens[2:4]), network(tokens)[2:4], rtol=0, atol=1e-13)


def test_the_last_logits_alone() -> None:
    network, tokens = made(), some_tokens()
    torch.testing.assert_close(network(tokens, last=True), network(tokens)[:, -1:], rtol=0, atol=1e-13)


@POSITIONS
def test_vectors_stand_in_for_tokens(positions: Literal["learned", "rotary"]) -> None:
    network, tokens = made(positions), some_tokens()
    embedded = network.embed(tokens)
    assert embedded.shape == (2, 12, 24)
    assert torch.equal(network(embedded=embedded), network(tokens))
    assert torch.equal(network.trace(embedded=embedded).logits, network.trace(tokens).logits)
    by_vectors = network.requires_grad_(False)(embedded=embedded.detach().requires_grad_(), targets=tokens)
    assert by_vectors.requires_grad


def test_the_loss_is_the_cross_entropy_of_the_logits_with_its_gradients() -> None:
    network, tokens = made(), some_tokens(13)
    x, y = tokens[:, :-1], tokens[:, 1:].clone()
    y[0, :4] = -1
    loss = network(x, targets=y)
    expected = F.cross_entropy(network(x).flatten(0, 1), y.flatten(), ignore_index=-1)
    torch.testing.assert_close(loss, expected)
    parameters = list(network.parameters())
    for a, b in zip(torch.autograd.grad(loss, parameters), torch.autograd.grad(expected, parameters), strict=True):
        torch.testing.assert_close(a, b)


def test_under_autocast_the_loss_is_float32_and_near() -> None:
    network, tokens = made().float(), some_tokens(13)
    exact = network(tokens[:, :-1], targets=tokens[:, 1:])
    with torch.autocast("cpu", torch.bfloat16):
        rounded = network(tokens[:, :-1], targets=tokens[:, 1:])
        assert network(tokens[:, :-1]).dtype == torch.bfloat16
    assert exact.dtype == rounded.dtype == torch.float32
    assert 0 < abs(exact - rounded).item() < 0.02 * exact.item()


def test_the_gradient_reaches_each_parameter() -> None:
    network, tokens = made(dropout=0.1).train(), some_tokens(13)
    network(tokens[:, :-1], targets=tokens[:, 1:]).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


@POSITIONS
def test_a_trace_is_the_same_function_with_what_it_looked_at(positions: Literal["learned", "rotary"]) -> None:
    network, tokens = made(positions, dropout=0.5), some_tokens()
    expected = network(tokens)
    for mode in (True, False):
        trace = network.train(mode).trace(tokens)
        torch.testing.assert_close(trace.logits, expected, rtol=0, atol=1e-13)
        assert [look.weights.shape for look in trace.looks] == [(2, 3, 12, 12)] * 3
        torch.testing.assert_close(trace.looks[1].weights.sum(3), torch.ones(2, 3, 12).double())


def test_a_hidden_token_changes_nothing_behind_it() -> None:
    network, tokens = made(), some_tokens()
    seen = torch.ones(2, 12, dtype=torch.bool)
    seen[:, 4] = False
    other = tokens.clone()
    other[:, 4] = (other[:, 4] + 1) % 31
    rest = [i for i in range(12) if i != 4]
    found = network(tokens, seen=seen)
    torch.testing.assert_close(network(other, seen=seen)[:, rest], found[:, rest], rtol=0, atol=1e-13)
    torch.testing.assert_close(network.trace(tokens, seen=seen).logits, found, rtol=0, atol=1e-13)
    assert not torch.allclose(found[:, 5:], network(tokens)[:, 5:])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator here")
@POSITIONS
def test_an_accelerator_computes_the_same(positions: Literal["learned", "rotary"]) -> None:
    network, tokens = made(positions).float(), some_tokens(13)
    x, y = tokens[:, :-1], tokens[:, 1:]
    logits, loss = network(x), network(x, targets=y)
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    network, x, y = network.cuda(), x.cuda(), y.cuda()
    torch.testing.assert_close(network(x).cpu(), logits, rtol=1e-3, atol=1e-3)
    past = KeyValues(network.shape, 2, 12, "cuda")
    found = torch.cat([network(part, past=past) for part in x.split((5, 1, 6), dim=1)], 1)
    torch.testing.assert_close(found, network(x), rtol=1e-3, atol=1e-3)
    for a, b in zip(torch.autograd.grad(network(x, targets=y), list(network.parameters())), gradients, strict=True):
        torch.testing.assert_close(a.cpu(), b, rtol=1e-2, atol=1e-3)
    with torch.autocast("cuda", torch.bfloat16):
        assert abs(network(x, targets=y).item() - loss.item()) < 0.02 * loss.item()


def test_dropout_is_for_training() -> None:
    network, tokens = made(dropout=0.3), some_tokens()
    assert torch.equal(network(tokens), network(tokens))
    network.train()
    assert not torch.equal(network(tokens), network(tokens))


def test_saving_and_loading_keep_the_function() -> None:
    network, other = made(), GPT(SMALL).double().eval()
    other.load_state_dict(load(save(network.state_dict())))
    assert torch.equal(other(some_tokens()), network(some_tokens()))


def test_the_matrices_inside_blocks_are_found_for_muon() -> None:
    assert len(hidden_matrices(made())) == 3 * 4


@POSITIONS
def test_more_tokens_than_the_context_are_refused(positions: Literal["learned", "rotary"]) -> None:
    network = made(positions)
    with pytest.raises(InputError, match="tokens = 13: must be at most 12, the context of this network"):
        network(some_tokens(13))
    past = KeyValues(SMALL, 2, 20, dtype=torch.float64)
    network(some_tokens(12), past=past)
    with pytest.raises(InputError, match="tokens = 13: must be at most 12"):
        network(some_tokens(1), past=past)
    assert past.length == 12


def test_a_refused_pass_leaves_the_past_as_it_was() -> None:
    network, tokens = made(), some_tokens()
    past = KeyValues(SMALL, 2, 6, dtype=torch.float64)
    network(tokens[:, :4], past=past)
    with pytest.raises(InputError, match="at most 2, the room behind the 4"):
        network(tokens[:, 4:7], past=past)
    torch.testing.assert_close(network(tokens[:, 4:6], past=past), network(tokens)[:, 4:6], rtol=0, atol=1e-13)


def test_arguments_that_exclude_one_another_are_refused() -> None:
    network, tokens = made(), some_tokens()
    with pytest.raises(InputError, match="tokens, embedded = 'both'"):
        network(tokens, embedded=network.embed(tokens))
    with pytest.raises(InputError, match="tokens, embedded = 'neither'"):
        network.trace()
    with pytest.raises(InputError, match="last = True: must be False with targets"):
        network(tokens, targets=tokens, last=True)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"vocabulary": 0}, r"network\.vocabulary = 0"), ({"context": 0}, r"network\.context = 0"),
    ({"blocks": -1}, r"network\.blocks = -1"), ({"heads": 5}, r"network\.width = 24: must be a multiple of the 5"),
    ({"heads": 8, "positions": "rotary"}, r"network\.heads = 8: must be such that rotary positions pair"),
    ({"positions": "sines"}, r"network\.positions = 'sines'"), ({"dropout": 1.0}, r"network\.dropout = 1\.0"),
])
def test_shapes_that_cannot_be_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GPTShape(**{**vars(SMALL), **wrong})
