"""Adversarial losses as functions of logits, in forms whose gradients hold at any size of the logits.

A discriminator gives a logit l with D = sigmoid(l), so log D = −softplus(−l) and log(1 − D) = −softplus(l). Taking the
logarithm of a sigmoid plus a small number instead lets the gradient die where the discriminator is sure.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from genloom.errors import InputError, UnknownName


def cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """−E log D(real) − E log(1 − D(fake)), for the discriminator. [Goodfellow et al. 2014, Eq. 1]

    real, fake   logits of two separate batches, of any shapes

    The best D is p/(p + q), where the loss is log 4 − 2 JSD(p, q); it is log 4 at D = ½.

    >>> round(cross_entropy(torch.zeros(3), torch.zeros(5)).item(), 4)
    1.3863
    """
    return softplus(-_exact(real)).mean() + softplus(_exact(fake)).mean()


def non_saturating(fake: Tensor) -> Tensor:
    """−E log D(fake), for the generator: its gradient is −1 where the discriminator is sure. [Goodfellow 2014, §3]"""
    return softplus(-_exact(fake)).mean()


def minimax(fake: Tensor) -> Tensor:
    """E log(1 − D(fake)), for the generator: its gradient vanishes where the discriminator is sure. [ibid., Eq. 1]"""
    return -softplus(_exact(fake)).mean()


def squares(real: Tensor, fake: Tensor) -> Tensor:
    """½ E(real − 1)² + ½ E fake², for the discriminator. [Mao et al. 2017, Eq. 9]"""
    return ((_exact(real) - 1).square().mean() + _exact(fake).square().mean()) / 2


def square(fake: Tensor) -> Tensor:
    """½ E(fake − 1)², for the generator. [Mao et al. 2017, Eq. 9]"""
    return (_exact(fake) - 1).square().mean() / 2


def margins(real: Tensor, fake: Tensor) -> Tensor:
    """E max(0, 1 − real) + E max(0, 1 + fake), for the discriminator. [Miyato et al. 2018, Eq. 16]"""
    return relu(1 - _exact(real)).mean() + relu(1 + _exact(fake)).mean()


def linear(fake: Tensor) -> Tensor:
    """−E fake, for the generator beside `margins`. [Miyato et al. 2018, Eq. 17]"""
    return -_exact(fake).mean()


def critic(real: Tensor, fake: Tensor) -> Tensor:
    """E fake − E real, for a critic of bounded slope. [Arjovsky et al. 2017, Eq. 2 and Alg. 1]

    Over all critics whose slope is at most 1 its minimum is −W₁(p, q).
    """
    return _exact(fake).mean() - _exact(real).mean()


def pairs(real: Tensor, fake: Tensor) -> Tensor:
    """E softplus(−(real − fake)) over pairs of one real and one fake, for the discriminator. [Huang et al. 2024, Eq. 2]

    Errors: `InputError` for other shapes than one real for each fake.
    """
    if real.shape != fake.shape:
        raise InputError("real, fake", (tuple(real.shape), tuple(fake.shape)), "logits of equal shapes, a pair each")
    return softplus(_exact(fake) - _exact(real)).mean()


def pairs_reversed(fake: Tensor, real: Tensor) -> Tensor:
    """E softplus(−(fake − real)), for the generator beside `pairs`. [Jolicoeur-Martineau 2019, Eq. 4]"""
    return pairs(fake, real)


class Adversarial(NamedTuple):
    """The two sides of a game.

    discriminator   (logits of real ones, logits of fakes) -> scalar
    generator       logits of fakes -> scalar; (logits of fakes, logits of real ones) -> scalar where `relative`
    tie             the discriminator's loss when it tells nothing apart: the least that one output for all can have, at
                    logits of 0, and for least squares at ½
    relative        the generator's loss needs real ones too, one for each fake
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[..., Tensor]
    tie: float
    relative: bool = False


ADVERSARIAL: dict[str, Adversarial] = {
    "non-saturating": Adversarial(cross_entropy, non_saturating, 2 * math.log(2)),
    "minimax": Adversarial(cross_entropy, minimax, 2 * math.log(2)),
    "least-squares": Adversarial(squares, square, 0.25),
    "hinge": Adversarial(margins, linear, 2.0),
    "wasserstein": Adversarial(critic, linear, 0.0),
    "relativistic": Adversarial(pairs, pairs_reversed, math.log(2), relative=True),
}
"""The games by name."""


def adversarial(name: str) -> Adversarial:
    """The game of this name.

    Errors: `UnknownName`.
    """
    if name not in ADVERSARIAL:
        raise UnknownName("loss.adversarial", name, tuple(ADVERSARIAL))
    return ADVERSARIAL[name]


def _exact(logits: Tensor) -> Tensor:
    """Half precision would round a logit before its exponential is taken."""
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
