import pytest
import torch

from genloom.diffusion import guidance
from genloom.diffusion import schedule as schedules
from genloom.diffusion.grid import grid
from genloom.diffusion.oracle.boxes import square
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.oracle.posterior import condition
from genloom.diffusion.samplers.ddim import ddim
from genloom.errors import InputError
from genloom.rng import SampleNoise

EVERY = {"linear": schedules.linear(), "ve": schedules.exponential(), "rectified": schedules.Rectified()}
every_schedule = pytest.mark.parametrize("schedule", EVERY.values(), ids=EVERY)
X = torch.randn(8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TIMES = torch.linspace(0.2, 0.9, 8, dtype=torch.float64)
both_times = pytest.mark.parametrize("t", [0.4, TIMES], ids=["one time", "a time per sample"])


def _classes(schedule):
    return MixtureOracle(schedule, torch.tensor([[-1.0, 0.0], [1.0, 0.5], [0.0, 2.0]]),
                         torch.tensor([0.3, 0.2, 0.5])[:, None, None] * torch.eye(2), None, torch.arange(3))


class Counted:
    def __init__(self, denoiser):
        self.denoiser, self.schedule, self.calls = denoiser, denoiser.schedule, 0

    def __call__(self, x, t):
        self.calls += 1
        return self.denoiser(x, t)


def _splits(x, estimate, level):
    alpha, sigma = (torch.as_tensor(v, dtype=torch.float64).reshape(-1, 1) for v in (level.alpha, level.sigma))
    return torch.allclose(alpha * estimate.x0 + sigma * estimate.eps, x, atol=1e-10)


@every_schedule
def test_scale_one_is_conditional_and_zero_unconditional_and_neither_evaluates_the_other(schedule):
    told, free = Counted(_classes(schedule).with_labels(1)), Counted(_classes(schedule))
    assert torch.equal(guidance.classifier_free(told, free, 1.0)(X, 0.5).x0, told.denoiser(X, 0.5).x0)
    assert (told.calls, free.calls) == (1, 0)
    assert torch.equal(guidance.classifier_free(told, free, 0.0)(X, 0.5).x0, free.denoiser(X, 0.5).x0)
    assert (told.calls, free.calls) == (1, 1)


@every_schedule
@both_times
def test_classifier_free_and_classifier_guidance_are_one(schedule, t):
    """score + s ∇ log p(y|x) = score + s (score(·|y) − score): with the exact classifier both are the same."""
    oracle, scale = _classes(schedule), 2.5
    free = guidance.classifier_free(oracle.with_labels(1), oracle, scale)(X, t)
    by_classifier = guidance.classifier(oracle, lambda x, t: oracle.log_posterior(x, t)[:, 1], scale)(X, t)
    assert torch.allclose(free.eps, by_classifier.eps, atol=1e-9)
    assert torch.allclose(free.x0, by_classifier.x0, atol=1e-8)
    assert _splits(X, free, schedule.level(t))
    assert _splits(X, by_classifier, schedule.level(t))


def test_guided_gaussians_have_a_closed_form():
    """p ∝ N(x; m₁, v)^s N(x; m₀, v)^(1−s) is N(s m₁ + (1−s) m₀, v) for equal variances: DDIM arrives there."""
    schedule, scale = schedules.exponential(), 3.0
    told = MixtureOracle(schedule, torch.tensor([[1.0, 0.0]]), 0.25 * torch.eye(2)[None])
    free = MixtureOracle(schedule, torch.tensor([[0.0, 0.5]]), 0.25 * torch.eye(2)[None])
    guided = guidance.classifier_free(told, free, scale)
    exact = MixtureOracle(schedule, torch.tensor([[3.0, -1.0]]), 0.25 * torch.eye(2)[None])
    assert torch.allclose(guided(X, 0.7).eps, exact(X, 0.7).eps, atol=1e-12)
    assert torch.allclose(guided(X, TIMES).x0, exact(X, TIMES).x0, atol=1e-12)


def test_a_scale_of_zero_is_unconditional_inside_the_interval_alone():
    oracle = _classes(schedules.linear())
    told, level = oracle.with_labels(1), oracle.schedule.level(TIMES)
    edge = (level.sigma / level.alpha)[4].item()
    found = guidance.classifier_free(told, oracle, 0.0, interval=(0.0, edge))(X, TIMES).eps
    torch.testing.assert_close(found[:5], oracle(X, TIMES).eps[:5])
    torch.testing.assert_close(found[5:], told(X, TIMES).eps[5:])


def test_the_interval_is_of_noise_levels_and_outside_it_the_scale_is_one():
    schedule = schedules.linear()
    oracle = _classes(schedule)
    told = oracle.with_labels(1)
    rho = schedule.sigma(TIMES) / schedule.alpha(TIMES)
    guided = guidance.classifier_free(told, oracle, 4.0, interval=(rho[2].item(), rho[5].item()))
    plain, strong = told(X, TIMES).x0, guidance.classifier_free(told, oracle, 4.0)(X, TIMES).x0
    found = guided(X, TIMES).x0
    inside = torch.tensor([False, False, True, True, True, True, False, False])
    assert torch.allclose(found[inside], strong[inside])
    assert torch.allclose(found[~inside], plain[~inside])
    free = Counted(oracle)
    guidance.classifier_free(told, free, 4.0, interval=(0.0, 0.1))(X, 0.9)
    assert free.calls == 0


def test_a_classifier_of_clean_data_guides_through_the_estimate():
    """∇ log p(y | x̂0(x_t)) by the chain rule, for log p(y|x0) = a·x0 and a Gaussian, whose x̂0 is linear in x."""
    schedule = schedules.linear()
    oracle = MixtureOracle(schedule, torch.zeros(1, 2), 0.5 * torch.eye(2)[None])
    a, level = torch.tensor([1.0, -2.0], dtype=torch.float64), schedule.level(0.3)
    gain = level.alpha * 0.5 / (level.alpha**2 * 0.5 + level.sigma**2)
    found = guidance.clean_classifier(oracle, lambda x0: x0 @ a, 1.5)(X, 0.3)
    assert torch.allclose(found.eps, oracle(X, 0.3).eps - 1.5 * level.sigma * gain * a, atol=1e-12)


@both_times
def test_in_ddim_the_gradient_carries_the_scale_and_the_root_of_one_minus_alpha_bar(t):
    """ε̂ = ε − s √(1 − ᾱ_t) ∇ log p(y | x_t): the printed algorithm has no s, and some code no factor."""
    schedule, gradient = schedules.cosine(), torch.tensor([0.3, -1.2], dtype=torch.float64)
    oracle = _classes(schedule)
    alpha_bar = schedule.alpha(torch.as_tensor(t, dtype=torch.float64)).reshape(-1, 1) ** 2
    found = guidance.classifier(oracle, lambda x, t: x @ gradient, 2.5)(X, t)
    assert torch.allclose(found.eps, oracle(X, t).eps - 2.5 * (1 - alpha_bar).sqrt() * gradient, atol=1e-12)
    assert _splits(X, found, schedule.level(t))


def test_ddim_guided_by_a_tilt_ends_at_the_tilted_mean():
    """p(x) p(y|x)^s = N(s·tilt, 1) for data N(0, 1) and p(y|x0) ∝ e^{tilt·x0}: exact for every s."""
    schedule = schedules.linear()
    oracle = MixtureOracle(schedule, torch.zeros(1, 1), torch.ones(1, 1, 1))
    for scale in (1.0, 3.0):
        guided = guidance.classifier(oracle, lambda x, t: 0.7 * schedule.level(t).alpha * x[:, 0], scale)
        *_, last = ddim(guided, torch.zeros(1, 1, dtype=torch.float64), grid(schedule, 800))
        assert last.x.item() == pytest.approx(0.7 * scale, rel=0.01)


def test_the_gradient_is_asked_at_x_t_and_at_the_times_of_the_grid():
    asked = []

    def log_prob(x, t):
        asked.append(t)
        return x.sum(1)

    oracle = _classes(schedules.cosine())
    levels = grid(oracle.schedule, 6)
    list(ddim(guidance.classifier(oracle, log_prob), X, levels))
    assert asked == [level.t for level in levels[:-1]]


def test_the_gradient_of_a_classifier_needs_no_graph_around_it_and_leaves_none():
    oracle = _classes(schedules.cosine())
    gradient = guidance.classifier_gradient(lambda x, t: oracle.log_posterior(x, t)[:, 2], 2.0)
    with torch.no_grad():
        found = gradient(X, 0.4)
    assert not found.requires_grad
    told, free = oracle.with_labels(2), oracle
    assert torch.allclose(found, 2 * (told.score(X, 0.4) - free.score(X, 0.4)), atol=1e-9)


def test_a_clean_classifier_through_the_estimate_is_surer_than_the_noisy_one():
    """log p(y | E[x0|x_t]) against log E[p(y|x0)|x_t]: equal without noise, ever more apart with it."""
    oracle = _classes(schedules.cosine())
    clean = guidance.through(oracle, lambda x0: oracle.log_posterior(x0, 1e-6)[:, 1])
    gaps = [(clean(X, t) - oracle.log_posterior(X, t)[:, 1]).abs().max().item() for t in (1e-3, 0.2, 0.7)]
    assert gaps[0] < 0.01 < gaps[1] < gaps[2]


class Wrong:
    """An oracle whose noise has an error of a given size."""

    def __init__(self, oracle, error):
        self.oracle, self.error, self.schedule = oracle, error, oracle.schedule

    def __call__(self, x, t):
        level = self.schedule.level(t)
        return guidance.from_eps(x, self.oracle(x, t).eps + self.error * (3 * x).sin(), level)


@pytest.mark.parametrize("k", [2.0, 5.0])
@both_times
def test_autoguidance_takes_away_an_error_that_the_bad_version_makes_k_times_as_large(k, t):
    oracle = _classes(schedules.cosine())
    good, bad = Wrong(oracle, 0.2), Wrong(oracle, 0.2 * k)
    found = guidance.autoguidance(good, bad, k / (k - 1))(X, t)
    assert torch.allclose(found.eps, oracle(X, t).eps, atol=1e-12)
    half = guidance.autoguidance(good, bad, 1 + 0.5 / (k - 1))(X, t)
    assert torch.allclose(half.eps, Wrong(oracle, 0.1)(X, t).eps, atol=1e-12)


def test_autoguidance_at_scale_one_is_the_model_and_does_not_ask_the_bad_version():
    oracle = _classes(schedules.cosine())
    bad = Counted(Wrong(oracle, 1.0))
    assert guidance.autoguidance(oracle, bad, 1.0) is oracle
    guidance.autoguidance(oracle, bad, 2.0, interval=(0.0, 0.1))(X, 0.9)
    assert bad.calls == 0


def test_autoguidance_draws_samples_together_where_the_bad_version_spreads_them():
    """A bad version that takes N(0, 0.25) for N(0, 0.5): by ε both are Gaussian, so the spread is in closed form."""
    schedule, scale = schedules.exponential(), 2.0
    good, bad = (MixtureOracle(schedule, torch.zeros(1, 1), torch.full((1, 1, 1), v)) for v in (0.25, 0.5))
    guided = guidance.autoguidance(good, bad, scale)
    level = schedule.level(0.3)
    slope = level.sigma * (scale / (0.25 + level.sigma**2) + (1 - scale) / (0.5 + level.sigma**2))
    assert torch.allclose(guided(X[:, :1], 0.3).eps, slope * X[:, :1], atol=1e-12)
    ends = []
    for denoiser in (good, guided):
        x = SampleNoise(0, 2000, (1,), dtype=torch.float64)() * (0.25 + 1) ** 0.5
        *_, last = ddim(denoiser, x, grid(schedule, 100))
        ends.append(last.x.std().item())
    assert ends[1] < 0.8 * ends[0]


def test_autoguidance_refuses_another_schedule():
    with pytest.raises(InputError, match="same schedule"):
        guidance.autoguidance(_classes(schedules.cosine()), _classes(schedules.linear()), 2.0)


@every_schedule
@both_times
def test_clipping_rederives_the_noise(schedule, t):
    oracle = _classes(schedule)
    found = guidance.clipped(oracle, -0.5, 0.5)(X, t)
    assert found.x0.abs().max() <= 0.5
    assert _splits(X, found, schedule.level(t))
    assert not torch.allclose(found.eps, oracle(X, t).eps)
    wide = guidance.clipped(oracle, -100, 100)(X, t)
    assert torch.allclose(wide.eps, oracle(X, t).eps, atol=1e-8)


@every_schedule
@both_times
def test_masked_guidance_adds_the_stated_gradient_to_the_score(schedule, t):
    oracle, known, mask = _classes(schedule), torch.tensor([0.7, float("nan")]), torch.tensor([1.0, 0.0])
    level = schedule.level(t)
    alpha, sigma = (torch.as_tensor(v, dtype=torch.float64).reshape(-1, 1) for v in (level.alpha, level.sigma))
    pull = torch.cat([X[:, :1] - alpha * torch.tensor(0.7).double(), torch.zeros(8, 1)], 1)
    flat = 1 / (sigma**2 + alpha**2 * 0.01)
    for strength, value in ((None, flat), (2.0, 2.0), (lambda level: 1 / level.sigma, 1 / sigma)):
        found = guidance.masked(oracle, known, mask, noise=0.1, strength=strength)(X, t)
        assert torch.allclose(-found.eps / sigma, -oracle(X, t).eps / sigma - value * pull, atol=1e-7)
        assert _splits(X, found, level)


def test_the_default_strength_is_exact_for_flat_data():
    """A prior 1000 times as wide as the observation: masked guidance is the exact posterior, a constant λ is not."""
    schedule = schedules.exponential()
    wide = MixtureOracle(schedule, torch.zeros(1, 2), 1e6 * torch.eye(2)[None])
    known, mask, noise = torch.tensor([0.3, 0.0]), torch.tensor([1.0, 0.0]), 0.5**0.5
    exact = condition(wide, known, mask, noise)
    for t in (0.1, 0.5, 1.0):
        found = guidance.masked(wide, known, mask, noise=noise)(X, t).eps
        assert torch.allclose(found, exact(X, t).eps, atol=1e-5)
    constant = guidance.masked(wide, known, mask, noise=noise, strength=2.0)
    assert torch.allclose(constant(X, 0.0).eps, exact(X, 0.0).eps, atol=1e-4)  # right without noise: λ = 1/s² = 2
    assert not torch.allclose(constant(X, 1.0).eps, exact(X, 1.0).eps, atol=0.1)


def _end(denoiser, steps=200):
    x = SampleNoise(0, 20, (2,), dtype=torch.float64)()
    *_, last = ddim(denoiser, x, grid(denoiser.schedule, steps))
    return last.x


def test_samples_pulled_to_a_point_far_outside_the_square_arrive():
    """(4, 5.5): a rising weight arrives; a constant one and the product of densities end between it and the corner."""
    oracle, target = square(schedules.exponential()), torch.tensor([4.0, 5.5], dtype=torch.float64)
    corner = torch.ones(2, dtype=torch.float64)
    assert torch.allclose(_end(guidance.toward(oracle, target)), target.expand(20, 2), atol=0.03)
    assert torch.allclose(_end(guidance.toward(oracle, target, 1.0)), target.expand(20, 2), atol=1e-12)
    most = _end(guidance.toward(oracle, target, 0.8))
    assert torch.allclose(most, (0.2 * corner + 0.8 * target).expand(20, 2), atol=0.01)
    half = _end(guidance.masked(oracle, target, torch.ones(2)))
    assert torch.allclose(half, ((corner + target) / 2).expand(20, 2), atol=0.01)
    assert _splits(X, guidance.toward(oracle, target)(X, TIMES), oracle.schedule.level(TIMES))


def test_bad_input_is_refused():
    oracle = _classes(schedules.Rectified())
    with pytest.raises(InputError, match="guidance"):
        guidance.classifier_free(oracle, oracle, float("nan"))
    with pytest.raises(InputError, match="interval"):
        guidance.classifier_free(oracle, oracle, 2, interval=(2, 1))
    with pytest.raises(InputError, match="low"):
        guidance.clipped(oracle, 1, -1)
    with pytest.raises(InputError, match="mask"):
        guidance.masked(oracle, torch.zeros(2), torch.tensor([0.5, 1.0]))
    with pytest.raises(InputError, match="known"):
        guidance.masked(oracle, torch.full((2,), float("nan")), torch.ones(2))
    with pytest.raises(InputError, match="noise"):
        guidance.masked(oracle, torch.zeros(2), torch.ones(2), noise=-1)
    with pytest.raises(InputError, match="α > 0"):
        guidance.masked(oracle, torch.zeros(2), torch.ones(2))(X, 1.0)
