"""diffusers' `UNet2DModel` and our `UNet`: one function under two sets of names. Needs no diffusers."""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from genloom.errors import InputError
from genloom.nn.norm import groups_of
from genloom.nn.unet_shape import UNetShape
from genloom.recipes.interop import mapping

CLASS = "UNet2DModel"

_LAYERS: mapping.Layers = {
    "": ("",), "conv": ("conv",),
    "norm_1": ("norm1",), "conv_1": ("conv1",), "embed": ("time_emb_proj",), "norm_2": ("norm2",),
    "conv_2": ("conv2",), "skip": ("conv_shortcut",),
    "norm": ("group_norm",), "attention.qkv": ("to_q", "to_k", "to_v"), "attention.out": ("to_out.0",),
}
_FORMER = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}  # before diffusers 0.15

_FIXED: dict[str, tuple[Any, ...]] = {
    "center_input_sample": (False,), "time_embedding_type": ("positional",), "mid_block_type": ("UNetMidBlock2D",),
    "mid_block_scale_factor": (1,), "act_fn": ("silu", "swish"), "class_embed_type": (None,),
}
"""Values without which the network is another function, by the name of the configuration; the first is the default."""

_DOWN = {"DownBlock2D": (False, "conv"), "AttnDownBlock2D": (True, "downsample_type"),
         "ResnetDownsampleBlock2D": (False, "resnet")}
_UP = {"UpBlock2D": (False, "conv"), "AttnUpBlock2D": (True, "upsample_type"),
       "ResnetUpsampleBlock2D": (False, "resnet")}
_LEVELS, _MOST = 12, 1 << 14  # more than any network has; a network of more is not built to see whether it fits


