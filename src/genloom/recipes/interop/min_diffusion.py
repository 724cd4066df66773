"""Checkpoints of minDiffusion, or of what was made after it: a `NaiveUnet`, bare or inside its `DDPM`."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import CheckpointError
from genloom.nn.naive_unet import NaiveUNet, NaiveUNetShape
from genloom.recipes.interop.diffusers_scheduler import schedule_of
from genloom.recipes.interop.mapping import listed, whole
from genloom.recipes.process import Schedule

MARK = "timeembed.lin1.weight"
"""A tensor that every such network has."""

_PREFIX = "eps_model."  # of the network inside a DDPM
_TABLES = ("alpha_t", "oneover_sqrta", "sqrt_beta_t", "alphabar_t", "sqrtab", "sqrtmab", "mab_over_sqrtmab")
_STEPS, _FIRST, _LAST = 1000, 1e-4, 0.02  # of the published training scripts
_FIRST_LAYER = "init_conv.main.0.weight"
_MOST = 1 << 12


class Naive(NamedTuple):
    """What such a checkpoint holds: the network's sizes and state, and the process."""

    shape: NaiveUNetShape
    state: dict[str, Tensor]
    schedule: Schedule


def is_one(weights: Mapping[str, Tensor]) -> bool:
    """Whether these are the weights of such a network."""
    return MARK in weights or _PREFIX + MARK in weights


def read(what: str, weights: Mapping[str, Tensor], *, size: int) -> Naive:
    """The network and its process; a network without its process has that of the published scripts, T = 1000.

    size   width and height of its pictures, which its weights do not tell

    The network is told i/T for x_t = √ᾱ_i x0 + √(1 − ᾱ_i) ε with i = 1 … T, which is our t; the table that is saved
    begins one entry before, ᾱ_i = ∏_{j=0…i} α_j, so that our first step is its first two.

    Errors: `CheckpointError` for other names or shapes; `InputError` for a size that the network cannot have.
    """
    inside = _PREFIX + MARK in weights
    network = {name.removeprefix(_PREFIX): tensor for name, tensor in weights.items()
               if name.startswith(_PREFIX) or (not inside and name not in _TABLES)}
    left = [name for name in weights if inside and not name.startswith(_PREFIX) and name not in _TABLES]
    if left:
        raise CheckpointError(f"{what} is not a DDPM of minDiffusion: it has {listed(left)} beyond it")
    shape = _shape(what, network, size)
    return Naive(shape, _state(what, network, shape), schedule_of(_betas(what, weights.get("alpha_t"))))


def _betas(what: str, kept: Tensor | None) -> Tensor:
    """The β of our table, (T,), from its α of entries 0 … T."""
    if kept is None:
        kept = 1 - torch.linspace(_FIRST, _LAST, _STEPS + 1, dtype=torch.float64)
    if kept.ndim != 1 or len(kept) < 2 or not bool(((kept > 0) & (kept < 1)).all()):
        raise CheckpointError(f"{what}: alpha_t is no table of α in (0, 1)")
    kept = kept.double()
    return torch.cat([1 - kept[:2].prod(0, keepdim=True), 1 - kept[2:]])


def _shape(what: str, network: Mapping[str, Tensor], size: int) -> NaiveUNetShape:
    first = network.get(_FIRST_LAYER)
    if first is None or first.ndim != 4:
        raise CheckpointError(f"{what} is not of minDiffusion's published layout: it lacks {_FIRST_LAYER}")
    width, channels = first.shape[:2]
    if not 0 < width <= _MOST or width % 8:
        raise CheckpointError(f"{what} is no NaiveUnet: it would have {width} channels, not a multiple of 8")
    return NaiveUNetShape(size=size, channels=channels, width=width)


def _state(what: str, network: Mapping[str, Tensor], shape: NaiveUNetShape) -> dict[str, Tensor]:
    with torch.device("meta"):
        return whole(what, "NaiveUnet", network, NaiveUNet(shape).state_dict())
