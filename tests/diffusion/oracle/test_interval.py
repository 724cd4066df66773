import math

import mpmath
import pytest
import torch

from genloom.diffusion.oracle.interval import normal_on_interval

CENTRES = [0.0, 1e-9, 0.02, 0.7, 3.0, -3.0, 12.0, 50.0, -50.0, 400.0, 1e4]
WIDTHS = [0.0, 1e-12, 1e-6, 0.01, 0.0999, 0.1, 0.5, 1.9, 20.0, 300.0, 1e5]


def _reference(m: float, width: float) -> tuple[float, float]:
    with mpmath.workdps(60):
        m, width = mpmath.mpf(m), mpmath.mpf(width)
        if width == 0:
            return float(mpmath.log(mpmath.npdf(m))), 0.0
        if m < 0:
            value, f = _reference(-m, width)
            return value, -f
        low, high = m - width / 2, m + width / 2
        root = mpmath.sqrt(2)
        mass = (mpmath.erfc(low / root) - mpmath.erfc(high / root)) / 2
        if width * max(m, 1) < mpmath.mpf("1e-5"):  # differences of 60 digits would not be enough: second-order series
            return float(mpmath.log(mpmath.npdf(m))), float(-m * width / 12)
        mean = (mpmath.npdf(low) - mpmath.npdf(high)) / mass
        return float(mpmath.log(mass / width)), float((mean - m) / width)


@pytest.mark.parametrize("m", CENTRES)
def test_agrees_with_sixty_digits_wherever_the_interval_lies(m):
    widths = torch.tensor(WIDTHS, dtype=torch.float64)
    log_mean, f = normal_on_interval(torch.tensor(m, dtype=torch.float64), widths)
    for i, width in enumerate(WIDTHS):
        expected, fraction = _reference(m, width)
        assert log_mean[i].item() == pytest.approx(expected, rel=1e-13, abs=1e-12), width
        assert f[i].item() == pytest.approx(fraction, rel=1e-9, abs=2e-13), width


def test_the_three_forms_meet():
    """Crossing from the quadrature to the tail and from the tail to the centre changes nothing but rounding."""
    step = 1e-12
    for m, width in ((5.0, 0.1), (30.0, 2 / 30.0), (1.0, 2.0), (0.03, 0.06)):
        near = torch.tensor([width * (1 - step), width * (1 + step)], dtype=torch.float64)
        log_mean, f = normal_on_interval(torch.tensor(m, dtype=torch.float64), near)
        assert (log_mean[0] - log_mean[1]).abs() < 1e-11
        assert (f[0] - f[1]).abs() < 1e-11


def test_gradients_are_right_and_finite_everywhere():
    m, width = torch.meshgrid(torch.tensor(CENTRES, dtype=torch.float64), torch.tensor(WIDTHS, dtype=torch.float64),
                              indexing="ij")
    m = m.clone().requires_grad_()
    log_mean, f = normal_on_interval(m, width)
    (slope,) = torch.autograd.grad(log_mean.sum(), m)
    mean = m.detach() + width * f.detach()
    assert slope.isfinite().all()
    assert torch.allclose(slope, -mean, rtol=1e-7, atol=1e-8)  # d log Z/dm = −E[z]


def test_symmetry_and_bounds():
    m, width = torch.linspace(0, 60, 500).double(), torch.rand(500).double() * 5
    log_mean, f = normal_on_interval(m, width)
    mirrored, g = normal_on_interval(-m, width)
    assert torch.equal(log_mean, mirrored)
    assert torch.equal(f, -g)
    assert f.abs().max() < 0.5
    assert (log_mean <= -0.5 * math.log(2 * math.pi)).all()
