"""What every oracle must satisfy, on every kind of schedule."""

import pytest
import torch

from genloom.diffusion import schedule as schedules
from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.errors import InputError

SCHEDULES = {
    "exponential": schedules.exponential(), "linear": schedules.linear(1000), "cosine": schedules.cosine(50),
    "edm": schedules.EDM(), "rectified": schedules.Rectified(),
}
LABELS = torch.tensor([0, 1, 1, 2])


def _cloud(schedule):
    points = torch.randn(4, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return CloudOracle(schedule, points, LABELS, torch.tensor([1.0, 2.0, 3.0, 2.0]))


def _boxes(schedule):
    low = torch.tensor([[-1.0, -1.0], [-0.5, 0.0], [0.5, -2.0], [1.5, 1.5]])
    high = torch.tensor([[0.0, 1.0], [0.5, 0.5], [0.6, 2.0], [2.0, 1.7]])
    return BoxOracle(schedule, low, high, torch.tensor([1.0, 2.0, 3.0, 2.0]), LABELS)


def _mixture(schedule):
    root = torch.randn(4, 2, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 0.4
    means = torch.randn(4, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return MixtureOracle(schedule, means, root @ root.mT, torch.tensor([1.0, 2.0, 3.0, 2.0]), LABELS)


MAKERS = {"cloud": _cloud, "boxes": _boxes, "mixture": _mixture}
kinds = pytest.mark.parametrize("kind", MAKERS)
every_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)


def _near(oracle, t, count=40, seed=0):
    """Points where p_t lives, and some far outside."""
    generator = torch.Generator().manual_seed(seed)
    level = oracle.schedule.level(t)
    x0 = oracle.sample(count, generator)
    x = level.alpha * x0 + level.sigma * torch.randn(count, 2, generator=generator, dtype=torch.float64)
    x[: count // 4] += 4 * level.sigma + level.alpha
    return x


@every_schedule
@kinds
@pytest.mark.parametrize("t", [0.02, 0.3, 0.7, 0.98])
def test_score_is_the_gradient_of_the_log_density(kind, schedule, t):
    oracle = MAKERS[kind](schedule)
    x = _near(oracle, t).requires_grad_()
    (gradient,) = torch.autograd.grad(oracle.log_density(x, t).sum(), x)
    score = oracle.score(x.detach(), t)
    assert torch.allclose(score, gradient, rtol=1e-7, atol=1e-7 / schedule.level(t).sigma)


@every_schedule
@kinds
@pytest.mark.parametrize("t", [0.02, 0.5, 1.0])
def test_estimate_splits_x_exactly_and_satisfies_tweedie(kind, schedule, t):
    oracle = MAKERS[kind](schedule)
    x, level = _near(oracle, t), schedule.level(t)
    x0, eps = oracle(x, t)
    assert torch.allclose(level.alpha * x0 + level.sigma * eps, x, rtol=1e-12, atol=1e-12)
    tweedie = x + level.sigma**2 * oracle.score(x, t)
    assert torch.allclose(level.alpha * x0, tweedie, rtol=1e-9, atol=1e-9)


@kinds
def test_tiny_and_zero_noise_is_consistent(kind):
    oracle = MAKERS[kind](SCHEDULES["linear"])
    x = oracle.sample(20, torch.Generator().manual_seed(0)) + 1e-3
    for sigma in (0.0, 1e-60, 1e-12, 1e-7):
        x0, eps = oracle.estimate_at(x, 1.0, sigma)
        assert x0.isfinite().all()
        assert eps.isfinite().all()
        assert torch.allclose(x0 + max(sigma, 1e-100) * eps, x, atol=1e-13)


@kinds
@pytest.mark.parametrize(("alpha", "sigma"), [(1.0, 0.1), (0.8, 0.6), (0.3, 1.0), (0.0, 1.0)])
def test_density_integrates_to_one(kind, alpha, sigma):
    oracle = MAKERS[kind](SCHEDULES["linear"])
    edge = 4 * alpha + 8 * sigma
    axis = torch.linspace(-edge, edge, 401, dtype=torch.float64)
    x = torch.cartesian_prod(axis, axis)
    for labels in (None, 1):
        density = oracle.with_labels(labels).log_density_at(x, alpha, sigma).exp()
        assert density.sum().item() * (axis[1] - axis[0]).item() ** 2 == pytest.approx(1, abs=2e-6)


@kinds
def test_a_time_per_sample_equals_one_time_for_all(kind):
    oracle = MAKERS[kind](SCHEDULES["cosine"])
    x, t = _near(oracle, 0.5, 12), torch.linspace(0.05, 1, 12, dtype=torch.float64)
    together, density = oracle(x, t), oracle.log_density(x, t)
    for i in range(12):
        alone = oracle(x[i : i + 1], t[i].item())
        assert torch.allclose(together.x0[i], alone.x0[0], atol=1e-10)
        assert torch.allclose(together.eps[i], alone.eps[0], atol=1e-10)
        assert density[i].item() == pytest.approx(oracle.log_density(x[i : i + 1], t[i].item()).item(), abs=1e-9)


@kinds
def test_blocks_do_not_change_the_answer(kind, monkeypatch):
    oracle = MAKERS[kind](SCHEDULES["linear"]).with_labels(torch.arange(40) % 4)
    x, t = _near(oracle.with_labels(None), 0.4), torch.linspace(0.1, 1, 40, dtype=torch.float64)
    whole = oracle(x, t), oracle.log_density(x, t), oracle.log_posterior(x, t)
    monkeypatch.setattr("genloom.diffusion.oracle.base._BLOCK_ELEMENTS", 40)
    parts = oracle(x, t), oracle.log_density(x, t), oracle.log_posterior(x, t)
    assert torch.allclose(whole[0].x0, parts[0].x0, atol=1e-12)
    assert torch.allclose(whole[1], parts[1], atol=1e-12)
    assert torch.allclose(whole[2], parts[2], atol=1e-12)


@kinds
def test_dtype_of_the_answer_is_that_of_x_and_the_arithmetic_is_not(kind):
    oracle = MAKERS[kind](SCHEDULES["exponential"])
    x = _near(oracle, 0.6).float()
    single, double = oracle(x, 0.6), oracle(x.double(), 0.6)
    assert single.x0.dtype == single.eps.dtype == oracle.log_density(x, 0.6).dtype == torch.float32
    assert torch.equal(single.x0, double.x0.float())
    assert torch.equal(single.eps, double.eps.float())


@kinds
def test_classes_are_conditional_distributions(kind):
    """Σ_y p(y) p(x|y) = p(x), and Bayes' rule gives the exact classifier."""
    oracle = MAKERS[kind](SCHEDULES["linear"])
    x, t = _near(oracle, 0.3), 0.3
    prior = torch.tensor([1.0, 5.0, 2.0]).log().double() - torch.tensor(8.0).log().double()
    joint = torch.stack([oracle.with_labels(y).log_density(x, t) + prior[y] for y in range(3)], 1)
    assert torch.allclose(joint.logsumexp(1), oracle.log_density(x, t), atol=1e-10)
    assert torch.allclose(joint.log_softmax(1), oracle.log_posterior(x, t), atol=1e-10)
    mixed = oracle.with_labels(torch.arange(len(x)) % 3)
    assert torch.allclose(mixed.log_density(x, t), (joint - prior)[torch.arange(len(x)), torch.arange(len(x)) % 3])
    null = oracle.with_labels(3)
    assert torch.allclose(null(x, t).eps, oracle(x, t).eps, atol=1e-13)


@kinds
def test_samples_follow_weights_and_classes(kind):
    oracle = MAKERS[kind](SCHEDULES["linear"])
    x0, labels = oracle.draw(20_000, torch.Generator().manual_seed(0))
    share = torch.bincount(labels, minlength=3) / 20_000
    assert torch.allclose(share, torch.tensor([1 / 8, 5 / 8, 2 / 8]), atol=0.015)  # > 4 standard errors
    mean = oracle.estimate_at(torch.zeros(1, 2, dtype=torch.float64), 0.0, 1.0).x0[0]
    error = x0.std(0) / 20_000**0.5
    assert ((x0.mean(0) - mean).abs() < 4.5 * error).all()
    wanted = torch.arange(300) % 3
    assert torch.equal(oracle.with_labels(wanted).draw(300, torch.Generator().manual_seed(1))[1], wanted)
    first, again = (oracle.sample(5, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, again)


def test_bad_input_is_named():
    oracle = _cloud(SCHEDULES["linear"])
    with pytest.raises(InputError, match="labels"):
        oracle.with_labels(4)
    with pytest.raises(InputError, match="without classes"):
        CloudOracle(SCHEDULES["linear"], torch.zeros(3, 2)).with_labels(0)
    with pytest.raises(InputError, match="shape"):
        oracle(torch.zeros(3, 5), 0.5)
    with pytest.raises(InputError, match="finite"):
        CloudOracle(SCHEDULES["linear"], torch.tensor([[float("nan"), 0.0]]))
    with pytest.raises(InputError, match="at least 1"):
        CloudOracle(SCHEDULES["linear"], torch.zeros(0, 2))
    with pytest.raises(InputError, match="weights"):
        CloudOracle(SCHEDULES["linear"], torch.zeros(2, 2), weights=torch.tensor([1.0, -1.0]))
    with pytest.raises(InputError, match="component_labels"):
        CloudOracle(SCHEDULES["linear"], torch.zeros(2, 2), labels=torch.tensor([1]))
