import pytest
import torch

from genloom.diffusion import prediction
from genloom.diffusion import schedule as schedules
from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.loss import denoising_loss, noise
from genloom.diffusion.method import Denoising
from genloom.diffusion.oracle.boxes import square
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.times import uniform
from genloom.errors import InputError
from genloom.rng import StepRng

SCHEDULE = schedules.exponential()


class Recorder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.labels, self.time = [], []

    def forward(self, x, time, labels):
        self.labels.append(labels)
        self.time.append(time)
        return self.weight * x


def _make(network, labels):
    return NetworkDenoiser(network, SCHEDULE, prediction.noise, labels=labels)


def _step(method, network, batch, rng):
    updates = list(method.updates({"denoiser": network}, batch, rng))
    assert len(updates) == 1
    assert updates[0].optimizer == "denoiser"
    return updates[0].loss


def test_one_update_with_the_mean_loss_of_its_draws():
    method, network, x = Denoising(make=_make, times=uniform(SCHEDULE)), Recorder(), torch.rand(6, 2)
    rng = StepRng(0, 7)
    eps, t = rng.normal((6, 2)), rng.uniform((6,)).double()
    expected = denoising_loss(_make(network, None), x, eps, t).mean()
    found = _step(method, network, {"x": x}, StepRng(0, 7))
    assert torch.equal(found, expected)
    found.backward()
    assert network.weight.grad.abs() > 0
    assert network.labels[-1] is None


def test_labels_are_hidden_at_the_stated_rate_and_become_the_null_class():
    method = Denoising(make=_make, times=uniform(SCHEDULE), classes=5, label_dropout=0.2)
    network, y = Recorder(), torch.arange(20_000) % 5
    _step(method, network, {"x": torch.rand(20_000, 2), "y": y}, StepRng(0, 0))
    seen = network.labels[-1]
    hidden = seen == 5
    assert hidden.double().mean().item() == pytest.approx(0.2, abs=4 * (0.16 / 20_000) ** 0.5)
    assert torch.equal(seen[~hidden], y[~hidden])
    assert seen.dtype == torch.int64


def test_sets_are_emptied_at_the_stated_rate():
    method = Denoising(make=_make, times=uniform(SCHEDULE), classes=3, label_dropout=0.2)
    network, y = Recorder(), torch.tensor([[1, 0, 1]], dtype=torch.uint8).repeat(20_000, 1)
    _step(method, network, {"x": torch.rand(20_000, 2), "y": y}, StepRng(0, 0))
    seen = network.labels[-1]
    hidden = seen.sum(1) == 0
    assert hidden.double().mean().item() == pytest.approx(0.2, abs=4 * (0.16 / 20_000) ** 0.5)
    assert torch.equal(seen[~hidden], y[~hidden].float())


@pytest.mark.parametrize(("rate", "hidden"), [(0.0, 0), (1.0, 100)])
def test_label_dropout_at_its_ends(rate, hidden):
    method = Denoising(make=_make, times=uniform(SCHEDULE), classes=3, label_dropout=rate)
    network = Recorder()
    _step(method, network, {"x": torch.rand(100, 2), "y": torch.arange(100) % 3}, StepRng(0, 0))
    assert int((network.labels[-1] == 3).sum()) == hidden


def test_two_processes_draw_what_one_would():
    method = Denoising(make=_make, times=uniform(SCHEDULE), classes=3, label_dropout=0.5)
    x, y = torch.rand(8, 2), torch.arange(8) % 3
    network = Recorder()
    whole = _step(method, network, {"x": x, "y": y}, StepRng(1, 2))
    parts = [_step(method, network, {"x": x[r * 4 : r * 4 + 4], "y": y[r * 4 : r * 4 + 4]},
                   StepRng(1, 2, rank=r, world=2)) for r in range(2)]
    assert torch.equal(network.labels[0], torch.cat(network.labels[1:]))
    assert whole.item() == pytest.approx(torch.stack(parts).mean().item(), rel=1e-6)


def test_an_oracle_as_network_reaches_the_bayes_loss():
    oracle = square(SCHEDULE)
    method = Denoising(make=_make, times=uniform(SCHEDULE), weight=noise)
    x0 = oracle.sample(100_000, torch.Generator().manual_seed(0))
    found = _step(method, lambda x, time, labels: oracle(x, time).eps, {"x": x0.float()}, StepRng(0, 0))
    assert found.item() == pytest.approx(0.82732, abs=0.01)


def test_regression_finds_the_posterior_mean():
    """For Gaussian data the best linear network is the Wiener filter; gradient descent finds it at a fixed time."""
    schedule = schedules.linear()
    oracle = MixtureOracle(schedule, torch.zeros(1, 1), torch.full((1, 1, 1), 0.25))
    method = Denoising(make=lambda network, labels: NetworkDenoiser(network, schedule, prediction.data),
                       times=lambda u: torch.full_like(u, 0.3, dtype=torch.float64))
    network = Recorder()
    optimizer = torch.optim.SGD(network.parameters(), 0.5)
    x0 = oracle.sample(4000, torch.Generator().manual_seed(0)).float()
    for step in range(60):
        optimizer.zero_grad()
        _step(method, network, {"x": x0}, StepRng(0, step)).backward()
        optimizer.step()
    best = oracle(torch.ones(1, 1, dtype=torch.float64), 0.3).x0.item()
    assert network.weight.item() == pytest.approx(best, abs=0.02)


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="label_dropout"):
        Denoising(make=_make, times=uniform(SCHEDULE), label_dropout=1.5)
    method = Denoising(make=_make, times=uniform(SCHEDULE), classes=2)
    with pytest.raises(InputError, match="labels 'y'"):
        _step(method, Recorder(), {"x": torch.rand(2, 2)}, StepRng(0, 0))
