"""A classifier that is trained by cross-entropy finds the exact log p(y | x) and log p(y | x_t)."""

import math

import pytest
import torch
from torch import nn

from genloom.diffusion import schedule as schedules
from genloom.diffusion.classification import Classification, Process, log_prob_of, noisy_logits
from genloom.diffusion.denoiser import table_index
from genloom.diffusion.oracle.mixture import MixtureOracle
from genloom.diffusion.times import table
from genloom.errors import InputError
from genloom.rng import StepRng

SCHEDULE = schedules.cosine()
PROCESS = Process(schedule=SCHEDULE, times=table(SCHEDULE), condition=table_index(SCHEDULE))


class Recorder(nn.Module):
    """Logits that are a linear function of x; remembers what it was given."""

    def __init__(self, classes=3):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, classes))
        self.bias = nn.Parameter(torch.zeros(classes))
        self.seen = []

    def forward(self, x, time):
        self.seen.append((x, time))
        return x @ self.weight + self.bias


class Exact(nn.Module):
    """The oracle's own log p(y | x_t), as a network that is told the place in the table."""

    def __init__(self, oracle):
        super().__init__()
        self.oracle = oracle

    def forward(self, x, time):
        t = torch.full((len(x),), 1e-9) if time is None else (time.double() + 1) / 1000
        return self.oracle.log_posterior(x.double(), t.double())


def _oracle():
    return MixtureOracle(SCHEDULE, torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.5]]),
                         0.2 * torch.eye(2).expand(3, 2, 2), torch.tensor([0.5, 0.3, 0.2]), torch.arange(3))


def _step(method, network, batch, rng):
    (update,) = method.updates({"classifier": network}, batch, rng)
    assert update.optimizer == "classifier"
    return update


def test_clean_data_go_in_as_they_are_and_without_a_time():
    network, x, y = Recorder(), torch.rand(6, 2), torch.tensor([0, 1, 2, 0, 0, 0])
    update = _step(Classification(), network, {"x": x, "y": y}, StepRng(0, 0))
    assert torch.equal(network.seen[0][0], x)
    assert network.seen[0][1] is None
    assert update.loss.item() == pytest.approx(math.log(3), rel=1e-6)
    assert float(update.metrics["accuracy"]) == pytest.approx(4 / 6)  # equal logits: the first class


def test_noised_data_are_x_t_of_the_drawn_noise_and_times():
    network, x = Recorder(), torch.rand(6, 2)
    _step(Classification(process=PROCESS), network, {"x": x, "y": torch.zeros(6, dtype=torch.int64)}, StepRng(0, 3))
    rng = StepRng(0, 3)
    eps, t = rng.normal((6, 2)), table(SCHEDULE)(rng.uniform((6,)))
    level = SCHEDULE.level(t)
    seen, told = network.seen[0]
    assert torch.allclose(seen, (level.alpha[:, None] * x + level.sigma[:, None] * eps).float(), atol=1e-6)
    assert torch.equal(told, (t * 1000 - 1).float())


def test_two_processes_draw_what_one_would():
    method, x, y = Classification(process=PROCESS), torch.rand(8, 2), torch.arange(8) % 3
    network = Recorder()
    with torch.no_grad():
        network.weight.copy_(torch.randn(2, 3, generator=torch.Generator().manual_seed(0)))
    whole = _step(method, network, {"x": x, "y": y}, StepRng(1, 2)).loss
    parts = [_step(method, network, {"x": x[r * 4 : r * 4 + 4], "y": y[r * 4 : r * 4 + 4]},
                   StepRng(1, 2, rank=r, world=2)).loss for r in range(2)]
    assert whole.item() == pytest.approx(torch.stack(parts).mean().item(), rel=1e-6)


def test_the_exact_classifier_has_the_entropy_of_the_labels_as_its_loss_at_pure_noise_and_less_before():
    oracle, method = _oracle(), Classification(process=PROCESS)
    x, y = oracle.draw(4000, torch.Generator().manual_seed(0))
    found = {}
    for name, t in (("early", 0.1), ("late", 1.0)):
        law = Process(schedule=SCHEDULE, times=lambda u, t=t: torch.full_like(u, t, dtype=torch.float64),
                      condition=PROCESS.condition)
        found[name] = _step(Classification(process=law), Exact(oracle), {"x": x.float(), "y": y},
                            StepRng(0, 0)).loss.item()
    entropy = -sum(w * math.log(w) for w in (0.5, 0.3, 0.2))
    assert found["late"] == pytest.approx(entropy, abs=0.03)
    assert found["early"] < 0.3 * entropy
    assert _step(method, Exact(oracle), {"x": x.float(), "y": y}, StepRng(0, 0)).loss.item() < entropy


