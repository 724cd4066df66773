"""Does a forecast need what attention looks at? Attention is replaced by something that knows less."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from genloom.errors import UnknownName
from genloom.forecasting.attending import Attending
from genloom.forecasting.observation import visible_pairs

Ablation = Literal["uniform", "mean", "foreign"]

ABLATIONS: dict[str, str] = {
    "uniform": "each query looks at all it may see alike",
    "mean": "each query looks by the mean weights of its batch, whatever its own window holds",
    "foreign": "each window is looked at by the weights of another one, half a batch away",
}
"""What may stand in place of attention."""


@contextmanager
def ablated(attentions: "list[Attending] | nn.Module", by: Ablation) -> Iterator[None]:
    """Inside the `with`, these attentions, or all of a module, mix values by other weights.

    A score that stays as it was under "mean" needs no weights of the window's own, and one that stays under "uniform"
    none at all. It holds for forecasts in one pass; keys and values that are kept from step to step go past it.

    Errors: `UnknownName`.
    """
    if by not in ABLATIONS:
        raise UnknownName("ablation", by, list(ABLATIONS))
    chosen = attentions if isinstance(attentions, list) else [
        each for each in attentions.modules() if isinstance(each, Attending)]
    hooks = [each.register_forward_hook(_HOOKS[by]) for each in {id(each): each for each in chosen}.values()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _uniform(attending: nn.Module, inputs: tuple[Any, ...], mixed: Tensor) -> Tensor:
    assert isinstance(attending, Attending)
    query, key, value = inputs
    seen = visible_pairs(attending, query.shape[2], key.shape[2]).to(value)
    return cast(Tensor, (seen / seen.sum(1, keepdim=True)) @ value)


def _mean(attending: nn.Module, inputs: tuple[Any, ...], mixed: Tensor) -> Tensor:
    assert isinstance(attending, Attending)
    query, key, value = inputs
    mean = sum(weights for weights in _each(attending, query, key)) / len(query)
    return cast(Tensor, mean @ value)


def _foreign(attending: nn.Module, inputs: tuple[Any, ...], mixed: Tensor) -> Tensor:
    assert isinstance(attending, Attending)
    query, key, value = inputs
    others = len(value) // 2  # of a batch in the order of time the neighbour is much the same window
    weights = _each(attending, query.roll(others, 0), key.roll(others, 0))
    return torch.stack([each @ mine for each, mine in zip(weights, value, strict=True)])


def _each(attending: Attending, query: Tensor, key: Tensor) -> Iterator[Tensor]:
    """The weights of one window after the other, since those of all take much memory."""
    return (attending.weights(q[None], k[None])[0] for q, k in zip(query, key, strict=True))


_HOOKS: dict[str, Callable[[nn.Module, tuple[Any, ...], Tensor], Tensor]] = {
    "uniform": _uniform, "mean": _mean, "foreign": _foreign}
