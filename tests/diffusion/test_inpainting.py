"""RePaint and guidance through x̂0 on Gaussian data, whose conditional distributions are known."""

import pytest
import torch

from genloom.diffusion import schedule as schedules
from genloom.diffusion.grid import grid
from genloom.diffusion.inpainting import dps, observed, posterior_guided, repaint, white_spread
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.oracle.posterior import condition
from genloom.diffusion.samplers.registry import sample
from genloom.errors import InputError
from genloom.rng import SampleNoise

MEAN, RHO = torch.tensor([0.3, -0.2], dtype=torch.float64), 0.8
KNOWN, MASK = torch.tensor([1.5, float("nan")], dtype=torch.float64), torch.tensor([1.0, 0.0], dtype=torch.float64)
CONDITIONAL_MEAN, CONDITIONAL_STD = -0.2 + RHO * (1.5 - 0.3), (1 - RHO**2) ** 0.5
N = 3000


def _correlated(schedule):
    """Two coordinates of variance 1 and correlation .8, so p(x_1 | x_0 = 1.5) = N(.76, .6²)."""
    return MixtureOracle(schedule, MEAN[None], torch.tensor([[[1.0, RHO], [RHO, 1.0]]], dtype=torch.float64))


def _draws(run, steps=50, count=N, **options):
    oracle = _correlated(schedules.cosine(steps))
    noise = SampleNoise(0, count, (2,), dtype=torch.float64)
    *_, end = run(oracle, noise(), grid(oracle.schedule, steps), known=KNOWN, mask=MASK, noise=noise, **options)
    return end.x


@pytest.mark.parametrize("options", [{"resamplings": 1}, {"resamplings": 3}, {"resamplings": 3, "jump": 7}])
def test_repaint_ends_with_the_observation_itself(options):
    assert torch.equal(_draws(repaint, count=20, **options)[:, 0], torch.full((20,), 1.5, dtype=torch.float64))


def test_resampling_brings_the_hidden_part_to_its_exact_conditional():
    """Mean errors fall with U; at U = 16 the mean is within .05 and the spread within .12 (the small variance of DDPM
    at 50 steps), where U = 1 is off by .36: a hidden part that does not know what it is beside. n = 3000, SE .01."""
    errors = {}
    for resamplings in (1, 4, 16):
        hidden = _draws(repaint, resamplings=resamplings)[:, 1]
        errors[resamplings] = abs(hidden.mean().item() - CONDITIONAL_MEAN)
    assert errors[1] > 0.3 > errors[4] > 2 * errors[16]
    assert errors[16] < 0.05
    assert abs(hidden.std().item() - CONDITIONAL_STD) < 0.12


def test_a_finer_grid_has_the_spread_too():
    hidden = _draws(repaint, steps=200, count=1500, resamplings=8, jump=4)[:, 1]
    assert abs(hidden.mean().item() - CONDITIONAL_MEAN) < 0.12
    assert abs(hidden.std().item() - CONDITIONAL_STD) < 0.06


def test_the_way_back_is_the_forward_process():
    """With a denoiser that knows the one point of its data, every level's x is N(α c, σ²), walked once or again."""
    schedule = schedules.cosine(20)
    point = CloudOracle(schedule, torch.tensor([[0.4, -0.9]], dtype=torch.float64))
    noise = SampleNoise(1, 4000, (2,), dtype=torch.float64)
    states = list(repaint(point, noise(), grid(schedule, 20), known=torch.zeros(2), mask=torch.zeros(2), noise=noise,
                          resamplings=3, jump=6))
    assert len(states) == 3 * 20
    for state in states[3::7]:
        level = state.level
        expected = level.alpha * torch.tensor([0.4, -0.9], dtype=torch.float64)
        assert torch.allclose(state.x.mean(0), expected, atol=4 * level.sigma / 4000**0.5 + 2e-3)
        assert torch.allclose(state.x.std(0), torch.full((2,), level.sigma, dtype=torch.float64), atol=0.06)


def test_a_known_part_has_the_noise_of_its_level():
    schedule = schedules.cosine(20)
    oracle = _correlated(schedule)
    noise = SampleNoise(0, N, (2,), dtype=torch.float64)
    states = list(repaint(oracle, noise(), grid(schedule, 20), known=KNOWN, mask=MASK, noise=noise, resamplings=1))
    for state in states:
        seen = state.x[:, 0]
        assert seen.mean().item() == pytest.approx(1.5 * state.level.alpha, abs=4 * state.level.sigma / N**0.5 + 1e-12)
        assert seen.std().item() == pytest.approx(state.level.sigma, rel=0.06, abs=1e-12)


def _exact_spread(oracle):
    """Var[x_0 | x_t] of the seen coordinate: Σ − α² Σ (α² Σ + σ²)⁻¹ Σ."""
    covariance, eye = oracle.covariances[0], torch.eye(2, dtype=torch.float64)

    def spread(level):
        gain = torch.linalg.solve(level.alpha**2 * covariance + level.sigma**2 * eye, covariance)
        return (covariance - level.alpha**2 * covariance @ gain)[0, 0].item()

    return spread


