"""A forecaster under examination: called again and again, in the same state and with the same random draws."""

import copy
import inspect
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from genloom.errors import GenloomError, InputError
from genloom.rng import fold, generator
from genloom.training.method import Batch, Source

_NAMES = ("x", "x_marks", "y_marks", "y")
_CALL = "model(x, x_marks, y_marks, y=None)"


class Raised(GenloomError):
    """What a model raised when it was called."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"it raises {type(error).__name__}: {' '.join(str(error).split())[:200]}")


class Probe:
    """A copy of a model with some windows, on the model's device.

    model      any module that is called as model(x (B, L, C), x_marks (B, L, M), y_marks (B, H, M), y=None) and returns
               (B, H, C) or (B, H, C, P), or a tuple whose first is that; it may take the first of these alone. With
               y, the truth (B, H, C), a decoder may look at true values before the step that it forecasts ("teacher
               forcing")
    batch      the windows, of which there are `count`
    forecast   what it says of them

    Errors: `InputError` where it cannot be called so, or returns something else.
    """

    def __init__(self, model: nn.Module, batch: Batch, seed: int = 0) -> None:
        self.model, self._seed = _copied(model).eval(), seed
        self._device, dtype = _place(model)
        self.batch = {name: batch[name].to(self._device, dtype) for name in _NAMES}
        self._taken = taken(model)
        try:
            self.forecast = self.call()
        except Raised as error:
            raise InputError("model", type(model).__name__, f"callable as {_CALL}",
                             f"with x of {tuple(self.batch['x'].shape)} {error}") from error
        self._check_shape()

    @property
    def count(self) -> int:
        """Number of windows."""
        return len(self.batch["x"])

    @property
    def horizon(self) -> int:
        """Steps of a forecast."""
        return self.batch["y"].shape[1]

    @property
    def takes_truth(self) -> bool:
        """Whether it can be given y."""
        return "y" in self._taken

    def call(self, batch: Mapping[str, Tensor] | None = None, *, truth: Tensor | None = None, training: bool = False,
             draw: int = 0, others: Mapping[str, Any] | None = None) -> Tensor:
        """The forecasts of windows, by default of all, without gradients.

        truth      y, where it is to be given
        training   in training mode, by a further copy, whose state is thrown away
        draw       number of the random draws: the same number, the same draws
        others     further arguments by name

        Errors: `Raised`, whatever the model raises.
        """
        given: dict[str, Tensor | None] = {**(self.batch if batch is None else batch), "y": truth}
        # copies, since a model may write into what it is given
        told = [None if (each := given[name]) is None else each.clone() for name in self._taken]
        model = _copied(self.model).train() if training else self.model
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices), torch.no_grad():
            torch.manual_seed(fold(self._seed, draw))
            try:
                found = model(*told, **(others or {}))
            except (Exception, SystemExit) as error:  # the reader's own code may raise anything, and must not end this
                raise Raised(error) from error
        return cast(Tensor, found[0] if isinstance(found, tuple) else found)

    def part(self, rows: Tensor | slice) -> dict[str, Tensor]:
        """Some of the windows, in this order."""
        return {name: tensor[rows] for name, tensor in self.batch.items()}

    def noise(self, like: Tensor, draw: int) -> Tensor:
        """Standard normal numbers of a shape, on the same device."""
        drawn = torch.randn(like.shape, generator=generator(self._seed, 1, draw))
        return drawn.to(like.device, like.dtype)

    def _check_shape(self) -> None:
        found, asked = self.forecast, tuple(self.batch["y"].shape)
        if not isinstance(found, Tensor) or found.ndim not in (3, 4) or tuple(found.shape[:3]) != asked:
            shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise InputError("model", shape, f"such that it returns a forecast of shape {asked} for these windows",
                             "or (B, H, C, P), P numbers for each step and channel")
        if not found.is_floating_point():
            raise InputError("model", str(found.dtype), "such that it returns floating-point numbers")
        broken = int((~found.isfinite()).sum())
        if broken:
            raise InputError(
                "model", f"{broken:,} of {found.numel():,} forecasts not finite", "one of finite forecasts",
                "nothing can be told of others")


def windows_of(source: Source, count: int) -> Batch:
    """`count` windows spread evenly over a source, or as many as there are."""
    return source.batch(torch.linspace(0, len(source) - 1, min(count, len(source))).long())


def taken(model: nn.Module) -> tuple[str, ...]:
    """What a model takes of x, x_marks, y_marks and y, in its own order.

    Where its arguments have other names they count as the first of these; what has "mask" in its name is left out.
    """
    own = inspect.signature(model.forward).parameters.values()
    if any(each.kind is each.VAR_POSITIONAL for each in own):
        return _NAMES
    names = [each.name for each in own if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
             and "mask" not in each.name]
    return tuple(names) if set(names) <= set(_NAMES) else _NAMES[: len(names)]


def _place(model: nn.Module) -> tuple[torch.device, torch.dtype]:
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            return tensor.device, tensor.dtype
    return torch.device("cpu"), torch.float32


def _copied(model: nn.Module) -> nn.Module:
    """A copy, so that nothing that is tried leaves a trace."""
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise InputError("model", type(model).__name__, "such that `copy.deepcopy` copies it",
                         f"that raises {type(error).__name__}: {str(error)[:200]}") from error
