"""openai/guided-diffusion's `UNetModel` (improved-diffusion's too) as our `UNet`: flags, presets and names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from genloom.errors import InputError, UnknownName
from genloom.nn.unet_shape import UNetShape
from genloom.recipes.interop import mapping
from genloom.recipes.process import Schedule

MARK = "input_blocks.0.0.weight"
"""A tensor that every such checkpoint has."""

_LAYERS: mapping.Layers = {
    "": ("",), "conv": ("conv",),
    "norm_1": ("in_layers.0",), "conv_1": ("in_layers.2",), "embed": ("emb_layers.1",), "norm_2": ("out_layers.0",),
    "conv_2": ("out_layers.3",), "skip": ("skip_connection",),
    "norm": ("norm",), "attention.qkv": ("qkv",), "attention.out": ("proj_out",),
}
_LEVELS = {512: (1, 2, 2, 4, 4, 8, 8), 256: (1, 1, 2, 2, 4, 4), 128: (1, 1, 2, 3, 4), 64: (1, 2, 3, 4)}
_HALF = 512  # at this size, the first level has half of num_channels
_CLASSES = 1000
_MOST = 1 << 14


@dataclass(frozen=True, kw_only=True)
class Flags:
    """The flags of guided-diffusion's scripts that shape the network and the process, with the scripts' defaults."""

    image_size: int = 64
    num_channels: int = 128
    num_res_blocks: int = 2
    num_heads: int = 4
    num_head_channels: int = -1
    attention_resolutions: str = "16,8"
    channel_mult: str = ""
    dropout: float = 0.0
    class_cond: bool = False
    num_classes: int = _CLASSES
    use_scale_shift_norm: bool = True
    resblock_updown: bool = False
    use_new_attention_order: bool = False
    learn_sigma: bool = False
    diffusion_steps: int = 1000
    noise_schedule: str = "linear"
    predict_xstart: bool = False
    rescale_timesteps: bool = False


def _published(size: int, **flags: Any) -> Flags:
    return Flags(image_size=size, attention_resolutions="32,16,8", learn_sigma=True, resblock_updown=True, **flags)


PRESETS: dict[str, Flags] = {
    "imagenet64": _published(64, num_channels=192, num_head_channels=64, num_res_blocks=3, class_cond=True, dropout=0.1,
                             noise_schedule="cosine", use_new_attention_order=True),
    "imagenet128": _published(128, num_channels=256, num_heads=4, class_cond=True),
    "imagenet256": _published(256, num_channels=256, num_head_channels=64, class_cond=True),
    "imagenet256-unconditional": _published(256, num_channels=256, num_head_channels=64),
    "imagenet512": _published(512, num_channels=256, num_head_channels=64, class_cond=True),
    "lsun256": _published(256, num_channels=256, num_head_channels=64, dropout=0.1),
}
"""The published checkpoints' flags; lsun256 is bedroom, cat and horse. [openai/guided-diffusion, README]"""


def flags_of(text: str) -> Flags:
    """Flags by the name of a preset, as JSON, or from a JSON file: {"image_size": 64, "num_channels": 128, …}.

    Errors: `UnknownName` for another preset or flag; `InputError` for a value that a flag cannot have.
    """
    if text in PRESETS:
        return PRESETS[text]
    if text.endswith(".json"):
        try:
            text = Path(text).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError("--architecture", text, "a readable file", str(error)) from error
    if not text.lstrip().startswith("{"):
        raise UnknownName("--architecture", text, list(PRESETS))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("--architecture", text, "a preset, or flags as JSON", str(error)) from None
    known = {field.name: field for field in fields(Flags)}
    for name, value in found.items():
        if name not in known:
            raise UnknownName("--architecture", str(name), list(known))
        kind = type(known[name].default)
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise InputError(f"--architecture {name}", value, f"as {known[name].default!r} is")
    return Flags(**found)


