"""Training a classifier of data, clean or noised as in a diffusion process, and asking it for probabilities."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.diffusion.denoiser import time_itself
from genloom.diffusion.prediction import as_tensor, expand
from genloom.diffusion.schedule import Level, Schedule, Time
from genloom.diffusion.times import TimeLaw
from genloom.errors import InputError
from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update

Network = Callable[[Tensor, Tensor | None], Tensor]
"""(x (B, …), time (B,) or None) -> logits (B, C); the time is None for a classifier of clean data."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """The noise that a classifier has to see through: that of the diffusion model which it is to guide.

    times       how training times are drawn
    condition   what the network is told of the time
    """

    schedule: Schedule
    times: TimeLaw
    condition: Callable[[Level], Time] = time_itself


def noisy_logits(network: Network, process: Process, x: Tensor, t: Time) -> Tensor:
    """Logits of p(y | x_t), (B, C), of a network that is told the time.

    t   one number or (B,)
    """
    told = as_tensor(process.condition(process.schedule.level(t)), x)
    return network(x, told.to(torch.float64 if x.dtype == torch.float64 else torch.float32))


def log_prob_of(logits: Tensor, labels: Tensor) -> Tensor:
    """log p(y | x) of one class for each sample, (B,), from logits (B, C).

    labels   (B,), or (1,) for one class that all are asked for

    Errors: `InputError` for a class that the classifier does not know.
    """
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < logits.shape[1]:
        raise InputError("labels", labels.tolist(), f"classes from 0 to {logits.shape[1] - 1}")
    exact = logits if logits.dtype == torch.float64 else logits.float()
    chosen = labels.to(logits.device).expand(len(logits))
    return exact.log_softmax(1).gather(1, chosen[:, None])[:, 0]


@dataclass(frozen=True, kw_only=True)
class Classification:
    """A `Method` that fits log p(y | x), or log p(y | x_t) for noised x_t, by the mean cross-entropy in nats.

    Noised as the diffusion model's own training data, with the time told to the network, its optimum is the exact
    log p(y | x_t), whose gradient is the difference of the conditional and the unconditional score.
    [Dhariwal & Nichol 2021, §4; Sohl-Dickstein et al. 2015, §2.5]

    A batch holds "x" (B, …) and "y" (B,), classes from 0.

    process   the noise; None leaves x as it is and tells the network no time
    name      the name of the network and of its optimizer
    """

    process: Process | None = None
    name: str = "classifier"

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The mean cross-entropy of the batch, once, and the share of right answers as a metric."""
        if "y" not in batch:
            raise InputError("batch", sorted(batch), "with labels 'y' for a classifier", "use data with classes")
        logits = self._logits(networks[self.name], batch["x"], rng).float()  # under autocast they are bfloat16
        loss = F.cross_entropy(logits, batch["y"])
        right = (logits.detach().argmax(1) == batch["y"]).float().mean()
        yield Update(self.name, loss, {"accuracy": right})

    def _logits(self, network: nn.Module, x0: Tensor, rng: StepRng) -> Tensor:
        if self.process is None:
            clean: Tensor = network(x0, None)
            return clean
        eps, t = rng.normal(x0.shape), self.process.times(rng.uniform(x0.shape[:1]))
        level = self.process.schedule.level(t)
        x = expand(level.alpha, x0) * x0 + expand(level.sigma, x0) * eps
        return noisy_logits(network, self.process, x, t)
