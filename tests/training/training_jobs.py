"""Tiny jobs for the engine's tests, and a script that trains one in a process of its own:

python training_jobs.py KIND RUN [resume] [field=value …]     fields of options.Engine, and `slow` (seconds per step)
"judged" evaluates, always with the same answer
"""

import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import torch
from torch import nn

from genloom.errors import GenloomError
from genloom.rng import StepRng
from genloom.training import options
from genloom.training.engine import Job, fit
from genloom.training.method import Batch, Networks, Update
from genloom.training.run import RunFolder
from genloom.training.screen import Screen
from genloom.training.source import TensorSource


class Regression:
    """Fits noisy targets; `slow` seconds a step, `poison` a step at which the loss is NaN, `kill` one with a signal."""

    def __init__(self, slow: float = 0.0, poison: int = -1, stop: int = -1, stop_by: int = signal.SIGTERM) -> None:
        self.slow, self.poison, self.stop, self.stop_by, self.calls = slow, poison, stop, stop_by, 0

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        if self.slow:
            time.sleep(self.slow)
        target = batch["y"] + 0.1 * rng.normal(batch["y"].shape)
        loss = (networks["net"](batch["x"]) - target).square().mean()
        if self.calls == self.stop:
            signal.raise_signal(self.stop_by)
        if self.calls == self.poison:
            loss = loss * float("nan")
        self.calls += 1
        yield Update("net", loss, {"target": target.mean(), "half": 0.5})


class Adversarial:
    """Two networks: the critic twice, then the generator, which sees the moved critic."""

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        critic, generator = networks["critic"], networks["generator"]
        real = batch["x"]
        for _ in range(2):
            with torch.no_grad():
                fake = generator(rng.normal((len(real), 3)))
            loss = nn.functional.softplus(critic(fake)).mean() + nn.functional.softplus(-critic(real)).mean()
            yield Update("critic", loss)
        fake = generator(rng.normal((len(real), 3)))
        yield Update("generator", nn.functional.softplus(-critic(fake)).mean(), {"spread": fake.std()})


def data(count: int = 48) -> TensorSource:
    draws = torch.Generator().manual_seed(5)
    x = torch.randn(count, 2, generator=draws)
    return TensorSource({"x": x, "y": (x.sum(1, keepdim=True)).sin()})


def regression(engine: options.Engine, *, plain: bool = False, method: Regression | None = None,
               optimizer: options.Optimizer | None = None, count: int = 48, **parts: object) -> Job:
    """`plain` leaves out dropout and batch norm, whose results depend on how a batch is split."""
    torch.manual_seed(engine.seed)
    middle = [nn.Tanh()] if plain else [nn.BatchNorm1d(16), nn.Tanh(), nn.Dropout(0.2)]
    net = nn.Sequential(nn.Linear(2, 16), *middle, nn.Linear(16, 1))
    chosen = optimizer or options.Optimizer(lr=1e-2, schedule="cosine", warmup=3)
    return Job(method or Regression(), {"net": net}, {"net": chosen}, data(count), engine, **parts)  # type: ignore[arg-type]


def adversarial(engine: options.Engine, **parts: object) -> Job:
    torch.manual_seed(engine.seed)
    networks = {"critic": nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(), nn.Linear(8, 1)),
                "generator": nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(), nn.Linear(8, 2))}
    chosen = {"critic": options.Optimizer(name="adamw", lr=2e-3, weight_decay=0.01),
              "generator": options.Optimizer(name="sgd", lr=1e-2)}
    return Job(Adversarial(), networks, chosen, data(), engine, **parts)  # type: ignore[arg-type]


def engine(**changes: object) -> options.Engine:
    usual = {"steps": 20, "batch_size": 16, "log_every": 3, "save_every": 5, "tensorboard": False, "ema": 0.9}
    return options.Engine(**usual | changes)  # type: ignore[arg-type]


def train(job: Job, path: Path, resume: bool = False, **how: object) -> RunFolder:
    """Train quietly in a new run, or in an old one."""
    run = RunFolder.open(path) if resume else RunFolder.create(path, "name: test\n", ["test"], {})
    fit(job, run, resume=resume, screen=Screen("quiet"), **how)  # type: ignore[arg-type]
    return run


def main(arguments: list[str]) -> int:
    kind, path, *rest = arguments
    given = dict(word.split("=") for word in rest if "=" in word)
    slow = float(given.pop("slow", 0))
    kinds = {field.name: type(field.default) for field in fields(options.Engine)}
    chosen = engine(**{name: kinds[name](value) for name, value in given.items()})
    try:
        if kind == "gan":
            job = adversarial(chosen)
        else:
            judge = {"judge": lambda networks: {"energy": 1.0}} if "judged" in rest else {}
            job = regression(chosen, plain=kind == "plain", method=Regression(slow), **judge)
        resume = "resume" in rest
        run = RunFolder.open(Path(path)) if resume else RunFolder.create(Path(path), "name: test\n", sys.argv, {})
        outcome = fit(job, run, resume=resume, screen=Screen("plain"))
    except GenloomError as error:
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    print("done", outcome.step)
    return 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main(sys.argv[1:]))
