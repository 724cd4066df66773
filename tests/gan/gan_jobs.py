"""Tiny games for the tests, and a script that plays one in a process of its own:

python gan_jobs.py RUN [resume] [norm] [at=STEP,UPDATE] [field=value …]     fields of options.Engine

`norm` gives the generator batch norm; `at` kills the process before that update of that step, counted from 0.
"""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor, nn

from genloom.errors import GenloomError
from genloom.gan.latent import Latent
from genloom.gan.method import Playing
from genloom.gan.penalties import Penalty
from genloom.nn.gan.verdict import Verdict
from genloom.rng import StepRng
from genloom.training import options
from genloom.training.engine import Job, fit
from genloom.training.method import Batch, Method, Networks, Update
from genloom.training.run import RunFolder
from genloom.training.screen import Screen
from genloom.training.source import TensorSource

CRITIC_STEPS = 3


class Generator(nn.Module):
    """Points from noise; told labels, it moves them."""

    def __init__(self, latent: int = 3, labels: int = 0, norm: bool = False) -> None:
        super().__init__()
        middle = [nn.BatchNorm1d(8), nn.LeakyReLU()] if norm else [nn.LeakyReLU()]
        self.layers = nn.Sequential(nn.Linear(latent, 8), *middle, nn.Linear(8, 2))
        self.told = nn.Linear(labels, 2) if labels else None
        self.calls: list[tuple[Tensor, Tensor | None, bool]] = []

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        self.calls.append((z, y, torch.is_grad_enabled()))
        points: Tensor = self.layers(z)
        return points if self.told is None else points + self.told(y)


class Discriminator(nn.Module):
    """Logits of points, and what it reads of labels and codes."""

    def __init__(self, labels: int = 0, read: int = 0) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU())
        self.logit = nn.Linear(8, 1)
        self.labels = nn.Linear(8, labels) if labels else None
        self.code = nn.Linear(8, read) if read else None
        self.shown: list[Tensor] = []
        self.kinds: list[torch.dtype] = []

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        self.shown.append(x)
        hidden = self.layers(x)
        self.kinds.append(hidden.dtype)
        return Verdict(self.logit(hidden).squeeze(1), None if self.labels is None else self.labels(hidden),
                       None if self.code is None else self.code(hidden))


def networks(**parts: int | bool) -> dict[str, nn.Module]:
    """A pair with fixed weights: `latent`, `norm`, `labels` (of both), `read`."""
    torch.manual_seed(0)
    labels, read = parts.pop("labels", 0), parts.pop("read", 0)
    return {"generator": Generator(labels=labels, **parts), "discriminator": Discriminator(labels, read)}


@dataclass
class Cut:
    """`method`, and one signal to this process before update `at` of step `step` is differentiated."""

    method: Method
    step: int
    at: int
    number: int
    sent: bool = False

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        for k, update in enumerate(self.method.updates(networks, batch, rng)):
            if (rng.step, k) == (self.step, self.at) and not self.sent:  # of all micro-batches the first
                self.sent = True
                os.kill(os.getpid(), self.number)
            yield update


def data(count: int = 72) -> TensorSource:
    """Points around (2, 0)."""
    draws = torch.Generator().manual_seed(5)
    return TensorSource({"x": torch.randn(count, 2, generator=draws) * 0.5 + torch.tensor([2.0, 0.0])})


def playing(**changes: object) -> Playing:
    """Three critic steps, and R1 at every other step."""
    usual = {"latent": Latent(size=3, law="normal"), "critic_steps": CRITIC_STEPS,
             "penalty": Penalty(kind="r1", weight=1.0, every=2)}
    return Playing(**usual | changes)  # type: ignore[arg-type]


def game(engine: options.Engine, *, method: Method | None = None, norm: bool = False, away: float = 0.0,
         rates: tuple[float, float] = (2e-3, 1e-3), **parts: object) -> Job:
    """Two networks with an optimizer of its own kind each: `rates`; the generator starts `away` from the data."""
    chosen = {"discriminator": options.Optimizer(name="adamw", lr=rates[0], weight_decay=0.01),
              "generator": options.Optimizer(lr=rates[1], beta1=0.5)}
    pair = networks(norm=norm)
    with torch.no_grad():
        pair["generator"].layers[-1].bias.sub_(away)  # type: ignore[index, union-attr]
    return Job(method or playing(), pair, chosen, data(), engine, **parts)  # type: ignore[arg-type]


def engine(**changes: object) -> options.Engine:
    """Twelve steps, four of them an epoch."""
    usual = {"steps": 12, "batch_size": 18, "log_every": 4, "save_every": 5, "tensorboard": False, "ema": 0.9}
    return options.Engine(**usual | changes)  # type: ignore[arg-type]


def train(job: Job, path: Path, resume: bool = False) -> RunFolder:
    """Train quietly in a new run, or in an old one."""
    run = RunFolder.open(path) if resume else RunFolder.create(path, "name: test\n", ["test"], {})
    fit(job, run, resume=resume, screen=Screen("quiet"))
    return run


def main(arguments: list[str]) -> int:
    path, *rest = arguments
    given = dict(word.split("=") for word in rest if "=" in word)
    step, at = map(int, given.pop("at", "-1,0").split(","))
    kinds = {field.name: type(field.default) for field in fields(options.Engine)}
    chosen = engine(**{name: kinds[name](value) for name, value in given.items()})
    try:
        job = game(chosen, method=Cut(playing(), step, at, signal.SIGKILL), norm="norm" in rest)
        train(job, Path(path), resume="resume" in rest)
    except GenloomError as error:
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    print("done")
    return 0


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main(sys.argv[1:]))
