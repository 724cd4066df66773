import pytest
import torch
from scipy.integrate import quad
from scipy.stats import truncnorm

from genloom.diffusion.oracle.boxes import BoxOracle, square
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.oracle.posterior import condition
from genloom.diffusion.schedule import Rectified, exponential, linear
from genloom.diffusion.sobol import scramblings
from genloom.errors import InputError

KNOWN, MASK = torch.tensor([0.3, float("nan")]), torch.tensor([1, 0])
LABELS = torch.tensor([0, 0, 1])


def _mixture(schedule):
    root = torch.randn(3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return MixtureOracle(schedule, torch.tensor([[-1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]), root @ root.mT,
                         torch.tensor([1.0, 2.0, 3.0]), LABELS)


def _boxes(schedule):
    low = torch.tensor([[-1.0, -1.0], [0.2, 0.0], [0.5, -2.0]])
    high = torch.tensor([[0.0, 1.0], [0.6, 3.0], [2.0, 1.0]])
    return BoxOracle(schedule, low, high, torch.tensor([1.0, 2.0, 3.0]), LABELS)


def _cloud(schedule):
    points = torch.randn(3, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return CloudOracle(schedule, points, LABELS, torch.tensor([1.0, 2.0, 3.0]))


MAKERS = {"cloud": _cloud, "mixture": _mixture, "boxes": _boxes}
kinds = pytest.mark.parametrize("kind", MAKERS)


@kinds
@pytest.mark.parametrize("noise", [0.1, 0.5**0.5, 5.0])
@pytest.mark.parametrize("schedule", [exponential(), linear(100), Rectified()], ids=["ve", "vp", "rectified"])
def test_posterior_is_the_reweighted_prior(kind, noise, schedule):
    """Against self-normalised importance sampling: p(x_t | known) = E_prior[N(x_t; α x0, σ²) N(known; x0, s²)]/Z."""
    prior, t = MAKERS[kind](schedule), 0.8
    posterior = condition(prior, KNOWN, MASK, noise)
    drawn, labels = prior.place(next(scramblings(2**17, 3, 0, 1)))
    weights = torch.exp(-(drawn[:, 0] - 0.3) ** 2 / (2 * noise**2))
    sampled = CloudOracle(schedule, drawn, labels, weights)
    generator, level = torch.Generator().manual_seed(1), schedule.level(t)
    x = level.alpha * posterior.with_labels(1).sample(6, generator)
    x = x + level.sigma * torch.randn(6, 2, generator=generator, dtype=torch.float64)
    assert torch.allclose(posterior(x, t).x0, sampled(x, t).x0, atol=0.03)
    assert torch.allclose(posterior.log_density(x, t), sampled.log_density(x, t), atol=0.04)
    told = posterior.with_labels(1)
    assert torch.allclose(told(x, t).x0, sampled.with_labels(1)(x, t).x0, atol=0.03)


@kinds
def test_posterior_samples_have_the_posterior_mean(kind):
    posterior = condition(MAKERS[kind](exponential()), KNOWN, MASK, 0.3)
    x0 = posterior.sample(50_000, torch.Generator().manual_seed(0))
    mean = posterior.estimate_at(torch.zeros(1, 2, dtype=torch.float64), 0.0, 1.0).x0[0]
    assert ((x0.mean(0) - mean).abs() < 4.5 * x0.std(0) / 50_000**0.5 + 1e-12).all()


@kinds
@pytest.mark.parametrize("t", [0.02, 0.5, 1.0])
def test_posterior_is_an_oracle(kind, t):
    """Its score is the gradient of its density, and its estimate splits x."""
    posterior = condition(MAKERS[kind](linear(1000)), KNOWN, MASK, 0.3)
    x = torch.randn(10, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(posterior.log_density(x, t).sum(), x)
    level = posterior.schedule.level(t)
    x0, eps = posterior(x.detach(), t)
    assert torch.allclose(posterior.score(x.detach(), t), gradient, rtol=1e-7, atol=1e-7)
    assert torch.allclose(level.alpha * x0 + level.sigma * eps, x.detach(), atol=1e-10)


def test_tilted_box_is_a_truncated_normal_also_in_its_tails():
    oracle = condition(square(exponential(), dim=1), torch.tensor([30.0]), torch.tensor([1]), 0.5)
    expected = truncnorm.mean((-1 - 30) / 0.5, (1 - 30) / 0.5, loc=30, scale=0.5)
    mean = oracle.estimate_at(torch.zeros(1, 1, dtype=torch.float64), 0.0, 1.0).x0.item()
    assert mean == pytest.approx(expected, rel=1e-9)
    drawn = oracle.sample(20_000, torch.Generator().manual_seed(0))
    assert drawn.abs().max() <= 1
    assert drawn.mean().item() == pytest.approx(expected, abs=4.5 * drawn.std().item() / 20_000**0.5)
    total = quad(lambda x: oracle.log_density_at(torch.tensor([[x]]).double(), 1.0, 0.05).exp().item(), 0.5, 1.5)[0]
    assert total == pytest.approx(1, abs=1e-6)


def test_an_observation_of_nothing_changes_nothing_and_a_sharp_one_fixes_its_coordinate():
    for kind in MAKERS:
        prior = MAKERS[kind](exponential())
        x = torch.randn(5, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        same = condition(prior, KNOWN, torch.zeros(2), 0.3)
        assert torch.allclose(same(x, 0.6).x0, prior(x, 0.6).x0, atol=1e-12)
    sharp = condition(square(exponential()), KNOWN, MASK, 1e-6)
    found = sharp(torch.tensor([[5.0, 0.2]], dtype=torch.float64), 0.7).x0
    assert found[0, 0].item() == pytest.approx(0.3, abs=1e-6)
    assert found[0, 1] == square(exponential())(torch.tensor([[5.0, 0.2]], dtype=torch.float64), 0.7).x0[0, 1]


def test_classes_are_kept():
    told = condition(_mixture(exponential()).with_labels(1), KNOWN, MASK, 0.3)
    assert torch.equal(told.labels, torch.tensor([1]))


def test_bad_input_is_refused():
    prior = square(exponential())
    with pytest.raises(InputError, match="noise"):
        condition(prior, KNOWN, MASK, 0.0)
    with pytest.raises(InputError, match="shape"):
        condition(prior, KNOWN[:1], MASK, 1.0)
    with pytest.raises(InputError, match="finite"):
        condition(prior, KNOWN, torch.ones(2), 1.0)
    with pytest.raises(InputError, match="TiltedBoxOracle"):
        condition(condition(prior, KNOWN, MASK, 1.0), KNOWN, MASK, 1.0)
