import pytest
import torch

from genloom.diffusion import loss, prediction
from genloom.diffusion import schedule as schedules
from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.prediction import solve, target
from genloom.errors import InputError, UnknownName

EVERY = {"linear": schedules.linear(), "cosine": schedules.cosine(50), "ve": schedules.exponential(),
         "edm": schedules.EDM(), "rectified": schedules.Rectified()}
PAIRS = [(schedule, name) for schedule in EVERY for name in prediction.PREDICTIONS
         if schedule != "rectified" or name not in ("noise", "score", "posterior-mean")]  # refused at zero terminal SNR
every_pair = pytest.mark.parametrize(("schedule", "name"), PAIRS)
TIMES = torch.linspace(0.05, 0.95, 7, dtype=torch.float64)


def _batch(shape=(7, 3)):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(3)]


def _constant(output, schedule, row):
    return NetworkDenoiser(lambda x, time, labels: output, schedule, row)


@every_pair
@pytest.mark.parametrize("weight", ["noise", "min-snr", "velocity", "edm", "elbo"])
@pytest.mark.parametrize("distance", ["l2", "l1", "huber"])
def test_a_weight_stated_for_one_prediction_holds_for_all(schedule, name, weight, distance):
    """Two networks that believe the same x0 and ε have the same weighted loss, whatever they output."""
    schedule = EVERY[schedule]
    row = prediction.prediction(name, schedule, sigma_data=0.5)
    x0, eps, output = _batch()
    level = schedule.level(TIMES)
    x = level.alpha[:, None] * x0 + level.sigma[:, None] * eps
    believed = solve(x, output, level, row)
    w = loss.loss_weight(weight, schedule, sigma_data=0.5)
    found = loss.denoising_loss(_constant(output, schedule, row), x0, eps, TIMES, weight=w, distance=distance)
    through = {"noise": prediction.noise, "data": prediction.data}
    for other, value in (("noise", believed.eps), ("data", believed.x0)):
        network = _constant(value, schedule, through[other])
        same = loss.denoising_loss(network, x0, eps, TIMES, weight=w, distance=distance)
        assert torch.allclose(found, same, rtol=1e-8)


@every_pair
def test_noise_and_data_weights_are_errors_of_the_estimate(schedule, name):
    schedule = EVERY[schedule]
    row = prediction.prediction(name, schedule, sigma_data=0.5)
    x0, eps, output = _batch()
    level = schedule.level(TIMES)
    x = level.alpha[:, None] * x0 + level.sigma[:, None] * eps
    believed = solve(x, output, level, row)
    denoiser = _constant(output, schedule, row)
    for weight, error in ((loss.noise, believed.eps - eps), (loss.data, believed.x0 - x0)):
        found = loss.denoising_loss(denoiser, x0, eps, TIMES, weight=weight)
        assert torch.allclose(found, error.square().mean(1), rtol=1e-8)
    plain = loss.denoising_loss(denoiser, x0, eps, TIMES)
    assert torch.allclose(plain, (output - target(x0, eps, level, row)).square().mean(1), rtol=1e-10)


@pytest.mark.parametrize("schedule", [schedules.linear(1000), schedules.linear(30), schedules.cosine(50)])
def test_elbo_weight_is_the_weighted_noise_loss_of_ddpm_with_the_small_variance(schedule):
    """β²/(2 σ̃² α_t (1 − ᾱ_t)), σ̃² = β (1 − ᾱ_s)/(1 − ᾱ_t); σ̃² = β_t makes it smaller by the variances' ratio."""
    i = torch.arange(2, schedule.steps + 1)
    beta, alpha_bar = schedule.betas[i - 1], schedule.log_alpha_bar.exp()
    small = beta * (1 - alpha_bar[i - 1]) / (1 - alpha_bar[i])
    weight = loss.elbo(schedule)(schedule.level(i.double() / schedule.steps), prediction.noise) / schedule.steps
    assert torch.allclose(weight, beta**2 / (2 * small * (1 - beta) * (1 - alpha_bar[i])), rtol=1e-9)
    large = beta**2 / (2 * beta * (1 - beta) * (1 - alpha_bar[i]))
    assert torch.allclose(weight / large, beta / small, rtol=1e-9)


def test_elbo_weight_of_the_first_step_is_the_decoders():
    schedule = schedules.linear(1000)
    first = loss.elbo(schedule)(schedule.level(torch.tensor([0.001], dtype=torch.float64)), prediction.noise)
    assert first.item() / 1000 == pytest.approx(0.5)  # ½‖ε − ε̂‖²


def test_elbo_weight_of_a_continuous_schedule_approaches_the_snr_slope():
    """−½ dSNR/dt · σ²/α² = rate for σ = e^{rate (t − 1)}: the weight on ε is constant."""
    schedule = schedules.exponential(5.0)
    weight = loss.elbo(schedule, 10**6)(schedule.level(TIMES), prediction.noise)
    assert torch.allclose(weight, torch.full_like(weight, 5.0), rtol=1e-4)