@pytest.mark.parametrize("t", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("noise", [0.05, 1.0])
def test_guidance_through_the_estimate_is_the_exact_posterior_in_the_linear_case(t, noise):
    """E[x0 | x_t, known] in both coordinates, to 1e-8."""
    oracle = _correlated(schedules.cosine(50))
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    exact = condition(oracle, KNOWN, MASK, noise)(x, t)
    found = posterior_guided(oracle, KNOWN, MASK, noise=noise, spread=_exact_spread(oracle))(x, t)
    torch.testing.assert_close(found.x0, exact.x0, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(found.eps, exact.eps, rtol=1e-8, atol=1e-8)


def test_samples_of_the_posterior_have_its_mean_and_spread_by_any_sampler():
    oracle = _correlated(schedules.cosine(50))
    guided = posterior_guided(oracle, KNOWN, MASK, noise=1e-3, spread=_exact_spread(oracle))
    for name in ("ddim", "ddpm-large"):
        noise = SampleNoise(0, N, (2,), dtype=torch.float64)
        end = sample(name, guided, noise(), grid(oracle.schedule, 50), noise=noise)
        assert torch.allclose(end[:, 0], torch.full((N,), 1.5, dtype=torch.float64), atol=0.005)
        assert end[:, 1].mean().item() == pytest.approx(CONDITIONAL_MEAN, abs=0.05)
        assert end[:, 1].std().item() == pytest.approx(CONDITIONAL_STD, abs=0.06)


def test_dps_meets_the_observation_and_pulls_the_hidden_part_too_far():
    """Its likelihood leaves out how little x̂0 knows: the mean is .97 where .76 is exact. White spread: .73."""
    ends = _draws(dps, zeta=0.2)
    assert ends[:, 0].mean().item() == pytest.approx(1.5, abs=0.02)
    assert ends[:, 1].mean().item() == pytest.approx(0.95, abs=0.05)
    oracle = _correlated(schedules.cosine(50))
    noise = SampleNoise(0, N, (2,), dtype=torch.float64)
    end = sample("ddpm", posterior_guided(oracle, KNOWN, MASK), noise(), grid(oracle.schedule, 50), noise=noise)
    assert abs(end[:, 1].mean().item() - CONDITIONAL_MEAN) < 0.06


def test_dps_without_strength_is_ddpm():
    oracle = _correlated(schedules.cosine(20))
    levels = grid(oracle.schedule, 20)
    noise, again = (SampleNoise(0, 9, (2,), dtype=torch.float64) for _ in range(2))
    *_, end = dps(oracle, noise(), levels, known=KNOWN, mask=MASK, noise=noise, zeta=0.0)
    assert torch.allclose(end.x, sample("ddpm", oracle, again(), levels, noise=again), atol=1e-12)


def test_the_step_of_dps_is_each_samples_own():
    """A sample does not depend on its batch, whose misfits differ by far."""
    ends = _draws(dps, count=8, zeta=0.3)
    oracle = _correlated(schedules.cosine(50))
    noise = SampleNoise(0, 3, (2,), first=2, dtype=torch.float64)
    *_, end = dps(oracle, noise(), grid(oracle.schedule, 50), known=KNOWN, mask=MASK, noise=noise, zeta=0.3)
    assert torch.allclose(end.x, ends[2:5], atol=1e-12)


def test_white_data_has_the_white_spread():
    """N(0, d² I): the variance of x0 given x_t, which the pixels' spread stands for."""
    schedule = schedules.cosine(50)
    level = schedule.level(0.4)
    oracle = MixtureOracle(schedule, torch.zeros(1, 2), 0.25 * torch.eye(2)[None])
    at = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(oracle(at, 0.4).x0[0, 0], at)
    tweedie = level.sigma**2 / level.alpha * slope[0, 0].item()  # Var[x0 | x_t] = (σ²/α) ∂x̂0/∂x
    assert white_spread(0.5)(level) == pytest.approx(tweedie, rel=1e-10)


@pytest.mark.parametrize("run", [repaint, dps])
def test_pictures_with_one_mask_for_all_channels(run):
    """A cloud of four pictures, two of which share the known half: only these come out."""
    schedule = schedules.cosine(30)
    faces = torch.tensor([1.0, 1.0, -1.0, -1.0])[:, None, None] * torch.ones(4, 4, 4)
    faces[1, :, 2:], faces[3, :, 2:] = -1.0, 1.0
    pictures = faces[:, None].repeat(1, 2, 1, 1)
    mask = torch.ones(6, 1, 4, 4)
    mask[:, :, :, 2:] = 0
    noise = SampleNoise(0, 6, (2, 4, 4))
    *_, end = run(CloudOracle(schedule, pictures), noise(), grid(schedule, 30), known=pictures[:1] * mask[:1],
                  mask=mask, noise=noise)
    assert ((end.x[:, :, :, :2] - 1).abs() < 0.2).all()
    distance = (end.x[:, None] - pictures[None, :2]).square().flatten(2).mean(2).amin(1)
    assert (distance < 0.05).all()


def test_bad_input_is_refused():
    oracle = _correlated(schedules.cosine(5))
    levels, x = grid(oracle.schedule, 5), torch.zeros(2, 2, dtype=torch.float64)
    noise = SampleNoise(0, 2, (2,))
    for options, word in (({"resamplings": 0}, "resamplings"), ({"jump": 0}, "jump"), ({"noise": None}, "stochastic"),
                          ({"mask": torch.tensor([0.5, 1])}, "mask"), ({"known": torch.tensor([1.0, float("inf")]),
                                                                        "mask": torch.ones(2)}, "known")):
        with pytest.raises(InputError, match=word):
            repaint(oracle, x, levels, **{"known": KNOWN, "mask": MASK, "noise": noise, **options})
    with pytest.raises(InputError, match="zeta"):
        dps(oracle, x, levels, known=KNOWN, mask=MASK, noise=noise, zeta=-1)
    with pytest.raises(InputError, match="noise"):
        posterior_guided(oracle, KNOWN, MASK, noise=-1)
    assert observed(KNOWN, MASK).tolist() == [1.5, 0]
