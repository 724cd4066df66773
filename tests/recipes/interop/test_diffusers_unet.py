import math
from typing import Any

import pytest
import torch
from other_models import SMALL, diffusers_unet, shaken

from genloom.errors import CheckpointError, InputError, InputErrors
from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.recipes.interop import diffusers_unet as names

RESNET = {"downsample_type": "resnet", "upsample_type": "resnet", "resnet_time_scale_shift": "scale_shift"}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": SMALL,
    "residual": {**SMALL, **RESNET, "block_out_channels": [32, 48, 64], "norm_num_groups": 16, "attention_head_dim": 16,
                 "down_block_types": ["AttnDownBlock2D", "ResnetDownsampleBlock2D", "DownBlock2D"],
                 "up_block_types": ["ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D", "AttnUpBlock2D"],
                 "num_class_embeds": 7},
    "as DDPM's own": {**SMALL, "attention_head_dim": None, "downsample_padding": 0, "freq_shift": 1, "norm_eps": 1e-6,
                      "flip_sin_to_cos": False, "layers_per_block": 2, "in_channels": 1, "out_channels": 1},
    "normalised middle": {**SMALL, "resnet_time_scale_shift": "scale_shift", "attn_norm_num_groups": 8},
    "bare middle": {**SMALL, "resnet_time_scale_shift": "scale_shift"},
    "no attention": {**SMALL, "down_block_types": ["DownBlock2D"] * 2, "up_block_types": ["UpBlock2D"] * 2,
                     "add_attention": False},
    "three levels attend": {**SMALL, "block_out_channels": [16, 32, 32], "up_block_types": ["AttnUpBlock2D"] * 3,
                            "down_block_types": ["AttnDownBlock2D"] * 3},
}


def _inputs(shape: UNetShape) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    x = torch.randn(3, shape.channels, 16, 16, generator=torch.Generator().manual_seed(1))
    return x, torch.tensor([0.0, 17.0, 999.0]), torch.tensor([0, 3, 5]) if shape.classes else None


