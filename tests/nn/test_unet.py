"""The U-Net is the function that diffusers computes, keeps samples apart, and knows no label when told none."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape

TINY: dict[str, Any] = {"size": 8, "width": 8, "multipliers": (1, 2), "blocks": 1, "attention": (4,), "heads": 2,
                        "groups": 4}


def awake(shape: UNetShape) -> UNet:
    """A network in float64 whose layers that start at 0 do not."""
    network = UNet(shape).double()
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network


def inputs(shape: UNetShape, batch: int = 3) -> tuple[Tensor, Tensor]:
    """Pictures and times."""
    return torch.randn(batch, shape.channels, shape.size, shape.size).double(), 999 * torch.rand(batch).double()


def labels_for(shape: UNetShape, batch: int = 3) -> Tensor | None:
    """Classes, sets (the first is empty), or None."""
    if shape.classes:
        return torch.randint(0, shape.classes, (batch,))
    if shape.label_set:
        return torch.cat((torch.zeros(1, shape.label_set), torch.ones(batch - 1, shape.label_set)))
    return None


KINDS: list[dict[str, Any]] = [
    {},
    {"scale_shift": False, "resample": "residual", "classes": 3},
    {"label_set": 4, "cross_attention": True, "out_channels": 6},
    {"label_set": 4, "attention": (0,), "middle_attention": False, "one_sided": True, "channels": 1},
]
kinds = pytest.mark.parametrize("kind", KINDS, ids=["plain", "added", "sets", "bare"])


def test_the_courses_size() -> None:
    shape = UNetShape(size=32, width=16, multipliers=(1, 2, 4, 8))
    network = UNet(shape)
    assert sum(parameter.numel() for parameter in network.parameters()) == 3_725_267
    assert [len(level.attentions) for level in network.down] == [0, 0, 2, 0]  # at 8 × 8
    assert [len(level.attentions) for level in network.up] == [0, 3, 0, 0]
    assert network(torch.randn(2, 3, 32, 32), torch.tensor([3.0])).shape == (2, 3, 32, 32)


def test_it_starts_at_zero() -> None:
    shape = UNetShape(**TINY)
    x, time = inputs(shape)
    assert not UNet(shape).double()(x, time).any()


@kinds
def test_a_gradient_reaches_each_parameter(kind: dict[str, Any]) -> None:
    shape = UNetShape(**TINY | kind)
    network = awake(shape)
    x, time = inputs(shape)
    (network(x, time, labels_for(shape)).square().mean() + network(x, time).square().mean()).backward()
    bare = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert bare == []


@kinds
def test_no_sample_sees_another(kind: dict[str, Any]) -> None:
    shape = UNetShape(**TINY | kind)
    network = awake(shape)
    (x, time), labels = inputs(shape), labels_for(shape)
    whole = network(x, time, labels)
    for i in range(len(x)):
        alone = network(x[i : i + 1], time[i : i + 1], None if labels is None else labels[i : i + 1])
        torch.testing.assert_close(alone, whole[i : i + 1], rtol=0, atol=1e-11)


@kinds
def test_channels_last_is_the_same_function(kind: dict[str, Any]) -> None:
    shape = UNetShape(**TINY | kind)
    network = awake(shape)
    (x, time), labels = inputs(shape), labels_for(shape)
    expected = network(x, time, labels)
    last = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    found = last(x.to(memory_format=torch.channels_last), time, labels)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-11)


@kinds
def test_one_time_is_for_all_samples(kind: dict[str, Any]) -> None:
    shape = UNetShape(**TINY | kind)
    network = awake(shape)
    (x, time), labels = inputs(shape), labels_for(shape)
    expected = network(x, time[:1].expand(3), labels)
    torch.testing.assert_close(network(x, time[:1], labels), expected, rtol=0, atol=1e-11)


def test_no_label_is_the_null_class() -> None:
    shape = UNetShape(**TINY, classes=3)
    network = awake(shape)
    x, time = inputs(shape)
    null = network(x, time, torch.full((3,), 3))
    torch.testing.assert_close(network(x, time), null, rtol=0, atol=1e-11)
    assert not torch.allclose(network(x, time, torch.zeros(3, dtype=torch.int64)), null)


@pytest.mark.parametrize("cross", [False, True])
def test_no_label_is_the_empty_set(cross: bool) -> None:
    shape = UNetShape(**TINY, label_set=3, cross_attention=cross)
    network = awake(shape)
    x, time = inputs(shape)
    empty = network(x, time, torch.zeros(3, 3))
    torch.testing.assert_close(network(x, time), empty, rtol=0, atol=1e-11)
    torch.testing.assert_close(network(x, time, torch.zeros(1, 3)), empty, rtol=0, atol=1e-11)
    assert not torch.allclose(network(x, time, torch.eye(3)), empty)


def test_close_times_stay_apart_in_bfloat16() -> None:
    shape = UNetShape(**TINY)
    network = awake(shape).float()
    x, times = torch.randn(1, 3, 8, 8).expand(2, -1, -1, -1), torch.tensor([998.0, 999.0])
    with torch.autocast("cpu", torch.bfloat16):
        out = network(x, times)
    assert out.dtype == torch.float32
    exact = network(x, times)
    assert (out - exact).norm() < 0.05 * exact.norm()
    assert not torch.equal(out[0], out[1])


def test_another_size_of_picture() -> None:
    network = awake(UNetShape(**TINY))
    assert network(torch.randn(1, 3, 12, 6).double(), torch.zeros(1)).shape == (1, 3, 12, 6)


@pytest.mark.parametrize("wrong", [(1, 3, 7, 8), (1, 1, 8, 8), (3, 8, 8)])
def test_pictures_that_do_not_fit(wrong: tuple[int, ...]) -> None:
    message = r"x = 'shape .*': must be \(B, 3, H, W\) with H and W multiples of 2"
    with pytest.raises(InputError, match=message):
        UNet(UNetShape(**TINY))(torch.zeros(wrong), torch.zeros(1))


def test_labels_for_a_network_without_classes() -> None:
    with pytest.raises(InputError, match=r"labels = \(1,\): must be None for a network without classes"):
        UNet(UNetShape(**TINY))(torch.zeros(1, 3, 8, 8), torch.zeros(1), torch.zeros(1, dtype=torch.int64))


DDPM = (
    {"size": 16, "width": 32, "multipliers": (1, 2, 2), "blocks": 1, "attention": (8,), "heads": 1, "groups": 32,
     "scale_shift": False, "one_sided": True, "epsilon": 1e-6, "cosine_first": False, "frequency_shift": 1},
    {"attention_head_dim": None, "norm_num_groups": 32, "downsample_padding": 0, "norm_eps": 1e-6,
     "flip_sin_to_cos": False, "freq_shift": 1},
)
SCALE_SHIFT = (
    {"size": 16, "width": 16, "multipliers": (1, 3), "blocks": 2, "attention": (8,), "head_channels": 8, "groups": 8,
     "classes": 4, "middle_norm": False, "out_channels": 6},
    {"attention_head_dim": 8, "norm_num_groups": 8, "resnet_time_scale_shift": "scale_shift", "num_class_embeds": 5,
     "out_channels": 6},
)
RESIDUAL = (
    {"size": 8, "width": 8, "multipliers": (1, 1, 2), "blocks": 1, "attention": (8, 4, 2), "head_channels": 4,
     "groups": 4, "resample": "residual"},
    {"attention_head_dim": 4, "norm_num_groups": 4, "resnet_time_scale_shift": "scale_shift",
     "attn_norm_num_groups": 4, "downsample_type": "resnet", "upsample_type": "resnet"},
)


@pytest.mark.parametrize("pair", [DDPM, SCALE_SHIFT, RESIDUAL], ids=["ddpm", "scale-shift", "residual"])
def test_diffusers_computes_the_same(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    diffusers = pytest.importorskip("diffusers")
    shape = UNetShape(**pair[0])
    attends = [size in shape.attention for size in shape.sizes]
    theirs = diffusers.UNet2DModel(
        sample_size=shape.size, block_out_channels=shape.widths, layers_per_block=shape.blocks,
        down_block_types=tuple("AttnDownBlock2D" if a else "DownBlock2D" for a in attends),
        up_block_types=tuple("AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)), **pair[1])
    ours = UNet(shape)
    ours.load_state_dict(dict(_renamed(theirs.state_dict())), strict=True)
    x, _ = inputs(shape, 2)
    time = torch.tensor([3, 700])
    labels = {"class_labels": torch.tensor([1, 4])} if shape.classes else {}
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-10)):
        expected = theirs.to(dtype)(x.to(dtype), time, **labels).sample
        found = ours.to(dtype)(x.to(dtype), time, labels.get("class_labels"))
        torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


_PARTS = {"norm1": "norm_1", "conv1": "conv_1", "time_emb_proj": "embed", "norm2": "norm_2", "conv2": "conv_2",
          "conv_shortcut": "skip", "group_norm": "norm", "to_out.0": "attention.out", "conv": "conv",
          "linear_1": "first", "linear_2": "second"}
_PLACES = {"mid_block.resnets.0": "middle.first", "mid_block.resnets.1": "middle.second",
           "mid_block.attentions.0": "middle.attention", "conv_norm_out": "norm_out",
           "class_embedding": "label_embedding.table"}


def _renamed(state: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """diffusers' weights under the names that they have here; the queries', keys' and values' become one matrix."""
    for name, value in state.items():
        if ".to_k." in name or ".to_v." in name:
            continue
        place, kind = name.rsplit(".", 1)
        if place.endswith(".to_q"):
            three = [state[name.replace(".to_q.", f".to_{part}.")] for part in "qkv"]
            yield f"{_placed(place.removesuffix('.to_q'))}.attention.qkv.{kind}", torch.cat(three)
            continue
        part = next((part for part in _PARTS if place.endswith(f".{part}")), None)
        whole = place.removesuffix(f".{part}") if part else place
        yield ".".join(filter(None, (_placed(whole), _PARTS.get(part or ""), kind))), value


def _placed(place: str) -> str:
    for way in ("down", "up"):
        place = place.replace(f"{way}_blocks", way).replace(f"{way}samplers.0", "resample")
    return _PLACES.get(place, place.replace("resnets", "blocks"))
