"""Games in the engine: they go on exactly where they were cut, on one process or two, and find what they should."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from gan_jobs import Cut, engine, game, playing, train
from torch import nn

from genloom.errors import Interrupted
from genloom.gan.latent import Latent
from genloom.gan.losses import ADVERSARIAL
from genloom.gan.method import Playing
from genloom.gan.penalties import Penalty
from genloom.nn.gan.verdict import Verdict
from genloom.rng import StepRng
from genloom.training.files import read_rows

JOBS = str(Path(__file__).with_name("gan_jobs.py"))
EXACT = ("metrics.jsonl", *(f"checkpoints/12/{part}.safetensors" for part in ("networks", "ema", "optimizers")),
         "checkpoints/12/state.json")


def contents(run):
    return {name: (run.path / name).read_bytes() for name in EXACT}


@pytest.mark.parametrize("change", [{}, {"accumulate": 2, "precision": "bf16-mixed"}], ids=["plain", "accumulated"])
@pytest.mark.parametrize(("step", "at"), [(0, 0), (6, 1), (6, 2), (7, 3), (11, 1)])
def test_a_game_stopped_in_the_middle_of_the_critics_steps_goes_on_exactly(tmp_path, step, at, change):
    whole = train(game(engine(**change), norm=True), tmp_path / "whole")
    cut = Cut(playing(), step, at, signal.SIGTERM)
    with pytest.raises(Interrupted):  # after the last step too, which has nothing to go on with
        train(game(engine(**change), method=cut, norm=True), tmp_path / "cut")
    run = train(game(engine(**change), norm=True), tmp_path / "cut", resume=True)
    assert contents(run) == contents(whole)


def test_a_game_killed_in_the_middle_of_the_critics_steps_goes_on_exactly(tmp_path):
    whole = train(game(engine(), norm=True), tmp_path / "whole")
    killed = subprocess.run([sys.executable, JOBS, str(tmp_path / "cut"), "norm", "at=8,1"], capture_output=True,
                            timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert contents(train(game(engine(), norm=True), tmp_path / "cut", resume=True)) == contents(whole)


class Constant(nn.Module):
    """A generator without noise, so that fakes do not depend on how a batch is divided."""

    def __init__(self):
        super().__init__()
        self.point = nn.Parameter(torch.zeros(2))

    def forward(self, z, y=None):
        return self.point.expand(len(z), 2)


def test_accumulating_two_halves_is_one_whole_batch(tmp_path):
    weights = []
    for accumulate in (1, 2):
        job = game(engine(accumulate=accumulate))
        job.networks["generator"] = Constant()
        train(job, tmp_path / str(accumulate))
        weights.append(torch.cat([p.detach().flatten() for n in job.networks.values() for p in n.parameters()]))
    torch.testing.assert_close(*weights, rtol=0, atol=1e-6)


def test_two_processes_play_the_game_of_one(tmp_path):
    """The critic's parts, the noise and the pairs are those of one process, whichever process has them."""
    whole = train(game(engine()), tmp_path / "one")
    two = subprocess.run([sys.executable, JOBS, str(tmp_path / "two"), "devices=2"], capture_output=True, text=True,
                         timeout=60, check=False)
    assert (two.returncode, two.stderr) == (0, "")
    names = ("loss/discriminator", "loss/generator", "penalty", "logit_real", "logit_fake")
    expected, found = ([[row[name] for name in names] for row in read_rows(path / "metrics.jsonl")]
                       for path in (whole.path, tmp_path / "two"))
    assert len(expected) == 3
    assert found == [pytest.approx(row, abs=1e-6) for row in expected]


class Shift(nn.Module):
    """b + e^s z."""

    def __init__(self):
        super().__init__()
        self.shift, self.scale = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))

    def forward(self, z, y=None):
        return self.shift + self.scale.exp() * z


class Quadratic(nn.Module):
    """The logits in which the best one for two normal laws is: c + b x + a x²."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x, y=None):
        return Verdict(self.layer(torch.cat((x, x.square()), 1)).squeeze(1))


@pytest.mark.parametrize(("name", "kind"), [("non-saturating", "r1"), ("relativistic", "r1+r2")])
def test_the_generator_finds_the_mean_and_the_deviation(name, kind):
    """A normal law of mean 2 and deviation ½, from one of mean 0 and deviation 1."""
    torch.manual_seed(0)
    nets = {"generator": Shift(), "discriminator": Quadratic()}
    moves = {key: torch.optim.Adam(network.parameters(), 0.02, (0.0, 0.9)) for key, network in nets.items()}
    method = Playing(latent=Latent(size=1, law="normal"), game=ADVERSARIAL[name], penalty=Penalty(kind=kind, weight=1))
    found = []
    for step in range(1200):
        rng = StepRng(1, step)
        for update in method.updates(nets, {"x": 2 + rng.normal((256, 1)) / 2}, rng):
            move = moves[update.optimizer]
            move.zero_grad()
            update.loss.backward(inputs=list(nets[update.optimizer].parameters()))
            move.step()
        found.append((nets["generator"].shift.item(), nets["generator"].scale.exp().item()))
    mean, deviation = torch.tensor(found[-300:]).mean(0).tolist()
    assert mean == pytest.approx(2, abs=0.03)
    assert deviation == pytest.approx(0.5, abs=0.03)
