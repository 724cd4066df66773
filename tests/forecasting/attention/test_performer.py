"""FAVOR+: how its error falls, large logits, and what it does not leak."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from genloom.forecasting.attention import performer, reference
from genloom.forecasting.attention.kinds import attend, weights
from genloom.forecasting.attention.options import Options, Setting

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]


@pytest.mark.parametrize("causal", [False, True])
def test_it_is_the_plain_formula(three: Three, causal: bool) -> None:
    q, k, v = (x.detach() for x in three(70, batch=1))
    w = performer.directions(9, 4, 3).numpy()
    right = reference.kernel(*(reference.random_features(x.numpy(), w) for x in (q, k)), v.numpy(), causal=causal)
    found = attend("performer", q, k, v, causal=causal, options=Options(features=9, seed=3))
    assert reference.relative_error(found.numpy(), right) < 1e-13


@pytest.mark.parametrize("causal", [False, True])
def test_its_error_falls_with_the_root_of_the_features(three: Three, causal: bool) -> None:
    q, k, v = (x.detach() for x in three(24, size=8, batch=1, heads=2, scale=0.5))
    k = k / 2
    right = attend("full", q, k, v, causal=causal)
    counts = [128, 512, 2048, 8192]
    errors = [np.mean([float((attend("performer", q, k, v, causal=causal, options=Options(features=m, seed=seed))
                              - right).norm() / right.norm()) for seed in range(24)]) for m in counts]
    slope = np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.06)
    assert errors[-1] < 0.05


def test_orthogonal_features_err_less_than_independent_ones(three: Three) -> None:
    q, k, _ = (x.detach() for x in three(24, size=16, batch=1, heads=1))
    right = weights("full", q, k)
    orthogonal, independent = [], []
    for seed in range(60):
        w = torch.randn(16, 16, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).numpy()
        phi = [reference.random_features(x.numpy(), w) for x in (q, k)]
        product = torch.from_numpy(phi[0] @ phi[1].swapaxes(2, 3))
        independent.append(float((product / product.sum(3, keepdim=True) - right).norm()))
        found = weights("performer", q, k, options=Options(features=16, seed=seed))
        orthogonal.append(float((found - right).norm()))
    assert np.mean(orthogonal) < 0.98 * np.mean(independent)


def test_rows_are_orthogonal_with_the_lengths_of_normal_vectors() -> None:
    w = performer.directions(40, 16, 0)
    for block in (w[:16], w[16:32], w[32:]):
        products = block @ block.T
        torch.testing.assert_close(products, torch.diag(products.diagonal()), rtol=0, atol=1e-12)
    many = torch.cat([performer.directions(16, 16, seed) for seed in range(300)])
    assert float(many.square().sum(1).mean()) == pytest.approx(16, rel=0.02)
    assert float(many.mean().abs()) < 0.02
    assert float(many.var()) == pytest.approx(1, rel=0.02)


def test_the_default_number_of_features() -> None:
    assert performer.count_of(64, Setting()) == 267
    assert performer.count_of(1, Setting()) == 1


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("scale", [1.0, 4.0, 20.0])
def test_large_logits_do_not_swamp_the_features(causal: bool, scale: float) -> None:
    """In float32 the output is that of the exact sums of features; an ε beside them changes it by a quarter and
    more."""
    draws = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(1, 2, 64, 16, generator=draws) for _ in range(3))
    q, k = q * scale, k * scale
    exact = attend("performer", q.double(), k.double(), v.double(), causal=causal)
    found = attend("performer", q, k, v, causal=causal)
    assert (found - exact).norm() / exact.norm() < 1e-3
    if scale > 1:
        assert (usual(q, k, v, causal, Options()) - exact).norm() / exact.norm() > 0.25


def usual(q: Tensor, k: Tensor, v: Tensor, causal: bool, options: Options) -> Tensor:
    """The usual stabilisation: exp(a − max a) + 1e-4, with one maximum over all keys and features."""
    b, a = performer.log_features(q, k, Setting(causal=causal, options=options))
    phi_q, phi_k = (b - b.amax(3, keepdim=True)).exp() + 1e-4, (a - a.amax((2, 3), keepdim=True)).exp() + 1e-4
    products = phi_q @ phi_k.transpose(2, 3)
    products = products.tril() if causal else products
    return products @ v / products.sum(3, keepdim=True)


def test_the_spread_of_one_feature_grows_exponentially_with_the_logits() -> None:
    """Var / mean² = exp(|q' + k'|²) − 1, which no stabilisation can mend."""
    q, k = np.full((1, 4), 0.5), np.array([[0.3, 0.6, -0.2, 0.4]])
    w = np.random.default_rng(0).normal(size=(400_000, 4))
    products = reference.random_features(q, w) * reference.random_features(k, w)
    total = ((q + k) ** 2).sum() / 2
    assert products.var() / products.mean() ** 2 == pytest.approx(np.exp(total) - 1, rel=0.05)


def test_a_maximum_over_all_keys_would_leak(three: Three) -> None:
    """With it a later key that has the largest features lets those of earlier keys drown in ε."""
    q, k, v = (x.detach().float() for x in three(20))
    options, k = Options(features=16), 4 * k
    later = k.clone()
    later[:, :, 12:] = 0
    assert (usual(q, later, v, True, options) - usual(q, k, v, True, options))[:, :, :12].abs().max() > 0.3
    ours = [attend("performer", q, x, v, causal=True, options=options)[:, :, :12] for x in (k, later)]
    assert torch.equal(*ours)


def test_features_that_an_evaluation_made_serve_a_training(three: Three) -> None:
    q, k, v = three(5, size=7)
    options = Options(features=13, seed=987)
    with torch.inference_mode():
        attend("performer", q.detach(), k.detach(), v.detach(), options=options)
    attend("performer", q, k, v, options=options).sum().backward()
    assert q.grad is not None
