"""Sums of products of positive features, from their logarithms."""

import pytest
import torch
from torch import Tensor

from genloom.forecasting.attention import kernel, reference


def logs(length: int, features: int = 6, spread: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    draws = torch.Generator().manual_seed(length)
    b, a = (torch.randn(1, 2, length, features, generator=draws, dtype=torch.float64) * spread for _ in range(2))
    return b, a, torch.randn(1, 2, length, 3, generator=draws, dtype=torch.float64)


@pytest.mark.parametrize("length", [1, 5, 63, 64, 65, 200])
def test_both_forms_are_the_plain_sums(length: int) -> None:
    b, a, v = logs(length)
    for causal, mixed in ((False, kernel.mix(b, a, v)), (True, kernel.causal_mix(b, a, v))):
        right = reference.kernel(b.exp().numpy(), a.exp().numpy(), v.numpy(), causal=causal)
        assert reference.relative_error(mixed.numpy(), right) < 1e-13


@pytest.mark.parametrize("causal", [False, True])
def test_features_of_any_size_neither_overflow_nor_vanish(causal: bool) -> None:
    b, a, v = logs(150, spread=3000.0)
    mixed, matrix = ((kernel.causal_mix(b, a, v), kernel.causal_matrix(b, a)) if causal else
                     (kernel.mix(b, a, v), kernel.matrix(b, a)))
    logits = torch.logsumexp(b[:, :, :, None] + a[:, :, None], dim=4)
    if causal:
        logits = logits.masked_fill(torch.ones(150, 150).triu(1).bool(), -torch.inf)
    torch.testing.assert_close(matrix, logits.softmax(3), rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(mixed, logits.softmax(3) @ v, rtol=1e-8, atol=1e-10)
    single = (kernel.causal_mix if causal else kernel.mix)(b.float(), a.float(), v.float())
    assert (single - mixed).norm() / mixed.norm() < 0.02


def test_gradients_are_finite_where_features_rise_by_thousands() -> None:
    b, a, v = (x.float().requires_grad_() for x in logs(100, spread=1000.0))
    gradients = torch.autograd.grad(kernel.causal_mix(b, a, v).square().sum(), (b, a, v))
    assert all(g.isfinite().all() for g in gradients)


def test_large_sequences_compute_again_what_they_do_not_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [x.requires_grad_() for x in logs(150)]
    kept = torch.autograd.grad(kernel.causal_mix(*parts).square().sum(), parts)
    monkeypatch.setattr(kernel, "_LARGE", 100)
    again = torch.autograd.grad(kernel.causal_mix(*parts).square().sum(), parts)
    for one, other in zip(kept, again, strict=True):
        assert torch.equal(one, other)
