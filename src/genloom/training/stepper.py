"""One optimizer's part of a step: clear, differentiate, average over the processes, clip, move."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genloom.training import options
from genloom.training.distributed import World
from genloom.training.lr import rate
from genloom.training.optimizers import Parts, trainable


class Stepper:
    """Moves the weights of one network.

    network     whose trainable parameters the `parts` hold
    engine      gives `steps`, `accumulate` and `clip`
    alone       whether no other network is trained; then gradients need not be kept apart
    """

    def __init__(self, network: nn.Module, parts: Parts, option: options.Optimizer,
                 engine: options.Engine, world: World, alone: bool) -> None:
        self._parameters = trainable(network)
        self._parts, self._option, self._engine, self._world = parts, option, engine, world
        # Naming the leaves keeps one update's gradient out of the other networks, and saves computing it.
        self._leaves = None if alone else self._parameters
        self._gradients: list[Tensor] = []

    def clear(self) -> None:
        """Forget the gradient, so that the next one takes its memory."""
        self._gradients = []
        for parameter in self._parameters:
            parameter.grad = None

    def backward(self, loss: Tensor) -> None:
        """Add a micro-batch's share of the gradient."""
        share = loss if self._engine.accumulate == 1 else loss / self._engine.accumulate
        share.backward(inputs=self._leaves)  # type: ignore[no-untyped-call]

    def gather(self, values: Sequence[float]) -> tuple[float, list[float]]:
        """The norm of the gradient, and `values`; both averaged over all processes, the gradient in place."""
        held = [parameter for parameter in self._parameters if parameter.grad is not None]
        averaged = list(values)
        if self._world.size > 1:
            averaged = self._world.average(held, values)
        self._gradients = [parameter.grad for parameter in held if parameter.grad is not None]
        if not self._gradients:
            return 0.0, averaged
        return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(self._gradients))).item(), averaged

    def move(self, step: int, norm: float) -> None:
        """Clip the gradient, whose norm is known, and step."""
        if 0 < self._engine.clip < norm:
            torch._foreach_mul_(self._gradients, self._engine.clip / norm)
        if self._option.warmup or self._option.schedule != "constant":
            for part in self._parts:
                for group in part.param_groups:
                    group["lr"] = self.lr(step)
        for part in self._parts:
            part.step()

    def lr(self, step: int) -> float:
        """Learning rate of a step."""
        return rate(self._option, step, self._engine.steps)
