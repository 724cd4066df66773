"""The Bayes-optimal loss: what the best possible denoiser would reach, beside which every training loss stands."""

from typing import NamedTuple

from torch import Tensor

from genloom.diffusion.loss import Weight, noise
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.prediction import noise as noise_row
from genloom.diffusion.schedule import Time
from genloom.diffusion.sobol import mean_and_error, normal, scramblings
from genloom.diffusion.times import TimeLaw, uniform
from genloom.errors import InputError


class Measured(NamedTuple):
    """A number and its standard error."""

    value: float
    stderr: float


def bayes_loss(oracle: Oracle, count: int = 2**18, seed: int = 0, *, conditional: bool = False, repeats: int = 16,
               times: TimeLaw | None = None, weight: Weight = noise) -> Measured:
    """E_t w(t) E‖ε − E[ε | x_t]‖² / D: the smallest expected loss, with t ~ U(first, 1) unless `times` says otherwise.

    E[ε | x_t] is a projection, so the mean over x_t is 1 − E‖E[ε | x_t]‖²/D, which has a smaller variance than the
    squared error itself. The integral over (t, x0, ε) is taken by scrambled Sobol points.

    count         points over all repeats
    conditional   True for a denoiser that is told the class
    repeats       independent scramblings, whose spread is the standard error
    weight        of the noise error; 1 by default

    Errors: `InputError` for `conditional` without classes.
    """
    if conditional and not oracle.classes:
        raise InputError("conditional", True, "False for a distribution without classes")
    law = times or uniform(oracle.schedule)
    points = scramblings(max(1, count // repeats), 2 * oracle.dim + 2, seed, repeats)
    value, stderr = mean_and_error([_one(oracle, u, law, weight, conditional).mean() for u in points])
    return Measured(value.item(), stderr.item())


def _one(oracle: Oracle, u: Tensor, law: TimeLaw, weight: Weight, conditional: bool) -> Tensor:
    split = oracle.dim + 2
    t, (x0, labels), eps = law(u[:, 0]), oracle.place(u[:, 1:split]), normal(u[:, split:])
    level = oracle.schedule.level(t)
    alpha, sigma = (_column(value, x0) for value in (level.alpha, level.sigma))
    x = alpha * x0 + sigma * eps.reshape(x0.shape)
    believed = (oracle.with_labels(labels) if conditional else oracle)(x, t).eps
    return weight(level, noise_row) * (1 - believed.flatten(1).square().mean(1))


def _column(value: Time, like: Tensor) -> Tensor:
    assert isinstance(value, Tensor)
    return value.reshape(-1, *(1,) * (like.ndim - 1))
