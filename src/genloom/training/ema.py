"""The exponential moving average of the weights: networks of their own, never swapped into the ones that train."""

from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn

from genloom.training.method import Networks


def decay_at(decay: float, step: int) -> float:
    """min(decay, (1 + step) / (10 + step)): the average forgets the random initial weights of a short run.

    >>> decay_at(0.999, 0), decay_at(0.999, 10**6)
    (0.1, 0.999)
    """
    return min(decay, (1 + step) / (10 + step))


def evaluation_copy(networks: Networks) -> dict[str, nn.Module]:
    """Copies in eval mode; what happens to them does not reach the networks that train."""
    return {name: deepcopy(network).eval() for name, network in networks.items()}


class Average:
    """θ̄ ← d θ̄ + (1 − d) θ for parameters, with d of `decay_at`; buffers (batch norm's statistics) are copied."""

    def __init__(self, networks: Networks, decay: float) -> None:
        self.networks = evaluation_copy(networks)
        self._decay = decay
        self._average = [p.requires_grad_(False) for n in self.networks.values() for p in n.parameters()]
        self._live = [p.detach() for n in networks.values() for p in n.parameters()]
        self._source = networks if any(True for n in networks.values() for _ in n.buffers()) else {}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average towards the weights after step `step` (the first is 0)."""
        torch._foreach_lerp_(self._average, self._live, 1 - decay_at(self._decay, step))
        # Buffers are looked up anew, because a module may put another tensor in one's place.
        for name, network in self._source.items():
            for copy, buffer in zip(self.networks[name].buffers(), network.buffers(), strict=True):
                copy.copy_(buffer)

    def tensors(self) -> Mapping[str, Mapping[str, Tensor]]:
        """State of each averaged network, by its name."""
        return {name: network.state_dict() for name, network in self.networks.items()}
