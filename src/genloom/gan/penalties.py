"""What keeps a critic's slope in bounds: penalties on its gradient with respect to its input, and clipping.

All are taken in float32, whatever the precision of the game: a norm of a gradient in half precision has no meaning.
Each sample has a norm of its own, over all of its coordinates; a critic whose batch norm mixes samples has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.rng import StepRng

Critic = Callable[[Tensor], Tensor]
"""Samples (B, …) -> logits (B,) or (B, …), which are summed."""

_TINY = 1e-12


def slopes(critic: Critic, x: Tensor) -> Tensor:
    """‖∇_x D(x)‖² of each sample, float32 (B,), which can itself be differentiated.

    x   (B, …); what it was computed from gets no gradient
    """
    with torch.autocast(x.device.type, enabled=False), torch.enable_grad():
        x = x.detach().float().requires_grad_(True)
        (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def unit_slope(critic: Critic, real: Tensor, fake: Tensor, rng: StepRng) -> Tensor:
    """E (‖∇D(x̂)‖ − 1)² at x̂ = ε real + (1 − ε) fake, ε ~ U(0, 1) for each pair. [Gulrajani et al. 2017, Eq. 3]

    real, fake   (B, …), as many of both
    """
    share = rng.uniform((len(real),)).to(real).view(-1, *(1,) * (real.ndim - 1))
    between = share * real.detach() + (1 - share) * fake.detach()
    # the root has no derivative at 0, where dead units may put the slope
    return ((slopes(critic, between) + _TINY).sqrt() - 1).square().mean()


def flat(critic: Critic, x: Tensor) -> Tensor:
    """½ E ‖∇D(x)‖²: R1 where x is real, R2 where x is fake. [Mescheder et al. 2018, Eq. 9 and 10]"""
    return slopes(critic, x).mean() / 2


@torch.no_grad()
def clip_weights(network: nn.Module, most: float) -> None:
    """Every weight into [−most, most], in place. [Arjovsky et al. 2017, Alg. 1]"""
    for parameter in network.parameters():
        parameter.clamp_(-most, most)


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """What is added to the discriminator's loss.

        weight · every · penalty   at every `every`-th step, nothing in between   [Karras et al. 2020, App. B]

    kind     none; unit-slope (WGAN-GP); r1; r2; r1+r2 (R3GAN)
    weight   λ of WGAN-GP, γ of R1 and R2
    drift    ε of `drifting`, which is added in every update whatever the kind

    Errors: `InputError` for a kind that is not there, a negative weight or drift, or less than every step.
    """

    kind: Literal["none", "unit-slope", "r1", "r2", "r1+r2"] = "none"
    weight: float = 10.0
    every: int = 1
    drift: float = 0.0

    def __post_init__(self) -> None:
        for name in ("weight", "drift"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"penalty.{name}", getattr(self, name), "at least 0")
        if self.every < 1:
            raise InputError("penalty.every", self.every, "at least 1", "1 takes it at every step")

    def due(self, step: int) -> bool:
        """Whether the step with this number has it."""
        return self.kind != "none" and self.weight > 0 and step % self.every == 0

    def __call__(self, critic: Critic, real: Tensor, fake: Tensor, rng: StepRng) -> Tensor:
        """The penalty with its weight, for as many real ones as fakes (B, …)."""
        factor = self.weight * self.every
        if self.kind == "unit-slope":
            return factor * unit_slope(critic, real, fake, rng)
        at = {"none": (), "r1": (real,), "r2": (fake,), "r1+r2": (real, fake)}[self.kind]
        return factor * torch.stack([flat(critic, x) for x in at]).sum() if at else real.new_zeros(())

    def drifting(self, logits: Tensor) -> Tensor:
        """ε E D(x)² of the logits of real samples, which a game of differences leaves free to wander off.

        It is in float32. [Karras et al. 2018, App. A.1]
        """
        return self.drift * logits.float().square().mean()

