"""Annealed Langevin dynamics."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.samplers.require import noise_for, signal
from genloom.diffusion.samplers.state import SharedLevel, State, shared
from genloom.diffusion.schedule import Level
from genloom.errors import InputError
from genloom.rng import Noise


def langevin(denoiser: Denoiser, x: Tensor, levels: Sequence[Level], *, noise: Noise | None = None,
             epsilon: float | None = None, per_level: int = 100, denoise: bool = False) -> Iterator[State]:
    """T steps x ← x + a·score + √(2a) z at each of L falling noise levels, a = ε σ_i²/σ_L².

    [Song & Ermon 2019, Alg. 1] writes (a/2, √a): its ε is twice this one. Where α is not 1, a = ε σ_i²/ρ_L² with
    ρ = σ/α, and x is scaled by α_{i+1}/α_i between levels: the same steps, taken by x/α. A clean level in `levels` is
    no noise level, so `grid(schedule, L, "log-snr")` gives L geometric levels. Each Langevin step yields a state, L·T
    in all.

    epsilon     ε, the step at the last level; 0.1 σ_L² unless given
    per_level   T
    denoise     end with x̂0, as one more state at the clean level; the algorithm itself ends with σ_L of noise

    Errors: `InputError` without noise or levels, for T < 1, where α = 0, or ε outside (0, 2 ρ_L²), where x diverges: at
    data that are one point a step multiplies the distance by 1 − ε/ρ_L².
    """
    draw = noise_for("langevin", noise)
    noisy = [level for level in shared(levels) if level.sigma > 0]
    signal("langevin", noisy)
    smallest, step = _step(noisy, epsilon)
    if per_level < 1:
        raise InputError("sampling.per_level", per_level, "at least 1")
    alpha = noisy[0].alpha
    for level in noisy:
        x, alpha = (x if level.alpha == alpha else level.alpha / alpha * x), level.alpha
        a = step * level.sigma**2 / smallest**2
        for _ in range(per_level):
            x0, eps = denoiser(x, level.t)
            x = torch.add(torch.add(x, eps, alpha=-a / level.sigma), draw(), alpha=(2 * a) ** 0.5)
            yield State(level, x, x0)
    if denoise:
        x0, _ = denoiser(x, noisy[-1].t)
        yield State(Level(0.0, 1.0, 0.0), x0, x0)


def _step(noisy: Sequence[SharedLevel], epsilon: float | None) -> tuple[float, float]:
    """ρ_L and ε."""
    if not noisy:
        raise InputError("levels", [], "at least one level with noise")
    smallest = noisy[-1].sigma / noisy[-1].alpha
    step = 0.1 * smallest**2 if epsilon is None else epsilon
    if not 0 < step < 2 * smallest**2 * (1 - 1e-9):  # the limit itself is refused, whichever way σ_L was rounded
        raise InputError("sampling.epsilon", step, f"in (0, {2 * smallest**2:.4g}): Langevin diverges from 2 σ_L² on",
                         f"pass --sampling.epsilon {0.1 * smallest**2:.4g}")
    return smallest, step
