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
    """log p(y | x) of one class for each sample, or of one set of labels, (B,), from logits (B, C).

    labels   classes (B,), by softmax; or sets (B, C) of zeros and ones, every label told by a sigmoid of its own:
             log p(y | x) = Σ_j y_j log s(l_j) + (1 − y_j) log s(−l_j).
             With a first dimension of 1, one class or set that all are asked for

    Errors: `InputError` for a class that the classifier does not know, or sets of another number of labels.
    """
    if labels.ndim == 2:
        return _log_prob_of_sets(logits, labels)
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < logits.shape[1]:
        raise InputError("labels", labels.tolist(), f"classes from 0 to {logits.shape[1] - 1}")
    exact = logits if logits.dtype == torch.float64 else logits.float()
    chosen = labels.to(logits.device).expand(len(logits))
    return exact.log_softmax(1).gather(1, chosen[:, None])[:, 0]


def _log_prob_of_sets(logits: Tensor, sets: Tensor) -> Tensor:
    if sets.shape[1] != logits.shape[1]:
        raise InputError("labels", tuple(sets.shape), f"sets of {logits.shape[1]} labels")
    exact = logits if logits.dtype == torch.float64 else logits.float()
    wanted = sets.to(exact).expand_as(exact)
    return -F.binary_cross_entropy_with_logits(exact, wanted, reduction="none").sum(1)


@dataclass(frozen=True, kw_only=True)
class Classification:
    """A `Method` that fits log p(y | x), or log p(y | x_t) for noised x_t, by the mean cross-entropy in nats.

    Noised as the diffusion model's own training data, with the time told to the network, its optimum is the exact
    log p(y | x_t), whose gradient is the difference of the conditional and the unconditional score.
    [Dhariwal & Nichol 2021, §4; Sohl-Dickstein et al. 2015, §2.5]

    A batch holds "x" (B, …) and "y": classes from 0, (B,), or sets of labels, (B, C) of zeros and ones.

    process   the noise; None leaves x as it is and tells the network no time
    name      the name of the network and of its optimizer
    """

    process: Process | None = None
    name: str = "classifier"

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The mean cross-entropy of the batch, once, and the share of right answers as a metric.

        Of a set of k labels those are right that are among the k highest logits.
        """
        if "y" not in batch:
            raise InputError("batch", sorted(batch), "with labels 'y' for a classifier", "use data with classes")
        logits = self._logits(networks[self.name], batch["x"], rng).float()  # under autocast they are bfloat16
        y = batch["y"]
        loss = -log_prob_of(logits, y).mean() if y.ndim == 2 else F.cross_entropy(logits, y)
        right = _named(logits.detach(), y) if y.ndim == 2 else (logits.detach().argmax(1) == y).float().mean()
        yield Update(self.name, loss, {"accuracy": right})

    def _logits(self, network: nn.Module, x0: Tensor, rng: StepRng) -> Tensor:
        if self.process is None:
            clean: Tensor = network(x0, None)
            return clean
        eps, t = rng.normal(x0.shape), self.process.times(rng.uniform(x0.shape[:1]))
        level = self.process.schedule.level(t)
        x = expand(level.alpha, x0) * x0 + expand(level.sigma, x0) * eps
        return noisy_logits(network, self.process, x, t)


def _named(logits: Tensor, sets: Tensor) -> Tensor:
    """The share of labels that are among the k highest logits of their sample."""
    counts = sets.long().sum(1)
    last = logits.sort(dim=1, descending=True).values.gather(1, (counts - 1).clamp(min=0)[:, None])
    return ((logits >= last) & (sets > 0)).sum() / counts.sum()
