"""A token looks back and never ahead, in each of the ways that this is computed."""

import pytest
import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.causal import CausalAttention, may_look
from genloom.nn.gpt import GPTShape
from genloom.nn.key_values import KeyValues

SHAPE = GPTShape(vocabulary=5, width=12, heads=3, blocks=1)
KINDS = pytest.mark.parametrize("rotary", [False, True])


def made(rotary: bool = False, dropout: float = 0.0) -> CausalAttention:
    torch.manual_seed(0)
    return CausalAttention(12, 3, dropout, rotary=rotary).double().eval()


def tokens(count: int = 7, batch: int = 2) -> Tensor:
    return torch.randn(batch, count, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def formula(layer: CausalAttention, x: Tensor) -> Tensor:
    """Token by token and head by head, from the paper."""
    outputs = torch.zeros_like(x)
    query, key, value = layer.qkv(x).chunk(3, 2)
    for i in range(x.shape[1]):
        for head in range(3):
            part = slice(4 * head, 4 * head + 4)
            scores = (key[:, : i + 1, part] @ query[:, i, part, None])[..., 0] / 2
            outputs[:, i, part] = (scores.softmax(1)[:, None] @ value[:, : i + 1, part])[:, 0]
    return layer.out(outputs)


def test_the_formula() -> None:
    layer, x = made(), tokens()
    torch.testing.assert_close(layer(x), formula(layer, x), rtol=0, atol=1e-14)


@KINDS
def test_the_future_changes_nothing(rotary: bool) -> None:
    layer, x = made(rotary), tokens()
    changed = x.clone()
    changed[:, 4:] += 1
    torch.testing.assert_close(layer(changed)[:, :4], layer(x)[:, :4], rtol=0, atol=1e-14)
    assert not torch.allclose(layer(changed)[:, 4], layer(x)[:, 4])


@KINDS
def test_looking_computes_the_same(rotary: bool) -> None:
    layer, x = made(rotary), tokens()
    out, look = layer.look(x)
    torch.testing.assert_close(out, layer(x), rtol=0, atol=1e-14)
    assert look.scores.shape == look.masked.shape == look.weights.shape == (2, 3, 7, 7)
    above = torch.ones(7, 7, dtype=torch.bool).triu(1)
    assert bool(look.scores.isfinite().all())
    assert bool((look.masked[..., above] == -torch.inf).all())
    assert torch.equal(look.masked[..., ~above], look.scores[..., ~above])
    assert not look.weights[..., above].any()
    torch.testing.assert_close(look.weights.sum(3), torch.ones(2, 3, 7).double())
    assert (look.scores.sum(3) - 1).abs().min() > 1e-3  # only what comes after the softmax sums to 1


def test_scores_of_rotary_attention_are_those_of_the_turned() -> None:
    plain, turned = made().look(tokens())[1].scores, made(rotary=True).look(tokens())[1].scores
    torch.testing.assert_close(turned.diagonal(dim1=2, dim2=3), plain.diagonal(dim1=2, dim2=3))
    assert not torch.allclose(turned, plain)


@KINDS
@pytest.mark.parametrize("parts", [(7,), (1,) * 7, (3, 4), (2, 1, 4)])
def test_in_parts_it_computes_the_same(rotary: bool, parts: tuple[int, ...]) -> None:
    layer, x = made(rotary), tokens()
    past, found = KeyValues(SHAPE, 2, 7, dtype=torch.float64), []
    for part in x.split(parts, dim=1):
        found.append(layer(part, past=past))
        past.advance(part.shape[1])
    torch.testing.assert_close(torch.cat(found, 1), layer(x), rtol=0, atol=1e-14)


def test_hidden_tokens_are_as_if_they_were_not_there() -> None:
    layer, x = made(), tokens()
    seen = torch.ones(2, 7, dtype=torch.bool)
    seen[:, [0, 3]] = False
    rest = [1, 2, 4, 5, 6]
    torch.testing.assert_close(layer(x, seen=seen)[:, rest], layer(x[:, rest]), rtol=0, atol=1e-14)
    torch.testing.assert_close(layer.look(x, seen)[0], layer(x, seen=seen), rtol=0, atol=1e-14)
    past = KeyValues(SHAPE, 2, 7, dtype=torch.float64)
    layer(x[:, :5], past=past, seen=seen[:, :5])
    past.advance(5)
    torch.testing.assert_close(layer(x[:, 5:], past=past, seen=seen), layer(x, seen=seen)[:, 5:], rtol=0, atol=1e-14)


def test_a_hidden_token_sees_itself() -> None:
    assert may_look(2, 3, torch.device("cpu"), torch.tensor([[True, False, False]])).tolist() == [
        [[[True, True, False], [True, False, True]]]]
    assert bool(made()(tokens(), seen=torch.zeros(2, 7, dtype=torch.bool)).isfinite().all())


def test_weights_are_dropped_in_training_alone_and_never_shown() -> None:
    layer, x = made(dropout=0.5), tokens()
    still, look = layer(x), layer.look(x)[1]
    layer.train()
    torch.manual_seed(0)
    assert not torch.allclose(layer(x), still)
    assert torch.equal(layer.look(x)[1].weights, look.weights)


@pytest.mark.parametrize("count", [2, 64, 300])
def test_training_in_bfloat16_agrees_with_float32(count: int) -> None:
    """On a CPU few tokens are computed another way there."""
    layer, x = made().float(), tokens(count).float()
    weights = torch.randn_like(x)
    exact = layer(x)
    expected = torch.autograd.grad((exact * weights).sum(), list(layer.parameters()))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = layer(x)
        with torch.no_grad():
            sampled = layer(x)
    assert rounded.dtype == torch.bfloat16
    for found in (rounded, sampled):
        assert (found.float() - exact).norm() < 0.02 * exact.norm()
    gradients = torch.autograd.grad((rounded * weights).sum(), list(layer.parameters()))
    for a, b in zip(expected, gradients, strict=True):
        assert (a - b).norm() < 0.03 * a.norm() + 1e-3


def test_dropout_in_bfloat16_hides_its_share() -> None:
    layer = made(dropout=0.5).float().train()
    nn.init.zeros_(layer.qkv.weight)
    with torch.no_grad():
        layer.qkv.bias.copy_(torch.cat((torch.zeros(24), torch.ones(12))))
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        query, key, value = layer._query_key_value(torch.zeros(50, 64, 12), 0)
        layer.out = nn.Identity()
        mixed = layer(torch.zeros(50, 64, 12))
    assert value.unique().tolist() == [1]
    assert not query.any()
    assert not key.any()
    first = mixed[:, 0].unflatten(1, (3, 4))[..., 0]  # one weight, 1, which is 0 or doubled
    assert set(first.unique().tolist()) == {0, 2}
    assert abs(first.float().mean().item() - 1) < 0.25  # 150 draws: 3 standard deviations are 0.24
    assert abs(mixed.float().mean().item() - 1) < 0.05


def test_heads_must_divide_the_width_and_come_in_pairs_to_be_turned() -> None:
    with pytest.raises(InputError, match=r"network\.heads = 5: must be a divisor of the 12 channels"):
        CausalAttention(12, 5)
    with pytest.raises(InputError, match="an even number of channels"):
        CausalAttention(12, 4, rotary=True)
