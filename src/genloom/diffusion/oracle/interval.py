"""The standard normal on an interval, without overflow, underflow or cancellation wherever the interval lies.

Uniform noise that is blurred by a Gaussian needs two functions of an interval with centre m and width δ:

    log (1/δ) ∫ φ(z) dz     and     f = (E[z | z in the interval] − m)/δ, which lies in (−½, ½)

Three forms cover all cases: around 0 a sum of two positive `erf`; in a tail the scaled `erfcx`; and in the tail of an
interval that is short and nearly flat, where differences would cancel, Gauss–Legendre quadrature.
"""

import math

import numpy as np
import torch
from torch import Tensor

_ROOT2 = math.sqrt(2)
_SHORT, _FLAT = 0.1, 2.0  # δ and m·δ below which 8 nodes are exact to 1e-16 and differences lose 3 digits or more
_NODES, _NODE_WEIGHTS = (torch.from_numpy(part) / 2 for part in np.polynomial.legendre.leggauss(8))


def normal_on_interval(centre: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """(log of the mean of φ over the interval, f), each of the inputs' shape.

    centre   m, any real numbers, float64
    width    δ ≥ 0; at 0 the answers are log φ(m) and 0

    >>> f = normal_on_interval(torch.tensor(50.0).double(), torch.tensor(2.0).double())[1]
    >>> f * 2 + 50  # the mean on [49, 51]
    tensor(49.0204, dtype=torch.float64)
    """
    shape = torch.broadcast_shapes(centre.shape, width.shape)  # type: ignore[no-untyped-call]
    centre, width = centre.expand(shape), width.expand(shape)
    side = torch.where(centre < 0, -1.0, 1.0).to(centre.dtype)
    m = centre * side  # by symmetry the interval's centre is not negative
    tail = m >= width / 2
    short = tail & (width < _SHORT) & (m * width < _FLAT)
    log_mean, f = torch.zeros_like(m), torch.zeros_like(m)
    for rows, form in ((~tail, _around), (tail & ~short, _tail), (short, _quadrature)):
        if rows.all():
            log_mean, f = form(m, width)
        elif rows.any():
            found = form(m[rows], width[rows])
            log_mean, f = log_mean.masked_scatter(rows, found[0]), f.masked_scatter(rows, found[1])
    return log_mean, f * side


def _around(m: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """The interval holds 0: Z = ½ (erf(b/√2) + erf(−a/√2)), and E[z] = (φ(a) − φ(b))/Z."""
    low, high = m - width / 2, m + width / 2
    mass = (torch.erf(high / _ROOT2) + torch.erf(-low / _ROOT2)) / 2
    density = (-0.5 * low.square()).exp() / math.sqrt(2 * math.pi)
    mean = density * -torch.expm1(-m * width) / mass
    return (mass / width).log(), (mean - m) / width


def _tail(m: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """The interval lies beyond 0: Z = ½ e^{−a²/2} [erfcx(a/√2) − e^{−mδ} erfcx(b/√2)]."""
    low, high = m - width / 2, m + width / 2
    fall = -m * width
    scaled = torch.special.erfcx(low / _ROOT2) - fall.exp() * torch.special.erfcx(high / _ROOT2)
    mean = math.sqrt(2 / math.pi) * -torch.expm1(fall) / scaled
    return -0.5 * low.square() + (scaled / (2 * width)).log(), (mean - m) / width


def _quadrature(m: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """φ(m + δs) = φ(m) exp(−mδ s − δ²s²/2), integrated over s ∈ [−½, ½]."""
    m, width, nodes = m[..., None], width[..., None], _NODES.to(m.device)
    weight = _NODE_WEIGHTS.to(m.device) * (-nodes * m * width - 0.5 * (nodes * width).square()).exp()
    total = weight.sum(-1)
    log_mean = total.log() - 0.5 * m[..., 0].square() - 0.5 * math.log(2 * math.pi)
    return log_mean, (weight * nodes).sum(-1) / total
