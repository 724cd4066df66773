"""GPT-2's weights in the files of Hugging Face's transformers, read as ours and written from ours."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from genloom.autoregressive.shards import WEIGHTS, brief, read_tensors, weights_in
from genloom.errors import CheckpointError, InputError
from genloom.nn.gpt import GPT, GPTShape
from genloom.training.files import write_atomically

CONFIG = "config.json"

_PREFIX = "transformer."
_HEAD = "lm_head.weight"
_PLACES = {"token_table": "wte", "position_table": "wpe", "norm_out": "ln_f"}
_LAYERS = {"norm_1": "ln_1", "attention.qkv": "attn.c_attn", "attention.out": "attn.c_proj", "norm_2": "ln_2",
           "expand": "mlp.c_fc", "contract": "mlp.c_proj"}
_TRANSPOSED = frozenset(name for name in _LAYERS.values() if not name.startswith("ln"))  # transformers' Conv1D
_MASKS = (".attn.bias", ".attn.masked_bias")  # older files hold the causal mask beside the weights
_FIXED = {  # what would make another function of the same weights, and the values that ours has
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"), "layer_norm_epsilon": (1e-5,),
    "scale_attn_weights": (True,), "scale_attn_by_inverse_layer_idx": (False,), "add_cross_attention": (False,),
    "tie_word_embeddings": (True,),
}
_SIZES = {"context": ("n_positions", 1024), "width": ("n_embd", 768), "blocks": ("n_layer", 12),
          "heads": ("n_head", 12)}
_MOST = 1 << 24
_LISTED = 3


def read_gpt2(path: Path, vocabulary: int | None = None) -> tuple[GPTShape, dict[str, Tensor]]:
    """The shape and the state, float32, of the `GPT` that a `GPT2LMHeadModel` or `GPT2Model` of transformers is.

    path         a folder with config.json and model.safetensors, or the index of several such files; or such a file of
                 weights, or such an index, beside its config.json
    vocabulary   how many tokens the tokenizer has, where the model was padded to more: the rows beyond are left out,
                 as are those beyond the config's vocab_size, so that no such token can be sampled

    Errors: `CheckpointError` for files that are missing or damaged, tensors that are missing, left over or of another
    shape, a head that is not the table of tokens, and an architecture that computes something else.
    """
    file = weights_in(path)
    config = _config(file.parent / CONFIG)
    tensors = _named(file, read_tensors(file))
    shape = _shape(file, config, tensors, vocabulary)
    wanted = _slots(shape)
    _same_names(file, set(tensors), {_theirs(name) for name in wanted})
    return shape, {name: _fitted(file, _theirs(name), tensors, size) for name, size in wanted.items()}


def write_gpt2(folder: Path, gpt: GPT, separator: int | None = None) -> Path:
    """Writes model.safetensors and config.json, which transformers' `GPT2LMHeadModel` opens; the folder is returned.

    separator   the token at which a text starts and ends; None names none

    A network without added vectors gets zeros for them, which is the same function.

    Errors: `InputError` for rotary positions, which GPT-2 has not.
    """
    shape = gpt.shape
    if shape.positions != "learned":
        raise InputError("network.positions", shape.positions, "learned for GPT-2's format", "there is no other there")
    found, state = {}, gpt.state_dict()
    for name, size in _slots(replace(shape, bias=True)).items():
        theirs, own = _theirs(name), state.get(name, torch.zeros(size))
        turned = own.T if _is_transposed(theirs) else own
        found[_PREFIX + theirs] = turned.to("cpu", torch.float32, copy=True).contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / WEIGHTS, save(found, metadata={"format": "pt"}))
    write_atomically(folder / CONFIG, (json.dumps(_as_config(shape, separator), indent=2) + "\n").encode())
    return folder


def _slots(shape: GPTShape) -> dict[str, torch.Size]:
    """Name and size of each tensor of the network of that shape, without making it."""
    with torch.device("meta"):
        return {name: tensor.shape for name, tensor in GPT(shape).state_dict().items()}


def _as_config(shape: GPTShape, separator: int | None) -> dict[str, Any]:
    sizes = {theirs: getattr(shape, ours) for ours, (theirs, _) in _SIZES.items()}
    return {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "dtype": "float32", "vocab_size": shape.vocabulary,
        **sizes, "n_ctx": shape.context, "n_inner": shape.expansion * shape.width,
        **dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), shape.dropout), "initializer_range": 0.02,
        **{name: values[0] for name, values in _FIXED.items()}, "bos_token_id": separator, "eos_token_id": separator,
    }


def _theirs(name: str) -> str:
    """Our name of a tensor as theirs, without the prefix.

    >>> _theirs("blocks.3.attention.qkv.weight")
    'h.3.attn.c_attn.weight'
    """
    layer, _, leaf = name.rpartition(".")
    if not layer.startswith("blocks."):
        return f"{_PLACES[layer]}.{leaf}"
    _, number, layer = layer.split(".", 2)
    return f"h.{number}.{_LAYERS[layer]}.{leaf}"


def _is_transposed(theirs: str) -> bool:
    return theirs.endswith(".weight") and theirs.removesuffix(".weight").split(".", 2)[-1] in _TRANSPOSED


def _config(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing: it says how many blocks and heads the weights make") from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON: {brief(error)}") from error
    if not isinstance(found, dict) or found.get("model_type") != "gpt2":
        kind = found.get("model_type") if isinstance(found, dict) else None
        raise CheckpointError(f"{path} has model_type {kind!r:.80}: must be 'gpt2'")
    for name, values in _FIXED.items():
        value = found.get(name, values[0])
        if value not in values:
            raise CheckpointError(f"{path} has {name} {value!r:.80}: this network has {values[0]!r}")
    return found


def _named(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights without the prefix, the masks, and the head where it is the table of tokens."""
    found = {name.removeprefix(_PREFIX): tensor for name, tensor in tensors.items()}
    if len(found) != len(tensors):
        raise CheckpointError(f"{path} has tensors both with and without {_PREFIX!r} before their names")
    head = found.pop(_HEAD, None)
    if head is not None and not torch.equal(head, found.get("wte.weight", head.new_zeros(0))):
        raise CheckpointError(f"{path}: {_HEAD} is not wte.weight; this network's head is its table of tokens")
    for name, tensor in found.items():
        if not tensor.is_floating_point() and not name.endswith(_MASKS):
            raise CheckpointError(f"{path}: {name} is {_kind(tensor)}: weights are floating-point numbers")
        if tensor.is_floating_point() and not name.endswith(_MASKS) and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(f"{path}: {name} has numbers that are not finite")
    return {name: tensor for name, tensor in found.items() if not _is_mask(name, tensor)}


