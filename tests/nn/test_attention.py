"""Attention is the softmax formula, in each of the ways that it is computed."""

import pytest
import torch

from genloom.errors import InputError
from genloom.nn.attention import CrossAttention, PictureAttention, PictureCrossAttention, SelfAttention, attend
from genloom.nn.conditioning import Context


def _formula(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, heads: int) -> torch.Tensor:
    outputs = []
    for a, b, c in zip(q.chunk(heads, 2), k.chunk(heads, 2), v.chunk(heads, 2), strict=True):
        outputs.append(torch.softmax(a @ b.mT / a.shape[2] ** 0.5, 2) @ c)
    return torch.cat(outputs, 2)


def test_the_formula() -> None:
    q, k, v = torch.randn(2, 5, 8).double(), torch.randn(2, 7, 8).double(), torch.randn(2, 7, 8).double()
    torch.testing.assert_close(attend(q, k, v, 2), _formula(q, k, v, 2), rtol=0, atol=1e-14)


def test_a_key_that_is_not_seen_has_no_part() -> None:
    q, k, v = (torch.randn(2, 4, 8).double() for _ in range(3))
    seen = torch.tensor([[True, True, False, False], [True, True, True, True]])
    found = attend(q, k, v, 2, seen)
    torch.testing.assert_close(found[0], _formula(q, k[:, :2], v[:, :2], 2)[0], rtol=0, atol=1e-14)
    torch.testing.assert_close(found[1], _formula(q, k, v, 2)[1], rtol=0, atol=1e-14)


@pytest.mark.parametrize("masked", [False, True])
def test_training_and_sampling_agree_in_bfloat16(masked: bool) -> None:
    q, k, v = (torch.randn(3, 16, 32, requires_grad=True) for _ in range(3))
    seen = torch.rand(3, 16) < 0.5 if masked else None
    if seen is not None:
        seen[:, 0] = True
    exact = attend(q, k, v, 4, seen)
    with torch.autocast("cpu", torch.bfloat16):
        trained = attend(q, k, v, 4, seen)
        with torch.no_grad():
            sampled = attend(q, k, v, 4, seen)
    for found in (trained, sampled):
        assert found.dtype == torch.bfloat16
        assert (found.float() - exact).abs().max() < 0.05
    weights = torch.randn_like(exact)
    expected = torch.autograd.grad((exact * weights).sum(), (q, k, v))
    found_gradients = torch.autograd.grad((trained * weights).sum(), (q, k, v))
    for a, b in zip(expected, found_gradients, strict=True):
        assert (a - b).norm() < 0.03 * a.norm()


def test_self_attention_of_tokens_does_not_know_their_order() -> None:
    layer = SelfAttention(8, 2).double()
    tokens, order = torch.randn(2, 6, 8).double(), torch.randperm(6)
    torch.testing.assert_close(layer(tokens)[:, order], layer(tokens[:, order]))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("norm", [True, False])
def test_a_picture_is_its_places(layout: torch.memory_format, norm: bool) -> None:
    layer = PictureAttention(8, 2, groups=4, norm=norm).double()
    x = torch.randn(2, 8, 3, 4).double().to(memory_format=layout)
    assert torch.equal(layer(x), x)
    torch.nn.init.normal_(layer.attention.out.weight)
    places = (x if layer.norm is None else layer.norm(x)).flatten(2).mT
    expected = x + layer.attention(places).mT.reshape(2, 8, 3, 4)
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=1e-13)


def test_one_row_of_who_is_seen_is_for_all_samples() -> None:
    layer = CrossAttention(8, 5, 2).double()
    tokens, context = torch.randn(3, 4, 8).double(), torch.randn(6, 5).double()
    seen = torch.tensor([[True, False, True, False, False, True]])
    expected = layer(tokens, Context(context, seen.expand(3, -1)))
    torch.testing.assert_close(layer(tokens, Context(context, seen)), expected)
    torch.testing.assert_close(layer(tokens, Context(context[seen[0]], torch.ones(1, 3).bool())), expected)


def test_a_picture_looks_at_its_own_labels_only() -> None:
    layer = PictureCrossAttention(8, 5, 2, groups=4).double()
    x, tokens = torch.randn(2, 8, 2, 2).double(), torch.randn(3, 5).double()
    seen = torch.tensor([[True, False, False], [True, True, False]])
    assert torch.equal(layer(x, Context(tokens, seen)), x)
    torch.nn.init.normal_(layer.attention.out.weight)
    before = layer(x, Context(tokens, seen))
    tokens[1] += 1
    after = layer(x, Context(tokens, seen))
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


def test_heads_must_divide_the_channels() -> None:
    with pytest.raises(InputError, match=r"network\.heads = 3: must be a divisor of the 8 channels that attend"):
        SelfAttention(8, 3)
