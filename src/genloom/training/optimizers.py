"""Optimizers from their options, and their state as named tensors."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.training import options
from genloom.training.method import Networks

Parts = tuple[torch.optim.Optimizer, ...]
"""What moves one network: each of its parameters is in one of them."""

Optimizers = Mapping[str, Parts]


def build(option: options.Optimizer, network: nn.Module) -> Parts:
    """The optimizers of a network's trainable parameters, fused: one call for all of them, on CPU and GPU.

    muon is for the matrices of hidden layers; AdamW moves the others at the same rate, since a step of Muon is made as
    long as Adam's usually are: .2 √max(m, n) times an orthogonal matrix. [Jordan 2024; Liu et al. 2025, Eq. 4]

    Errors: `InputError` for muon and a network without such matrices.
    """
    parameters = trainable(network)
    betas, decayed = (option.beta1, option.beta2), groups(option, parameters)
    match option.name:
        case "adam":
            return (torch.optim.Adam(decayed, option.lr, betas, weight_decay=option.weight_decay, fused=True),)
        case "adamw":
            return (_adamw(option, parameters),)
        case "sgd":
            return (torch.optim.SGD(decayed, option.lr, option.beta1, weight_decay=option.weight_decay, fused=True),)
        case "muon":
            matrices = hidden_matrices(network)
            if not matrices:
                raise InputError("optimizer.name", "muon", "another: this network has no blocks with matrices",
                                 "pass --optimizer.name adamw")
            held = set(matrices)
            rest = [parameter for parameter in parameters if parameter not in held]
            muon = torch.optim.Muon(matrices, option.lr, weight_decay=option.weight_decay,
                                    adjust_lr_fn="match_rms_adamw")
            return (muon, _adamw(option, rest)) if rest else (muon,)


def _adamw(option: options.Optimizer, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups(option, parameters), option.lr, (option.beta1, option.beta2),
                             weight_decay=option.weight_decay, fused=True)


def groups(option: options.Optimizer, parameters: list[nn.Parameter]) -> list[dict[str, Any]]:
    """The parameters by their weight decay: in one group, or those of two dimensions or more apart from the others.

    Biases and gains are few and set a scale, which decay would pull to 0; an embedding is a matrix here.
    """
    if option.decay == "all" or option.weight_decay == 0:
        return [{"params": parameters}]
    matrices = [parameter for parameter in parameters if parameter.ndim >= 2]
    rest = [parameter for parameter in parameters if parameter.ndim < 2]
    found: list[dict[str, Any]] = [{"params": matrices}, {"params": rest, "weight_decay": 0.0}]
    return [group for group in found if group["params"]]


def hidden_matrices(network: nn.Module) -> list[nn.Parameter]:
    """The trainable weights of the linear layers inside blocks, which are what an `nn.ModuleList` repeats.

    First and last layers and embeddings are not among them: their rows have a meaning of their own.
    """
    inside = {layer for blocks in network.modules() if isinstance(blocks, nn.ModuleList)
              for layer in blocks.modules() if isinstance(layer, nn.Linear)}
    held = {id(layer.weight) for layer in inside}
    return [parameter for parameter in trainable(network) if id(parameter) in held]


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
    for name, parts in optimizers.items():
        names = {parameter: key for key, parameter in networks[name].named_parameters()}
        for optimizer in parts:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    key = f"{name}/{names[parameter]}"
                    yield Slots(key, parameter, optimizer.state[parameter], slot_names(optimizer))


def slot_names(optimizer: torch.optim.Optimizer) -> set[str]:
    """What the optimizer keeps of a parameter that it has moved."""
    if isinstance(optimizer, torch.optim.SGD):
        return {"momentum_buffer"} if optimizer.defaults["momentum"] else set()
    if isinstance(optimizer, torch.optim.Muon):
        return {"momentum_buffer"}
    return {"step", "exp_avg", "exp_avg_sq"}


def tensors(optimizers: Optimizers, networks: Networks) -> dict[str, Tensor]:
    """The optimizers' state by "network/parameter#slot"; a slot that was never used is not there."""
    return {f"{key}#{slot}": value for key, _, state, _ in slots(optimizers, networks) for slot, value in state.items()
            if isinstance(value, Tensor)}
