"""Somebody's attention as a function of numpy arrays: found in a module, and called in the ways it may be meant.

A function or module takes (q, k, v, mask=None) in the layout (B, H, L, d) or (B, L, H, d), of torch tensors or numpy
arrays. A module with weights takes (B, L, H·d), once or three times: its square matrices are set to the identity and
its biases to 0 in a copy, so that attention alone is left.
"""

import copy
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from genloom.errors import GenloomError, InputError, UnknownName

Array = NDArray[Any]
_MASK_NAMES = ("mask", "attn_mask", "attention_mask", "src_mask", "attn_bias", "bias")
_CAUSAL_NAMES = ("causal", "is_causal")
_HEAD_NAMES = ("heads", "num_heads", "n_heads", "n_head", "nhead", "h", "H", "nb_heads", "num_attention_heads")
_BATCH, _HEADS, _SIZE = 2, 4, 5


@dataclass(frozen=True)
class Way:
    """One way to call a candidate.

    layout   of its input, in words
    heads    H of the probes, and `size` their d
    takes    "mask", "causal" for a switch, or "" where it takes neither
    merged   whether heads stand in the last axis of its input
    selves   whether queries, keys and values are one input
    hides    whether True in a mask is known to hide a key
    call     (q, k, v (B, H, L, d) float32, mask or None) → what it returned, as an array
    """

    layout: str
    heads: int
    size: int
    takes: str
    merged: bool
    selves: bool
    call: Callable[[Array, Array, Array, Array | bool | None], Array]
    hides: bool = False

    def heads_apart(self, out: Array, length: int) -> tuple[Array, bool]:
        """What was returned as (B, H, L, d), and whether heads were joined in its last axis.

        Errors: `InputError` for another shape.
        """
        heads, size = self.heads, self.size
        batch = out.shape[0] if out.ndim else _BATCH
        shapes = {"(B, H, L, d)": (batch, heads, length, size), "(B, L, H, d)": (batch, length, heads, size)}
        if out.shape == shapes.get(self.layout):
            return (out.swapaxes(1, 2) if self.layout == "(B, L, H, d)" else out), False
        if out.shape == (batch, length, heads * size):
            return out.reshape(batch, length, heads, size).swapaxes(1, 2), True
        raise InputError("shape of the output", out.shape, f"{shapes.get(self.layout, (batch, length, heads * size))}")


def chosen(module: ModuleType, name: str = "") -> tuple[str, Any]:
    """The attention of a module with its name: the named one, or the one whose name says attention.

    Errors: `UnknownName`, or `InputError` where it is not clear which one is meant.
    """
    own = {key: value for key, value in vars(module).items() if key[0] != "_" and _callable_here(value, module)}
    if name:
        if not hasattr(module, name):
            raise UnknownName("--function", name, tuple(own) or ("what the file defines",))
        return name, getattr(module, name)
    likely = [key for key in own if "attention" in key.lower() or "attend" in key.lower()] or list(own)
    if len(likely) != 1:
        remedy = f"pass --function with one of {', '.join(likely)}" if likely else "define a function of q, k, v"
        raise InputError("FILE", str(module.__file__), "a file that defines one attention", remedy)
    return likely[0], own[likely[0]]


def ways(candidate: Any) -> Iterator[Way]:
    """The ways to call it, the plainest first.

    Errors: `InputError` for what cannot be called, or a module that cannot be made or read.
    """
    if inspect.isclass(candidate):
        candidate = _made(candidate)
    if isinstance(candidate, nn.Module):
        candidate = _copied(candidate).eval()
        if any(True for _ in candidate.parameters()):
            yield from _with_weights(candidate)
            return
    if not callable(candidate):
        raise InputError("attention", type(candidate).__name__, "a function or a torch module")
    inner = candidate.forward if isinstance(candidate, nn.Module) else candidate
    takes, keyword = _mask_argument(inner)
    none = False if takes == "causal" else None
    plain = partial(candidate, **({keyword: none} if _needs(inner, keyword) else {}))
    for layout, turned in (("(B, H, L, d)", False), ("(B, L, H, d)", True)):
        for kind in ("torch", "numpy"):
            call = _caller(plain, keyword, turned, kind == "torch")
            yield Way(layout, _HEADS, _SIZE, takes, merged=False, selves=False, call=call)


def _copied(module: nn.Module) -> nn.Module:
    """A copy, so that nothing that is tried leaves a trace in it."""
    try:
        return copy.deepcopy(module)
    except Exception as error:  # it may hold anything
        raise InputError("attention", type(module).__name__, "such that `copy.deepcopy` copies it",
                         f"that raises {type(error).__name__}: {str(error)[:200]}") from error


def _callable_here(value: Any, module: ModuleType) -> bool:
    if isinstance(value, nn.Module):
        return True
    return callable(value) and getattr(value, "__module__", "") == module.__name__


def _made(kind: type) -> Any:
    """An object of a class: its heads and width are chosen by the names of its arguments."""
    chosen = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.default is not parameter.empty or parameter.kind in (parameter.VAR_POSITIONAL,
                                                                          parameter.VAR_KEYWORD):
            continue
        heads = name in _HEAD_NAMES or "head" in name.lower()
        chosen[name] = _HEADS if heads else _HEADS * _SIZE
    try:
        return kind(**chosen)
    except (Exception, SystemExit) as error:
        raise InputError("class", kind.__name__, f"one that can be made with {chosen}",
                         f"make an object in the file and pass its name ({str(error)[:100]})") from error


