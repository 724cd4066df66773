"""Optimizers from their options, and their state as named tensors."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.training import options
from genloom.training.method import Networks

Optimizers = Mapping[str, torch.optim.Optimizer]


def build(option: options.Optimizer, network: nn.Module) -> torch.optim.Optimizer:
    """The fused optimizer of a network's trainable parameters: one call for all of them, on CPU and GPU."""
    parameters = trainable(network)
    betas = (option.beta1, option.beta2)
    match option.name:
        case "adam":
            return torch.optim.Adam(parameters, option.lr, betas, weight_decay=option.weight_decay, fused=True)
        case "adamw":
            return torch.optim.AdamW(parameters, option.lr, betas, weight_decay=option.weight_decay, fused=True)
        case "sgd":
            return torch.optim.SGD(parameters, option.lr, option.beta1, weight_decay=option.weight_decay, fused=True)


def trainable(network: nn.Module) -> list[nn.Parameter]:
    """The parameters that an optimizer moves, each once."""
    return [p for p in network.parameters() if p.requires_grad]


def check(name: str, option: options.Optimizer) -> None:
    """Refuse values that cannot train.

    Errors: `InputError` that names the option.
    """
    limits = (("lr", option.lr > 0, "above 0"), ("beta1", 0 <= option.beta1 < 1, "in [0, 1)"),
              ("beta2", 0 <= option.beta2 < 1, "in [0, 1)"), ("weight_decay", option.weight_decay >= 0, "at least 0"),
              ("warmup", option.warmup >= 0, "at least 0"), ("final", 0 <= option.final <= 1, "in [0, 1]"))
    for field, allowed, text in limits:
        if not allowed:
            raise InputError(f"{name}.{field}", getattr(option, field), text)


class Slots(NamedTuple):
    """An optimizer's state of one parameter: "network/parameter", itself, its state, and the slots it should have."""

    key: str
    parameter: nn.Parameter
    state: dict[str, Tensor]
    expected: set[str]


def slots(optimizers: Optimizers, networks: Networks) -> Iterator[Slots]:
    """The state of every parameter that an optimizer holds."""
    for name, optimizer in optimizers.items():
        names = {parameter: key for key, parameter in networks[name].named_parameters()}
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                key = f"{name}/{names[parameter]}"
                yield Slots(key, parameter, optimizer.state[parameter], slot_names(optimizer))


def slot_names(optimizer: torch.optim.Optimizer) -> set[str]:
    """What the optimizer keeps of a parameter that it has moved."""
    if isinstance(optimizer, torch.optim.SGD):
        return {"momentum_buffer"} if optimizer.defaults["momentum"] else set()
    return {"step", "exp_avg", "exp_avg_sq"}


def tensors(optimizers: Optimizers, networks: Networks) -> dict[str, Tensor]:
    """The optimizers' state by "network/parameter#slot"; a slot that was never used is not there."""
    return {f"{key}#{slot}": value for key, _, state, _ in slots(optimizers, networks) for slot, value in state.items()
            if isinstance(value, Tensor)}
