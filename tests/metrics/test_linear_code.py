"""The linear code is the best one there is, and exact."""

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.linear_code import area_average, principal


def points(n=40, d=7, seed=0):
    random = torch.Generator().manual_seed(seed)
    scales = torch.linspace(3, 0.2, d, dtype=torch.float64)
    mix = torch.linalg.qr(torch.randn(d, d, generator=random, dtype=torch.float64))[0]
    return 1.5 + (torch.randn(n, d, generator=random, dtype=torch.float64) * scales) @ mix


@pytest.mark.parametrize(("n", "d"), [(40, 7), (9, 30)])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_error_is_the_sum_of_the_singular_values_that_are_left_out(n, d, k):
    x = points(n, d)
    code = principal(x, k)
    left_out = torch.linalg.svdvals(x - x.mean(0))[k:].square().sum()
    torch.testing.assert_close((code(x) - x).square().sum(), left_out, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(code.basis.T @ code.basis, torch.eye(k, dtype=torch.float64), rtol=0, atol=1e-12)


def test_no_other_linear_code_does_better():
    x = points()
    best = (principal(x, 3)(x) - x).square().sum()
    random = torch.Generator().manual_seed(1)
    for _ in range(20):
        basis = torch.linalg.qr(torch.randn(7, 3, generator=random, dtype=torch.float64))[0]
        other = x.mean(0) + (x - x.mean(0)) @ basis @ basis.T
        assert (other - x).square().sum() > best


def test_as_many_numbers_as_the_points_have_lose_nothing():
    x = points(6, 20)
    code = principal(x, 50)
    assert code.basis.shape == (20, 5)
    torch.testing.assert_close(code(x), x, rtol=0, atol=1e-10)


def test_pictures_keep_their_shape_and_type():
    x = points(30, 12).float().reshape(30, 3, 2, 2)
    seen = principal(x, 4)(x)
    assert (seen.shape, seen.dtype) == (x.shape, torch.float32)


def test_of_too_many_points_some_stand_for_all():
    code = principal(points(100, 30), 2, most=20)
    assert code.n == 20
    assert principal(points(100, 30), 2, most=30).n == 100


def test_averages_have_no_more_numbers_than_allowed():
    flat = torch.full((2, 3, 8, 8), 0.25)
    assert torch.equal(area_average(flat, 12), flat)
    x = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(area_average(x, 64), x)
    assert area_average(x, 1).flatten().tolist() == pytest.approx([x.mean().item()] * 64, abs=1e-6)
    quarters = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).repeat_interleave(4, 0).repeat_interleave(4, 1)[None, None]
    seen = area_average(quarters, 4)
    assert seen[0, 0, 0, 0] == 1
    assert seen[0, 0, -1, -1] == 4


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="numbers = 0"):
        principal(points(), 0)
    with pytest.raises(InputError, match="at least 2 points"):
        principal(points(1), 1)
    with pytest.raises(InputError, match="at least 3"):
        area_average(torch.zeros(1, 3, 4, 4), 2)