@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_a_model_of_diffusers_is_the_same_function_here(name: str) -> None:
    theirs = diffusers_unet(**CONFIGS[name])
    shape = names.shape_of(dict(theirs.config))  # type: ignore[arg-type, call-overload]
    ours = UNet(shape).eval()
    ours.load_state_dict(names.state_of("it", theirs.state_dict(), shape, null_class=False))
    x, time, labels = _inputs(shape)
    expected = theirs(x, time, class_labels=labels).sample
    torch.testing.assert_close(ours(x, time, labels), expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_a_model_of_ours_is_the_same_function_in_diffusers(name: str) -> None:
    from diffusers import UNet2DModel

    shape = names.shape_of(CONFIGS[name])
    ours = shaken(UNet(shape), seed=2)
    assert isinstance(ours, UNet)
    config = names.config_of(shape)
    assert config.pop("_class_name") == "UNet2DModel"
    theirs = UNet2DModel(**config).eval()
    theirs.load_state_dict(names.weights_of(ours.state_dict(), shape))
    x, time, labels = _inputs(shape)
    expected = ours(x, time, labels)
    found = theirs(x, time, class_labels=labels).sample
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("name", CONFIGS)
def test_there_and_back_every_bit_is_the_same(name: str) -> None:
    shape = names.shape_of(CONFIGS[name])
    state = shaken(UNet(shape)).state_dict()
    there = names.weights_of(state, shape)
    back = names.state_of("it", there, names.shape_of(names.config_of(shape), null_class=shape.classes > 0),
                          null_class=shape.classes > 0)
    assert list(back) == list(state)
    assert all(torch.equal(back[key], state[key]) for key in state)


def test_the_architecture_comes_back_from_its_configuration() -> None:
    shape = UNetShape(size=32, width=32, multipliers=(1, 2, 2), attention=(16, 8), head_channels=16, classes=10,
                      resample="residual", groups=16, epsilon=1e-6, cosine_first=False, frequency_shift=1,
                      time_features=32, middle_norm=True, out_channels=3, heads=1)
    assert names.shape_of(names.config_of(shape), null_class=True) == shape


def test_names_of_before_diffusers_0_15_are_known() -> None:
    shape = names.shape_of(SMALL)
    there = names.weights_of(shaken(UNet(shape)).state_dict(), shape)
    former = {key.replace("to_q", "query").replace("to_k", "key").replace("to_v", "value")
              .replace("to_out.0", "proj_attn"): tensor for key, tensor in there.items()}
    assert set(former) != set(there)
    state = names.state_of("it", former, shape, null_class=False)
    assert all(torch.equal(names.weights_of(state, shape)[key], there[key]) for key in there)


def test_a_class_that_means_none_is_added_as_the_mean_where_there_is_none() -> None:
    theirs = diffusers_unet(**SMALL, num_class_embeds=4)
    shape = names.shape_of(dict(theirs.config))  # type: ignore[arg-type, call-overload]
    assert shape.classes == 4
    table = names.state_of("it", theirs.state_dict(), shape, null_class=False)["label_embedding.table.weight"]
    torch.testing.assert_close(table[-1], table[:-1].mean(0))
    with_null = names.shape_of(dict(theirs.config), null_class=True)  # type: ignore[arg-type, call-overload]
    assert with_null.classes == 3


@pytest.mark.parametrize(("change", "named"), [
    ({"time_embedding_type": "fourier"}, "time_embedding_type"),
    ({"center_input_sample": True}, "center_input_sample"),
    ({"mid_block_type": None}, "mid_block_type"),
    ({"act_fn": "gelu"}, "act_fn"),
    ({"mid_block_scale_factor": 1.41}, "mid_block_scale_factor"),
    ({"class_embed_type": "timestep"}, "class_embed_type"),
    ({"down_block_types": ["SkipDownBlock2D", "DownBlock2D"]}, "down_block_types"),
    ({"up_block_types": ["UpBlock2D", "AttnUpBlock2D"]}, "up_block_types"),
    ({"down_block_types": ["DownBlock2D"] * 3, "up_block_types": ["UpBlock2D"] * 3}, "down_block_types"),
    ({"down_block_types": ["ResnetDownsampleBlock2D", "AttnDownBlock2D"]}, "downsample_type"),
    ({"block_out_channels": []}, "block_out_channels"),
    ({"block_out_channels": [16, -32]}, "block_out_channels"),
    ({"block_out_channels": [16, 1 << 40]}, "block_out_channels"),
    ({"block_out_channels": "many"}, "block_out_channels"),
    ({"sample_size": None}, "sample_size"),
    ({"sample_size": [16, 32]}, "sample_size"),
    ({"layers_per_block": 10**9}, "layers_per_block"),
    ({"layers_per_block": True}, "layers_per_block"),
    ({"norm_num_groups": None}, "norm_num_groups"),
    ({"attn_norm_num_groups": 4}, "attn_norm_num_groups"),
    ({"norm_eps": "tiny"}, "norm_eps"),
    ({"norm_eps": math.nan}, "norm_eps"),
    ({"freq_shift": 0.5}, "freq_shift"),
    ({"time_embedding_dim": 100}, "time_embedding_dim"),
    ({"resnet_time_scale_shift": "spatial"}, "resnet_time_scale_shift"),
])
def test_what_ours_cannot_be_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=f"UNet2DModel.{named}"):
        names.shape_of({**SMALL, **change})


def test_a_size_that_the_levels_cannot_halve_is_refused() -> None:
    with pytest.raises((InputError, InputErrors), match="size"):
        names.shape_of({**SMALL, "sample_size": 15})


@pytest.mark.parametrize(("shape", "named"), [
    (UNetShape(size=16, width=16, multipliers=(1, 2), attention=(8,), groups=32), "groups"),
    (UNetShape(size=16, width=16, multipliers=(1, 2), attention=(8, 16), heads=4, groups=16), "heads"),
    (UNetShape(size=16, width=16, multipliers=(1, 2), attention=(0,), groups=16, label_set=3), "label_set"),
    (UNetShape(size=16, width=16, multipliers=(1, 2), attention=(0,), groups=16, scale_shift=False,
               middle_norm=False), "groups"),
])
def test_what_diffusers_cannot_be_is_refused_by_name(shape: UNetShape, named: str) -> None:
    with pytest.raises(InputError, match=f"UNet2DModel.{named}"):
        names.config_of(shape)


def test_weights_of_another_network_are_refused_by_name() -> None:
    shape = names.shape_of(SMALL)
    good = names.weights_of(UNet(shape).state_dict(), shape)
    without = {key: tensor for key, tensor in good.items() if key != "conv_in.bias"}
    for wrong, said in ((without, "lacks conv_in.bias"), ({**good, "extra": torch.zeros(1)}, "it has extra beyond it"),
                        ({**good, "conv_in.bias": torch.zeros(3)}, "conv_in.bias is float32"),
                        ({**good, "conv_in.bias": torch.zeros(16, dtype=torch.int64)}, "conv_in.bias is int64")):
        with pytest.raises(CheckpointError, match=said):
            names.state_of("it", wrong, shape, null_class=False)
