"""Layers are those of the published Transformer, held against torch's own and against a convolution."""

import pytest
import torch
from torch import nn

from genloom.errors import InputError
from genloom.forecasting.attending import Attending
from genloom.forecasting.layers import (
    CrossAttention,
    DecoderLayer,
    EncoderLayer,
    Kept,
    LayerShape,
    SelfAttention,
    StepEmbedding,
)
from genloom.nn.embeddings import Sinusoidal

WIDTH, HEADS = 16, 4


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_an_encoder_layer_is_that_of_torch(norm_first: bool, activation: str) -> None:
    shape = LayerShape(width=WIDTH, heads=HEADS, hidden=32, norm_first=norm_first, activation=activation)
    ours = EncoderLayer(shape, Attending()).double().eval()
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, 32, activation=activation, batch_first=True,
                                        norm_first=norm_first).double().train()  # in eval a fused path rounds otherwise
    for each in theirs.modules():
        if isinstance(each, nn.Dropout | nn.MultiheadAttention):
            each.eval()
    _copy_self(ours.attention, theirs.self_attn)
    _copy_feed(ours, theirs)
    _copy_norms(ours, (theirs.norm1, theirs.norm2))
    x = normal(3, 10, WIDTH)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_decoder_layer_is_that_of_torch(norm_first: bool) -> None:
    shape = LayerShape(width=WIDTH, heads=HEADS, hidden=32, norm_first=norm_first)
    ours = DecoderLayer(shape, Attending(causal=True), Attending()).double().eval()
    theirs = nn.TransformerDecoderLayer(WIDTH, HEADS, 32, batch_first=True, norm_first=norm_first).double().eval()
    _copy_self(ours.attention, theirs.self_attn)
    cross = theirs.multihead_attn
    with torch.no_grad():
        for mine, part in ((ours.cross.query, slice(0, WIDTH)), (ours.cross.key_value, slice(WIDTH, None))):
            mine.weight.copy_(cross.in_proj_weight[part])
            mine.bias.copy_(cross.in_proj_bias[part])
    ours.cross.out.load_state_dict(cross.out_proj.state_dict())
    _copy_feed(ours, theirs)
    _copy_norms(ours, (theirs.norm1, theirs.norm2, theirs.norm3))
    x, memory = normal(3, 10, WIDTH), normal(3, 7, WIDTH, seed=1)
    hidden = nn.Transformer.generate_square_subsequent_mask(10, dtype=torch.float64)
    whole = theirs(x, memory, tgt_mask=hidden)
    torch.testing.assert_close(ours(x, memory), whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours(x, memory, last=4), whole[:, -4:], rtol=0, atol=1e-12)


def _copy_self(mine: SelfAttention, theirs: nn.MultiheadAttention) -> None:
    mine.qkv.load_state_dict({"weight": theirs.in_proj_weight, "bias": theirs.in_proj_bias})
    mine.out.load_state_dict(theirs.out_proj.state_dict())


def _copy_feed(ours: EncoderLayer | DecoderLayer, theirs: nn.Module) -> None:
    ours.feed.first.load_state_dict(theirs.linear1.state_dict())
    ours.feed.second.load_state_dict(theirs.linear2.state_dict())


def _copy_norms(ours: EncoderLayer | DecoderLayer, theirs: tuple[nn.Module, ...]) -> None:
    for mine, norm in zip(ours.around, theirs, strict=True):
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        mine.norm.load_state_dict(norm.state_dict())


def test_steps_with_their_neighbours_are_the_published_circular_convolution() -> None:
    embed = StepEmbedding(3, 2, WIDTH).double().eval()
    convolution = nn.Conv1d(3, WIDTH, 3, padding=1, padding_mode="circular", bias=False).double()
    with torch.no_grad():
        convolution.weight.copy_(embed.weight[:, :9].view(WIDTH, 3, 3).transpose(1, 2))
    x, marks = normal(2, 11, 3), normal(2, 11, 2, seed=1)
    expected = convolution(x.transpose(1, 2)).transpose(1, 2) + marks @ embed.weight[:, 9:].T
    places = Sinusoidal(WIDTH, cosine_first=False)(torch.arange(4, 15).double())
    torch.testing.assert_close(embed(x, marks, first=4), expected + places, rtol=0, atol=1e-6)


@pytest.mark.parametrize("neighbours", ["causal", "alone"])
def test_a_causal_embedding_sees_no_later_step_and_can_go_step_by_step(neighbours: str) -> None:
    embed = StepEmbedding(3, 2, WIDTH, neighbours=neighbours).double().eval()
    x, marks = normal(2, 9, 3), normal(2, 9, 2, seed=1)
    whole = embed(x, marks)
    other = x.clone()
    other[:, 5:] += 1
    assert torch.equal(embed(other, marks)[:, :5], whole[:, :5])
    for step in range(3, 9):
        one = embed.step(x[:, step - 2 : step + 1], marks[:, step : step + 1], step)
        torch.testing.assert_close(one[:, 0], whole[:, step], rtol=0, atol=1e-12)


def test_kept_keys_and_values_give_what_the_whole_gives() -> None:
    attention = SelfAttention(WIDTH, HEADS, Attending(causal=True)).double()
    x, kept = normal(2, 9, WIDTH), Kept(9)
    parts = [attention.further(x[:, :4], kept)] + [attention.further(x[:, t : t + 1], kept) for t in range(4, 9)]
    torch.testing.assert_close(torch.cat(parts, 1), attention(x), rtol=0, atol=1e-12)


def test_weights_that_are_looked_at_are_those_that_are_applied() -> None:
    attention, looked = SelfAttention(WIDTH, HEADS, Attending(causal=True)).double(), []
    x = normal(2, 9, WIDTH)
    value = attention.qkv(x)[..., 2 * WIDTH :].unflatten(2, (HEADS, -1)).transpose(1, 2)
    found = attention(x, looked=looked)
    mixed = (looked[0] @ value).transpose(1, 2).flatten(2)
    torch.testing.assert_close(attention.out(mixed), found, rtol=0, atol=1e-12)
    crossed = []
    cross = CrossAttention(WIDTH, HEADS, Attending()).double()
    cross(x, cross.remember(normal(2, 5, WIDTH)), crossed)
    assert crossed[0].shape == (2, HEADS, 9, 5)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(InputError, match=r"network.heads"):
        LayerShape(width=10, heads=4)
    with pytest.raises(InputError, match=r"network.hidden"):
        LayerShape(width=8, heads=4, hidden=0)