def shape_of(flags: Flags) -> UNetShape:
    """The network that these flags make; of a learned variance only the noise is kept.

    Errors: `InputError` for flags that cannot be.
    """
    for name in ("image_size", "num_channels", "num_res_blocks", "num_heads", "num_classes", "diffusion_steps"):
        if not 0 < getattr(flags, name) <= _MOST:
            raise InputError(f"--architecture {name}", getattr(flags, name), f"from 1 to {_MOST}")
    half = flags.image_size == _HALF and not flags.channel_mult
    if half and flags.num_channels % 2:
        raise InputError("--architecture num_channels", flags.num_channels, "even for pictures of 512 × 512")
    sizes = _numbers("attention_resolutions", flags.attention_resolutions)
    multipliers = _numbers("channel_mult", flags.channel_mult) or _LEVELS.get(flags.image_size)
    if multipliers is None:
        raise InputError("--architecture channel_mult", "", "given for a size other than 64, 128, 256 and 512")
    levels = [flags.image_size >> level for level in range(len(multipliers))]
    heads = flags.num_head_channels
    return UNetShape(
        size=flags.image_size, channels=3, width=flags.num_channels // 2 if half else flags.num_channels,
        multipliers=multipliers, blocks=flags.num_res_blocks, attention=tuple(s for s in levels if s in sizes),
        heads=flags.num_heads, head_channels=None if heads == -1 else heads, scale_shift=flags.use_scale_shift_norm,
        resample="residual" if flags.resblock_updown else "convolution", dropout=flags.dropout,
        classes=flags.num_classes if flags.class_cond else 0, groups=32, time_features=flags.num_channels)


def schedule_of(flags: Flags) -> Schedule:
    """The process that these flags make.

    Errors: `InputError` for another schedule, or times that are not places in the table.
    """
    if flags.noise_schedule not in ("linear", "cosine"):
        raise UnknownName("--architecture noise_schedule", flags.noise_schedule, ["linear", "cosine"])
    if flags.rescale_timesteps and flags.diffusion_steps != 1000:
        raise InputError("--architecture rescale_timesteps", True, "false where diffusion_steps is not 1000")
    return Schedule(kind=flags.noise_schedule, steps=flags.diffusion_steps)  # type: ignore[arg-type] # one of the two


def state_of(what: str, weights: Mapping[str, Tensor], flags: Flags, shape: UNetShape) -> dict[str, Tensor]:
    """Weights of guided-diffusion as the state of our `UNet`.

    Our class "none", which they do not know, gets the mean of their classes' vectors; of a learned variance's outputs
    the first, the noise, are kept.

    Errors: `CheckpointError` for other names or shapes.
    """
    named = mapping.with_null_class(weights, "label_emb.weight")
    if flags.learn_sigma:
        for name in ("out.2.weight", "out.2.bias"):
            if name in named and named[name].shape[:1] == (2 * shape.channels,):
                named[name] = named[name][: shape.channels]
    if not flags.use_new_attention_order:
        named = {name: _kinds_first(tensor, shape) if ".qkv." in name else tensor for name, tensor in named.items()}
    return mapping.ours(what, named, shape, places(shape), _LAYERS)


def places(shape: UNetShape) -> dict[str, str]:
    """Our blocks' names to guided-diffusion's, whose blocks are numbered through from the first to the last level."""
    found = {"conv_in": "input_blocks.0.0", "time_embedding.first": "time_embed.0",
             "time_embedding.second": "time_embed.2", "label_embedding.table": "label_emb",
             "middle.first": "middle_block.0", "middle.attention": "middle_block.1", "middle.second": "middle_block.2",
             "norm_out": "out.0", "conv_out": "out.2"}
    learned = shape.resample == "convolution"
    number, last = 1, len(shape.multipliers) - 1
    for level in range(last + 1):
        for i in range(shape.blocks):
            found[f"down.{level}.blocks.{i}"] = f"input_blocks.{number}.0"
            found[f"down.{level}.attentions.{i}"] = f"input_blocks.{number}.1"
            number += 1
        if level < last:
            found[f"down.{level}.resample{'.conv' * learned}"] = f"input_blocks.{number}.0{'.op' * learned}"
            number += 1
    number = 0
    for level in range(last + 1):
        attends = shape.sizes[last - level] in shape.attention
        for i in range(shape.blocks + 1):
            found[f"up.{level}.blocks.{i}"] = f"output_blocks.{number}.0"
            found[f"up.{level}.attentions.{i}"] = f"output_blocks.{number}.1"
            number += 1
        found[f"up.{level}.resample"] = f"output_blocks.{number - 1}.{1 + attends}"
    return found


def _kinds_first(qkv: Tensor, shape: UNetShape) -> Tensor:
    """Rows that stand as head by head its query, key and value, as all queries, all keys, all values."""
    channels = qkv.shape[0] // 3
    heads = shape.heads_at(channels)
    if heads < 1 or qkv.shape[0] % (3 * heads):
        return qkv  # its shape is refused later, with its name
    return qkv.reshape(heads, 3, channels // heads, *qkv.shape[1:]).transpose(0, 1).flatten(0, 2)


def _numbers(name: str, text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdecimal() and 0 < int(word) <= _MOST for word in words):
        raise InputError(f"--architecture {name}", text, "numbers with commas between them")
    return tuple(map(int, words))
