"""PatchTST sees the newest steps, treats channels alike and apart, and shows its attention."""

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.dropout import Dropout
from genloom.forecasting.layers import LayerShape
from genloom.forecasting.patchtst import PatchShape, PatchTST, TokenBatchNorm


def small(norm: str = "batch") -> PatchTST:
    torch.manual_seed(0)
    return PatchTST(PatchShape(lookback=20, horizon=6, parameters=2, patch=8, stride=4, layers=2, norm=norm,
                               layer=LayerShape(width=8, heads=2, hidden=16, activation="gelu"))).double()


def series(count: int = 4) -> torch.Tensor:
    return torch.randn(count, 20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_the_number_of_patches_is_the_published_one() -> None:
    assert PatchShape(lookback=336).patches == 42
    assert PatchShape(lookback=512).patches == 64


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_channels_do_not_see_one_another(norm: str) -> None:
    network, x = small(norm).eval(), series()
    whole, other = network(x), x.clone()
    assert whole.shape == (4, 6, 3, 2)
    other[:, :, 1] += 1
    changed = (network(other) - whole).abs().amax((0, 1, 3)) > 1e-9
    assert changed.tolist() == [False, True, False]
    torch.testing.assert_close(network(x[:, :, [2, 0, 1]]), whole[:, :, [2, 0, 1]], rtol=0, atol=1e-12)


def test_every_step_of_the_lookback_counts() -> None:
    x = series(1).requires_grad_()
    small().eval()(x).square().sum().backward()
    assert (x.grad.abs().sum((0, 2)) > 0).all()


def test_a_layer_norm_makes_samples_independent_in_training_as_well() -> None:
    network, x = small("layer").train(), series()
    for part in network.modules():
        if isinstance(part, Dropout):
            part.p = 0.0
    torch.testing.assert_close(network(x[:2]), network(x)[:2], rtol=0, atol=1e-12)


def test_batch_norm_is_over_all_tokens() -> None:
    tokens = 3 + 2 * torch.randn(4, 5, 8, dtype=torch.float64)
    found = TokenBatchNorm(8).double()(tokens)
    torch.testing.assert_close(found.mean((0, 1)), torch.zeros(8).double(), rtol=0, atol=1e-9)


def test_it_can_be_looked_at() -> None:
    found = small().eval().look(series())["patches"]
    assert [w.shape for w in found] == [(12, 2, 5, 5)] * 2  # (20 + 4 − 8)/4 + 1 = 5 patches of 4 · 3 channels


def test_patches_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"network.patch"):
        PatchShape(lookback=10, patch=16)
    with pytest.raises(InputError, match=r"network.patch"):
        PatchShape(patch=4, stride=8)