def test_fitting_finds_the_exact_posterior():
    """Classes of equal covariance have linear log-odds: at one noise level a linear network can be exact."""
    oracle, t = _oracle(), 0.3
    law = Process(schedule=SCHEDULE, times=lambda u: torch.full_like(u, t, dtype=torch.float64))
    method, network = Classification(process=law), Recorder()
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    x, y = oracle.draw(4000, torch.Generator().manual_seed(0))
    for step in range(150):
        optimizer.zero_grad()
        _step(method, network, {"x": x.float(), "y": y}, StepRng(0, step)).loss.backward()
        optimizer.step()
    points = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found = noisy_logits(network, law, points, t).softmax(1).double()
    assert (found - oracle.log_posterior(points.double(), t).exp()).abs().max() < 0.05


def test_a_time_for_each_sample_or_one_for_all_is_the_same_and_stays_exact():
    seen = []

    def network(x, time):
        seen.append(time)
        return x

    for x in (torch.zeros(3, 2, dtype=torch.float64), torch.zeros(3, 2), torch.zeros(3, 2, dtype=torch.bfloat16)):
        noisy_logits(network, PROCESS, x, 1.0)
        noisy_logits(network, PROCESS, x, torch.ones(3))
    assert [time.dtype for time in seen] == [torch.float64] * 2 + [torch.float32] * 4
    assert all(time.tolist() == [999.0] * 3 for time in seen)  # bfloat16 would make it 1000


def test_the_log_probability_of_the_asked_classes():
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([2, 0, 1, 1])
    assert torch.allclose(log_prob_of(logits, labels), logits.log_softmax(1)[torch.arange(4), labels])
    assert torch.allclose(log_prob_of(logits, torch.tensor([2])), logits.log_softmax(1)[:, 2])
    assert log_prob_of(logits.bfloat16(), labels).dtype == torch.float32
    with pytest.raises(InputError, match="classes from 0 to 2"):
        log_prob_of(logits, torch.tensor([3]))


def test_a_batch_without_labels_is_refused():
    with pytest.raises(InputError, match="labels 'y'"):
        _step(Classification(), Recorder(), {"x": torch.rand(2, 2)}, StepRng(0, 0))


def test_the_log_probability_of_a_set_is_that_of_all_its_labels_and_of_none_beyond_it():
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]], dtype=torch.float64)
    sets = torch.tensor([[1, 0, 1], [0, 1, 0]], dtype=torch.uint8)
    there = logits.sigmoid()
    expected = torch.where(sets == 1, there, 1 - there).prod(1).log()
    torch.testing.assert_close(log_prob_of(logits, sets), expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(log_prob_of(logits, sets[:1]), log_prob_of(logits, sets[:1].expand(2, 3)))
    every = torch.tensor([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    assert log_prob_of(logits[:1].expand(8, 3), every).exp().sum() == pytest.approx(1, abs=1e-12)
    assert log_prob_of(torch.full((1, 3), -90.0), torch.zeros(1, 3)).item() == 0
    assert log_prob_of(torch.full((1, 3), -90.0), torch.ones(1, 3)).item() == -270  # softplus, not log(s + 1e-8)
    with pytest.raises(InputError, match="sets of 3 labels"):
        log_prob_of(logits, torch.ones(2, 4))


def test_sets_of_labels_are_fitted_by_their_log_probability_and_counted_among_the_highest():
    network, x = Recorder(), torch.rand(4, 2)
    sets = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=torch.uint8)
    with torch.no_grad():
        network.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))
    update = _step(Classification(), network, {"x": x, "y": sets}, StepRng(0, 0))
    logits = network.bias.detach().expand(4, 3)
    assert update.loss.item() == pytest.approx(-log_prob_of(logits, sets).mean().item())
    assert update.metrics["accuracy"].item() == pytest.approx((1 + 2 + 1 + 0) / 6)
    update.loss.backward()
    torch.testing.assert_close(network.bias.grad, (logits.sigmoid() - sets.float()).mean(0))