def _needs(function: Any, keyword: str) -> bool:
    """Whether a function must be given its mask, if only None."""
    if not keyword:
        return False
    parameter = inspect.signature(function).parameters[keyword]
    return parameter.default is parameter.empty


def _mask_argument(function: Any) -> tuple[str, str]:
    """What says which keys are hidden, "mask", "causal" or "", and its name; "" is the fourth argument."""
    try:
        names = list(inspect.signature(function).parameters)
    except (ValueError, TypeError):
        return "mask", ""
    for takes, known in (("mask", _MASK_NAMES), ("causal", _CAUSAL_NAMES)):
        found = [name for name in names if name in known]
        if found:
            return takes, found[0]
    masks = [name for name in names if "mask" in name]
    return ("mask", masks[0]) if masks else ("", "")


def _caller(candidate: Any, keyword: str, turned: bool, torched: bool) -> Callable[..., Array]:
    def call(q: Array, k: Array, v: Array, mask: Array | bool | None) -> Array:
        arrays = [np.ascontiguousarray(x.swapaxes(1, 2)) if turned else x for x in (q, k, v)]
        given: list[Any] = [torch.from_numpy(x.copy()) if torched else x.copy() for x in arrays]
        hidden = torch.from_numpy(mask.copy()) if torched and isinstance(mask, np.ndarray) else mask
        out = _called(candidate, given, keyword, hidden)
        if not all(np.array_equal(x, y) for x, y in zip(arrays, given, strict=True)):
            raise ChangesItsInput
        return out

    return call


class ChangesItsInput(GenloomError):
    """A candidate wrote into the queries, keys or values that it was given."""

    def __init__(self) -> None:
        super().__init__("it changes its input: q, k or v is written to in place")


def _called(candidate: Any, given: list[Any], keyword: str, mask: Any) -> Array:
    with torch.no_grad():
        try:
            if mask is None:
                out = candidate(*given)
            else:
                out = candidate(*given, **{keyword: mask}) if keyword else candidate(*given, mask)
        except SystemExit as error:  # the reader's code must not decide how the comparison ends
            raise RuntimeError(f"SystemExit: {error}") from error
    out = out[0] if isinstance(out, (tuple, list)) and out else out
    if not isinstance(out, (torch.Tensor, np.ndarray)):
        raise TypeError(f"it returns {type(out).__name__}, and no tensor or array")
    if (out.is_complex() if isinstance(out, torch.Tensor) else np.iscomplexobj(out)):
        raise TypeError("it returns complex numbers")
    return np.asarray(out.detach().double().numpy() if isinstance(out, torch.Tensor) else out, dtype=np.float64)


def _with_weights(module: nn.Module) -> Iterator[Way]:
    """A module of (B, L, H·d) whose projections are set to the identity."""
    takes, keyword = _mask_argument(module.forward)
    width = _plain(module)
    called = partial(module, **({keyword: None} if _needs(module.forward, keyword) else {}))
    named = [getattr(module, name) for name in _HEAD_NAMES if isinstance(getattr(module, name, None), int)]
    counts = named[:1] or [n for n in range(2, width) if width % n == 0]
    arguments = inspect.signature(module.forward).parameters.values()
    needed = sum(p.default is p.empty and p.name != keyword and p.kind is p.POSITIONAL_OR_KEYWORD for p in arguments)
    batch_second = getattr(module, "batch_first", True) is False

    def call(q: Array, k: Array, v: Array, mask: Array | bool | None) -> Array:
        joined = [np.ascontiguousarray(x.swapaxes(1, 2).reshape(len(x), x.shape[2], -1)) for x in (q, k, v)]
        given = [torch.from_numpy(x.swapaxes(0, 1).copy() if batch_second else x) for x in joined[:needed]]
        out = _called(called, given, keyword, torch.from_numpy(mask) if isinstance(mask, np.ndarray) else mask)
        return out.swapaxes(0, 1) if batch_second else out

    if needed not in (1, 3):
        raise InputError("forward", needed, "1 or 3 inputs (B, L, H·d) beside the mask")
    layout = "(L, B, H·d)" if batch_second else "(B, L, H·d)"
    for heads in counts:
        yield Way(f"{layout} with the projections set to the identity", heads, width // heads, takes, True,
                  needed == 1, call, isinstance(module, nn.MultiheadAttention))


def _plain(module: nn.Module) -> int:
    """Set every square matrix, or block of squares, to the identity and all vectors to 0; returns the width.

    Errors: `InputError` for a matrix of another shape.
    """
    widths = {min(p.shape) for p in module.parameters() if p.ndim == 2}
    if len(widths) != 1:
        raise InputError("module", type(module).__name__, "one whose projections are square, of one width")
    width = widths.pop()
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim == 1:
                parameter.zero_()
            elif parameter.ndim == 2 and max(parameter.shape) % width == 0:
                one = torch.eye(width).repeat(max(parameter.shape) // width, 1)
                parameter.copy_(one if parameter.shape[0] >= parameter.shape[1] else one.T)
            else:
                raise InputError("module", tuple(parameter.shape), "one of linear layers of one width alone")
    return width
