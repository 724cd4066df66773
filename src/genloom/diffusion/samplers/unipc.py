"""UniPC: a multistep predictor in λ = log α/σ whose steps are corrected by the next estimate, at no further cost."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import expm1, factorial, inf
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.dpmpp import log_ratio
from genloom.diffusion.samplers.require import signal
from genloom.diffusion.samplers.state import SharedLevel, State, shared
from genloom.diffusion.schedule import Level
from genloom.errors import InputError
from genloom.rng import Noise


class _Past(NamedTuple):
    """A level that was visited, and the data estimate there."""

    level: SharedLevel
    x0: Tensor


def unipc(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
          order: int = 2, corrector: bool = True) -> Iterator[State]:
    """UniP-p, and UniC-p once x̂0 at the new level is known; B(h) = e^{−h} − 1. [Zhao et al. 2023, Alg. 5 to 8, "B2"]

        x_s = (σ_s/σ_t) x − α_s B(h) (x̂0 + Σ_k ρ_k D_k),    D_k = (x̂0 at level k − x̂0)/r_k,  r_k = (λ_k − λ_t)/h

    k runs over the p − 1 levels before t and, in the corrector, over s. The states show what the predictor says; the
    corrector amends x before the next step. The first steps, and with p = 3 the last but one, are of lower order.

    order       p: 1, 2 or 3. The error falls with order p + 1 for p ≤ 2, without the corrector with order p; p = 3 has
                smaller errors but the same order, since its first steps are of lower order
    corrector   False is UniP alone

    Errors: `InputError` for another order, or where α = 0.
    """
    if order not in (1, 2, 3):
        raise InputError("sampling.order", order, "1, 2 or 3")
    signal("unipc", levels)
    past: list[_Past] = []
    used, before = 0, x
    last = len(levels) - 1 if levels[-1].sigma == 0 else inf
    for i, (now, then) in enumerate(pairwise(shared(levels))):
        x0, _ = denoiser(x, now.t)
        if then.sigma == 0:
            yield State(then, x0, x0)
            return
        here = _Past(now, x0)
        if past and corrector:
            x = _advance(before, past[-1], now, [*past[-used:-1], here])
        past.append(here)
        used, before = int(min(order, i + 1, last - i)), x
        x = _advance(x, here, then, past[-used:-1])
        yield State(then, x, x0)


def _advance(x: Tensor, here: _Past, then: SharedLevel, others: Sequence[_Past]) -> Tensor:
    """From x at a level to another, with the estimates here and at other levels."""
    now = here.level
    h = log_ratio(then) - log_ratio(now)
    nodes = [(log_ratio(other.level) - log_ratio(now)) / h for other in others]
    parts = [rho / node for rho, node in zip(_weights(nodes, h), nodes, strict=True)]
    mixed = (1 - sum(parts)) * here.x0
    for part, other in zip(parts, others, strict=True):
        mixed = torch.add(mixed, other.x0, alpha=part)
    return torch.add(then.sigma / now.sigma * x, mixed, alpha=-then.alpha * expm1(-h))


def _weights(nodes: Sequence[float], h: float) -> list[float]:
    """ρ with Σ_k ρ_k r_k^{j−1} = b_j for j = 1 … n; ½ for a single node, which is as accurate.

    [Zhao et al. 2023, Eq. 11]: b_j = j! φ_{j+1}/φ_1 with φ_1 = (e^z − 1)/z, φ_{j+1} = (φ_j − 1/j!)/z and z = −h.
    """
    if len(nodes) <= 1:
        return [0.5] * len(nodes)
    phi = [expm1(-h) / -h]
    for j in range(1, len(nodes) + 1):
        phi.append((phi[-1] - 1 / factorial(j)) / -h)
    right = [factorial(j) * phi[j] / phi[0] for j in range(1, len(nodes) + 1)]
    powers = np.vander(np.array(nodes), increasing=True).T
    return [float(rho) for rho in np.linalg.solve(powers, np.array(right))]
