"""The norm of a window goes there and back, and what it leaves has neither level nor scale."""

import pytest
import torch

from genloom.forecasting.revin import InstanceNorm


def windows() -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    return 3 + 2 * torch.randn(4, 10, 3, generator=random, dtype=torch.float64)


@pytest.mark.parametrize("kind", ["none", "last", "mean", "instance"])
@pytest.mark.parametrize("affine", [False, True])
def test_there_and_back(kind: str, affine: bool) -> None:
    norm, x = InstanceNorm(kind, 3, affine=affine).double(), windows()
    if affine:
        torch.nn.init.normal_(norm.gain)
        torch.nn.init.normal_(norm.bias)
    inner, back = norm(x)
    torch.testing.assert_close(inner * back.scale + back.shift, x)
    torch.testing.assert_close(norm.apply_to(x, back), inner)
    assert (back.scale > 0).all()


def test_mean_leaves_mean_0_and_the_scale() -> None:
    x = windows()
    inner, back = InstanceNorm("mean")(x)
    torch.testing.assert_close(inner.mean(1), torch.zeros(4, 3).double(), rtol=0, atol=1e-12)
    torch.testing.assert_close(inner.var(1), x.var(1))
    assert bool((back.scale == 1).all())


def test_instance_leaves_mean_0_and_deviation_1() -> None:
    inner, _ = InstanceNorm("instance")(windows())
    torch.testing.assert_close(inner.mean(1), torch.zeros(4, 3).double(), rtol=0, atol=1e-12)
    torch.testing.assert_close(inner.var(1, correction=0), torch.ones(4, 3).double(), rtol=1e-4, atol=0)


def test_a_gain_and_a_shift_are_what_the_formula_says() -> None:
    norm, x = InstanceNorm("instance", 3, affine=True).double(), windows()
    torch.nn.init.constant_(norm.gain, 0.5)
    torch.nn.init.constant_(norm.bias, -2.0)
    plain, _ = InstanceNorm("instance")(x)
    torch.testing.assert_close(norm(x)[0], plain * torch.tensor(0.5).double().exp() - 2)


def test_last_ends_at_0_and_none_changes_nothing() -> None:
    x = windows()
    assert not InstanceNorm("last")(x)[0][:, -1].any()
    assert torch.equal(InstanceNorm("none")(x)[0], x)


def test_a_constant_window_stays_finite() -> None:
    inner, back = InstanceNorm("instance")(torch.full((1, 5, 2), 7.0))
    assert not inner.any()
    torch.testing.assert_close(inner * back.scale + back.shift, torch.full((1, 5, 2), 7.0))