@pytest.mark.parametrize("gamma", [1.0, 5.0])
def test_min_snr_has_the_published_forms(gamma):
    """ε: min(SNR, γ)/SNR; x0: min(SNR, γ); v: min(SNR, γ)/(SNR + 1), not /SNR."""
    schedule = schedules.linear()
    level = schedule.level(TIMES)
    snr = (level.alpha / level.sigma) ** 2
    weight = loss.min_snr(gamma)
    assert torch.allclose(weight(level, prediction.noise), snr.clamp(max=gamma) / snr)
    assert torch.allclose(weight(level, prediction.data), snr.clamp(max=gamma))
    assert torch.allclose(weight(level, prediction.velocity), snr.clamp(max=gamma) / (snr + 1))
    assert weight(schedule.level(0.5), prediction.velocity) == pytest.approx(
        weight(schedule.level(torch.tensor([0.5])), prediction.velocity).item())


@pytest.mark.parametrize("gamma", [5.0, 50.0])
def test_velocity_weighs_v_by_one_until_an_error_of_x0_would_weigh_gamma(gamma):
    schedule = schedules.cosine()
    level = schedule.level(TIMES)
    on_x0 = (level.alpha / level.sigma) ** 2 + 1
    weight = loss.velocity(gamma)
    assert torch.allclose(weight(level, prediction.data), on_x0.clamp(max=gamma))
    below = on_x0 <= gamma
    assert below.any()
    assert not below.all()
    found = weight(level, prediction.velocity)
    assert torch.allclose(found[below], torch.ones_like(found[below]))
    assert torch.allclose(found[~below], (gamma / on_x0)[~below])


@pytest.mark.parametrize("schedule", [schedules.EDM(), schedules.exponential(), schedules.linear()])
def test_edm_weight_of_edm_output_is_one_and_of_data_is_lambda(schedule):
    level = schedule.level(TIMES)
    rho = level.sigma / level.alpha
    assert torch.allclose(loss.edm(0.5)(level, prediction.data), (rho**2 + 0.25) / (rho * 0.5) ** 2)
    f = loss.edm(0.5)(level, prediction.edm(0.5))
    assert torch.allclose(f, torch.ones_like(f))


def test_zero_terminal_snr_has_finite_weights():
    schedule = schedules.Rectified()
    end = schedule.level(torch.tensor([1.0]))
    for name in loss.WEIGHTS:
        found = torch.as_tensor(loss.loss_weight(name, schedule)(end, prediction.flow))
        assert found.isfinite().all()
        assert (found >= 0).all()


def test_the_score_loss_of_s4():
    """½‖σ s + z‖², summed over coordinates."""
    schedule = schedules.VarianceExploding(0.01, 0.3)
    x0, z, output = _batch()
    found = loss.denoising_loss(_constant(output, schedule, prediction.score), x0, z, TIMES,
                                weight=loss.noise, reduction="half-sum")
    assert torch.allclose(found, 0.5 * (schedule.sigma(TIMES)[:, None] * output + z).square().sum(1))


def test_distances_are_those_of_torch():
    x0, eps, output = _batch()
    denoiser = _constant(output, schedules.linear(), prediction.noise)
    F = torch.nn.functional
    for name, reference in (("l2", F.mse_loss), ("l1", F.l1_loss), ("huber", F.huber_loss)):
        found = loss.denoising_loss(denoiser, x0, eps, TIMES, distance=name)
        assert torch.allclose(found, reference(output, eps, reduction="none").mean(1))


def test_loss_is_float32_under_autocast():
    net = torch.nn.Linear(3, 3)
    denoiser = NetworkDenoiser(lambda x, time, labels: net(x), schedules.linear(), prediction.noise)
    x0, eps, _ = (part.float() for part in _batch())
    with torch.autocast("cpu", torch.bfloat16):
        assert net(x0).dtype == torch.bfloat16
        found = loss.denoising_loss(denoiser, x0, eps, TIMES, weight=loss.min_snr())
    assert found.dtype == torch.float32
    assert torch.allclose(found, loss.denoising_loss(denoiser, x0, eps, TIMES, weight=loss.min_snr()), rtol=0.05)


def test_images_are_reduced_per_sample():
    x0, eps, output = _batch((7, 2, 4, 4))
    denoiser = _constant(output, schedules.linear(), prediction.noise)
    mean, half = (loss.denoising_loss(denoiser, x0, eps, TIMES, reduction=r) for r in loss.REDUCTIONS)
    assert mean.shape == (7,)
    assert torch.allclose(half, mean * 16)


def test_wrong_names_and_numbers_are_refused():
    schedule = schedules.linear()
    x0, eps, output = _batch()
    denoiser = _constant(output, schedule, prediction.noise)
    with pytest.raises(UnknownName, match="min-snr"):
        loss.loss_weight("min_snr", schedule)
    with pytest.raises(UnknownName, match="distance"):
        loss.denoising_loss(denoiser, x0, eps, TIMES, distance="l3")
    with pytest.raises(UnknownName, match="reduction"):
        loss.denoising_loss(denoiser, x0, eps, TIMES, reduction="sum")
    with pytest.raises(InputError, match="gamma"):
        loss.min_snr(0)
    with pytest.raises(InputError, match="gamma"):
        loss.velocity(0)
    with pytest.raises(InputError, match="sigma_data"):
        loss.edm(-1)