def _is_mask(name: str, tensor: Tensor) -> bool:
    return name.startswith("h.") and name.endswith(_MASKS) and tensor.ndim in (0, 4)


def _shape(path: Path, config: Mapping[str, Any], tensors: Mapping[str, Tensor], vocabulary: int | None) -> GPTShape:
    place = path.parent / CONFIG
    sizes = {ours: _size(place, config, name, usual) for ours, (name, usual) in _SIZES.items()}
    rows = _size(place, config, "vocab_size", 50257)
    blocks = len({name.split(".")[1] for name in tensors if name.startswith("h.") and name.count(".") > 1})
    if blocks != sizes["blocks"]:
        raise CheckpointError(f"{path} has {blocks} blocks where {CONFIG} says {sizes['blocks']}")
    hidden = 4 * sizes["width"] if config.get("n_inner") is None else _size(place, config, "n_inner", 0)
    if hidden % sizes["width"]:
        raise CheckpointError(f"{place} has n_inner {hidden}: must be a multiple of the {sizes['width']} of n_embd")
    if vocabulary is not None and vocabulary > rows:
        raise CheckpointError(f"{place} has vocab_size {rows}: the tokenizer has {vocabulary} tokens")
    dropout = config.get("resid_pdrop", 0.1)
    if not isinstance(dropout, int | float):
        raise CheckpointError(f"{place} has resid_pdrop {dropout!r:.80}: must be a number")
    try:
        return GPTShape(vocabulary=rows if vocabulary is None else vocabulary, context=sizes["context"],
                        width=sizes["width"], blocks=blocks, heads=sizes["heads"],
                        expansion=hidden // sizes["width"], dropout=dropout)
    except InputError as error:
        raise CheckpointError(f"{place} makes no network: {error}") from error


def _size(place: Path, config: Mapping[str, Any], name: str, usual: int) -> int:
    value = config.get(name, usual)
    if type(value) is not int or not 0 < value <= _MOST:
        raise CheckpointError(f"{place} has {name} {value!r:.80}: must be a number from 1 to {_MOST}")
    return value


def _same_names(path: Path, found: set[str], wanted: set[str]) -> None:
    missing, unknown = sorted(wanted - found), sorted(found - wanted)
    parts = [f"it {verb} {', '.join(names[:_LISTED])}" + (f" and {len(names) - _LISTED} more" * (len(names) > _LISTED))
             for verb, names in (("lacks", missing), ("has beyond it", unknown)) if names]
    if parts:
        raise CheckpointError(f"{path} is not the network of its {CONFIG}: {'; '.join(parts)}")


def _fitted(path: Path, name: str, tensors: Mapping[str, Tensor], size: torch.Size) -> Tensor:
    """Their tensor as ours: turned where it is a Conv1D's, cut where the vocabulary was padded, in float32."""
    found = tensors[name].T if _is_transposed(name) and tensors[name].ndim == 2 else tensors[name]
    if name == "wte.weight" and found.ndim == 2:
        found = found[: size[0]]
    if found.shape != size:
        raise CheckpointError(f"{path}: {name} is {_kind(tensors[name])}, which does not fit the network of {CONFIG}")
    return found.to(torch.float32, copy=True).contiguous()


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