def shape_of(config: Mapping[str, Any], *, null_class: bool = False) -> UNetShape:
    """The architecture that a `config.json` of diffusers states; what it leaves out has diffusers' default.

    null_class   the last of its classes means "none"

    Errors: `InputError` for a configuration that is malformed, or of a network that ours cannot be.
    """
    _require_fixed(config)
    widths = _widths(config)
    size, channels = _count(config, "sample_size", None), _count(config, "in_channels", 3)
    attending, residual = _blocks(config, len(widths))
    shift = _choice(config, "resnet_time_scale_shift", "default", ("default", "scale_shift"))
    told = config.get("time_embedding_dim")
    if told is not None and told != 4 * widths[0]:
        raise _unfit("time_embedding_dim", told, f"four times the first block's {widths[0]} channels")
    unit, classes = math.gcd(*widths), config.get("num_class_embeds")
    return UNetShape(
        size=size, channels=channels, out_channels=_count(config, "out_channels", 3), width=unit,
        multipliers=tuple(width // unit for width in widths), blocks=_count(config, "layers_per_block", 2),
        attention=tuple(size >> level for level in attending), time_features=widths[0],
        **_attention(config, shift), scale_shift=shift == "scale_shift",
        resample="residual" if residual else "convolution",
        one_sided=_choice(config, "downsample_padding", 1, (0, 1)) == 0, dropout=_real(config, "dropout", 0.0),
        groups=_count(config, "norm_num_groups", 32), epsilon=_real(config, "norm_eps", 1e-5),
        classes=0 if classes is None else _count(config, "num_class_embeds", 0) - null_class,
        cosine_first=bool(config.get("flip_sin_to_cos", True)),
        frequency_shift=_choice(config, "freq_shift", 0, (0, 1)))


def config_of(shape: UNetShape) -> dict[str, Any]:
    """The `config.json` of a `UNet2DModel` that is the same function; our class "none" becomes its last class.

    Errors: `InputError` for a network that a `UNet2DModel` cannot be.
    """
    if shape.label_set:
        raise _unfit("label_set", shape.label_set, "0: diffusers' UNet2DModel is told one class, not a set")
    attends = [size in shape.attention for size in shape.sizes]
    residual = shape.resample == "residual"
    plain = "Resnet{}sampleBlock2D" if residual else "{}Block2D"
    down = [("Attn{}Block2D" if attend else plain).format("Down") for attend in attends]
    up = [("Attn{}Block2D" if attend else plain).format("Up") for attend in reversed(attends)]
    groups = _common_groups(shape)
    return {
        "_class_name": CLASS, "sample_size": shape.size, "in_channels": shape.channels,
        "out_channels": shape.out_channels or shape.channels, "center_input_sample": False,
        "time_embedding_type": "positional", "freq_shift": shape.frequency_shift,
        "flip_sin_to_cos": shape.cosine_first, "down_block_types": down, "up_block_types": up,
        "block_out_channels": list(shape.widths), "layers_per_block": shape.blocks,
        "mid_block_scale_factor": 1, "downsample_padding": 0 if shape.one_sided else 1,
        "downsample_type": "resnet" if residual else "conv", "upsample_type": "resnet" if residual else "conv",
        "dropout": shape.dropout, "act_fn": "silu", "attention_head_dim": _common_head(shape),
        "norm_num_groups": groups, "attn_norm_num_groups": groups if shape.middle_norm else None,
        "norm_eps": shape.epsilon, "resnet_time_scale_shift": "scale_shift" if shape.scale_shift else "default",
        "add_attention": shape.middle_attention, "class_embed_type": None,
        "num_class_embeds": shape.classes + 1 if shape.classes else None,
    }


def state_of(what: str, weights: Mapping[str, Tensor], shape: UNetShape, *, null_class: bool) -> dict[str, Tensor]:
    """Weights of diffusers as the state of our `UNet`.

    Without a `null_class`, ours, which they do not know, gets the mean of their classes' vectors.

    Errors: `CheckpointError` for other names or shapes.
    """
    named = {_today(name): tensor for name, tensor in weights.items()}
    if shape.classes and not null_class:
        named = mapping.with_null_class(named, "class_embedding.weight")
    return mapping.ours(what, named, shape, places(shape), _LAYERS)


def weights_of(state: Mapping[str, Tensor], shape: UNetShape) -> dict[str, Tensor]:
    """The state of our `UNet` under diffusers' names."""
    return mapping.theirs(state, places(shape), _LAYERS)


def places(shape: UNetShape) -> dict[str, str]:
    """Our blocks' names to diffusers'."""
    found = {"conv_in": "conv_in", "time_embedding.first": "time_embedding.linear_1",
             "time_embedding.second": "time_embedding.linear_2", "label_embedding.table": "class_embedding",
             "middle.first": "mid_block.resnets.0", "middle.attention": "mid_block.attentions.0",
             "middle.second": "mid_block.resnets.1", "norm_out": "conv_norm_out", "conv_out": "conv_out"}
    for way, count in (("down", shape.blocks), ("up", shape.blocks + 1)):
        for level in range(len(shape.multipliers)):
            here, there = f"{way}.{level}", f"{way}_blocks.{level}"
            found[f"{here}.resample"] = f"{there}.{way}samplers.0"
            for i in range(count):
                found[f"{here}.blocks.{i}"] = f"{there}.resnets.{i}"
                found[f"{here}.attentions.{i}"] = f"{there}.attentions.{i}"
    return found


def _require_fixed(config: Mapping[str, Any]) -> None:
    for name, allowed in _FIXED.items():
        found = config.get(name, allowed[0])
        if found not in allowed:
            raise _unfit(name, found, " or ".join(map(str, allowed)))


def _widths(config: Mapping[str, Any]) -> list[int]:
    found = config.get("block_out_channels", [224, 448, 672, 896])
    whole = isinstance(found, (list, tuple)) and all(type(width) is int and 0 < width <= _MOST for width in found)
    if not whole or not 0 < len(found) <= _LEVELS:
        raise _unfit("block_out_channels", found, f"1 to {_LEVELS} numbers of channels")
    return list(found)


def _blocks(config: Mapping[str, Any], levels: int) -> tuple[list[int], bool]:
    """The levels that attend, and whether sizes change inside residual blocks."""
    attn = "AttnDownBlock2D", "AttnUpBlock2D"
    down = _types(config, "down_block_types", ["DownBlock2D", *[attn[0]] * 3], _DOWN, "downsample_type")
    up = _types(config, "up_block_types", [*[attn[1]] * 3, "UpBlock2D"], _UP, "upsample_type")[::-1]
    if not len(down) == len(up) == levels:
        raise _unfit("down_block_types", config.get("down_block_types"), f"{levels} blocks, as block_out_channels are")
    if [attends for attends, _ in down] != [attends for attends, _ in up]:
        raise _unfit("up_block_types", config.get("up_block_types"), "with attention where down_block_types have it")
    # the smallest level is not halved, the one of full size not doubled
    changes = {change for _, change in (*down[:-1], *up[1:])}
    if not changes <= {"conv"} and not changes <= {"resnet"}:
        raise _unfit("downsample_type", sorted(map(str, changes)), "conv everywhere, or resnet everywhere")
    return [level for level, (attends, _) in enumerate(down) if attends], changes == {"resnet"}


def _types(config: Mapping[str, Any], name: str, default: list[str], known: Mapping[str, tuple[bool, str]],
           change: str) -> list[tuple[bool, Any]]:
    """(attends, how the size changes) of each block; where that is a name, the configuration says it under it."""
    found = config.get(name, default)
    if not isinstance(found, (list, tuple)) or not all(isinstance(block, str) and block in known for block in found):
        raise _unfit(name, found, f"a list of {', '.join(known)}")
    rows = [known[block] for block in found]
    return [(attends, config.get(change, "conv") if how == change else how) for attends, how in rows]


def _attention(config: Mapping[str, Any], shift: str) -> dict[str, Any]:
    groups, own = _count(config, "norm_num_groups", 32), config.get("attn_norm_num_groups")
    if own not in (None, groups):
        raise _unfit("attn_norm_num_groups", own, f"norm_num_groups = {groups}, or null")
    heads: dict[str, Any] = {"heads": 1, "head_channels": None}
    if config.get("attention_head_dim", 8) is not None:
        heads["head_channels"] = _count(config, "attention_head_dim", 8)
    return {**heads, "middle_attention": bool(config.get("add_attention", True)),
            "middle_norm": own is not None or shift == "default"}


def _count(config: Mapping[str, Any], name: str, default: int | None) -> int:
    found = config.get(name, default)
    if type(found) is not int or not 0 < found <= _MOST:
        raise _unfit(name, found, f"a whole number from 1 to {_MOST}")
    return found


def _real(config: Mapping[str, Any], name: str, default: float) -> float:
    found = config.get(name, default)
    if type(found) not in (int, float) or not 0 <= found < 1:
        raise _unfit(name, found, "a number in [0, 1)")
    return float(found)


def _choice(config: Mapping[str, Any], name: str, default: Any, allowed: tuple[Any, ...]) -> Any:
    found = config.get(name, default)
    if found not in allowed or isinstance(found, bool):
        raise _unfit(name, found, " or ".join(map(str, allowed)))
    return found


def _common_groups(shape: UNetShape) -> int:
    """The one number of groups that diffusers knows."""
    joined = {a + b for a in shape.widths for b in shape.widths}  # what the way up joins
    found = {groups_of(channels, shape.groups) for channels in {*shape.widths, *joined}}
    if len(found) > 1 or (not shape.middle_norm and not shape.scale_shift):
        raise _unfit("groups", shape.groups, "a divisor of the channels of every level, for a UNet2DModel",
                     f"a network with groups = {math.gcd(shape.groups, shape.width)} would fit")
    return found.pop()


def _common_head(shape: UNetShape) -> int:
    """The one width of a head that diffusers knows; any will do where nothing attends."""
    attending = [width for width, size in zip(shape.widths, shape.sizes, strict=True) if size in shape.attention]
    attending += [shape.widths[-1]] * shape.middle_attention
    found = {width // shape.heads_at(width) for width in attending} or {shape.widths[0]}
    if len(found) > 1:
        raise _unfit("heads", shape.heads, "such that all heads have as many channels, for a UNet2DModel",
                     "attend at one size only, or train with another number of heads")
    return found.pop()


def _today(name: str) -> str:
    """The name that a tensor of an old checkpoint has today."""
    module, _, leaf = name.rpartition(".")
    parent, _, last = module.rpartition(".")
    return f"{parent}.{_FORMER[last]}.{leaf}" if last in _FORMER and ".attentions." in name else name


def _unfit(name: str, value: Any, allowed: str, remedy: str = "") -> InputError:
    return InputError(f"{CLASS}.{name}", value, allowed, remedy)
