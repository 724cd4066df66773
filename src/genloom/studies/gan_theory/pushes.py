"""How hard each loss pulls a generator, in closed form: of one sample, and of a density that can only be shifted."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from genloom.gan.losses import ADVERSARIAL
from genloom.gan.oracle import jensen_shannon, push
from genloom.studies.gan_theory.pairs import shifted

TOWARDS = torch.tensor([-1.0], dtype=torch.float64)
"""From N(θ, 1) to N(0, 1)."""
_STEP = 1e-3


def at_best(game: str, theta: float) -> float:
    """How hard q = N(θ, 1) is pushed towards p = N(0, 1) by the best discriminator of a game.

    A shift is the only thing this generator can learn. The hinge's best output jumps from 1 to −1 at θ/2, so its push
    is twice the density of q there; a critic's best slope is 1.
    """
    if game == "hinge":
        return 2 * math.exp(-(theta**2) / 8) / math.sqrt(2 * math.pi)
    return push(ADVERSARIAL[game], _output(game, theta), shifted(theta).table, TOWARDS)


def _output(game: str, theta: float) -> Callable[[Tensor], Tensor]:
    def logit(x: Tensor) -> Tensor:
        return theta**2 / 2 - theta * x[:, 0]

    match game:
        case "least-squares":
            return lambda x: logit(x).sigmoid()
        case "wasserstein":
            return lambda x: -x[:, 0]
        case _:
            return logit


def slope(loss: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
    """dℓ/dl of one sample at each logit, by automatic differentiation of the loss that is trained."""
    at = logits.clone().requires_grad_()
    (found,) = torch.autograd.grad(torch.vmap(loss)(at).sum(), at)
    return found


def naive(logit: Tensor) -> Tensor:
    """−log(sigmoid(l) + 10⁻⁸), as it is often written."""
    return -(logit.sigmoid() + 1e-8).log()


def divergence_slope(theta: float) -> float:
    """d/dθ 2 JSD(N(0, 1), N(θ, 1)) by central differences of the fourth order."""
    near_, far = (jensen_shannon(shifted(theta + k * _STEP).table) - jensen_shannon(shifted(theta - k * _STEP).table)
                  for k in (1, 2))
    return 2 * (8 * near_ - far) / (12 * _STEP)
