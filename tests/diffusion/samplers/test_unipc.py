"""UniPC: its coefficients, its orders, its refusals."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.ddim import ddim
from genloom.diffusion.samplers.unipc import _weights, unipc
from genloom.diffusion.schedule import EDM, cosine
from genloom.errors import InputError

DOUBLE = torch.float64


def test_two_weights_integrate_parabolas_exactly() -> None:
    """h ∫₀¹ e^{−h(1−r)} r^j dr = (1 − e^{−h}) Σ_k ρ_k r_k^{j−1} for j = 1, 2 and any nodes r_k: what Eq. 11 claims."""
    h, nodes = 0.7, [-0.8, 1.0]
    rho = _weights(nodes, h)
    r = (np.arange(200_000) + 0.5) / 200_000
    for power in (1, 2):
        exact = (np.exp(-h * (1 - r)) * r**power).mean() * h / (1 - math.exp(-h))
        found = sum(weight * node ** (power - 1) for weight, node in zip(rho, nodes, strict=True))
        assert found == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize(("options", "expected"), [
    ({"order": 1, "corrector": False}, 1), ({"order": 2, "corrector": False}, 2),
    ({"order": 1}, 2), ({"order": 2}, 3),
])
def test_the_corrector_raises_the_order_by_1(options: dict[str, Any], expected: int, gaussian: Any,
                                             levels_between: Any) -> None:
    """UniP-p has order p, UniPC-p has p + 1, although nothing corrects the last step. [Zhao et al. 2023, Cor. 3.2]"""
    schedule = EDM(0.02, 10.0)
    oracle = gaussian(schedule)
    counts, errors = [80, 160, 320, 640], []
    for steps in counts:
        levels = levels_between(schedule, 10.0, 0.1, steps)
        x = oracle.start(levels[0], torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None])
        *_, last = unipc(oracle, x, levels, **options)
        errors.append((last.x - oracle.flow(x, levels[0], levels[-1])).abs().max().item())
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(expected, abs=0.15), errors


def test_order_1_without_corrector_is_ddim(gaussian: Any) -> None:
    schedule = cosine()
    oracle, levels = gaussian(schedule), grid(schedule, 10)
    x = torch.linspace(-2, 2, 5, dtype=DOUBLE)[:, None]
    for a, b in zip(unipc(oracle, x, levels, order=1, corrector=False), ddim(oracle, x, levels), strict=True):
        assert torch.allclose(a.x, b.x, atol=1e-9)


@pytest.mark.parametrize("order", [0, 4, 2.5])
def test_other_orders_are_refused(order: float, gaussian: Any) -> None:
    with pytest.raises(InputError, match="order"):
        next(unipc(gaussian(cosine()), torch.zeros(1, 1), grid(cosine(), 4), order=order))  # type: ignore[arg-type]
