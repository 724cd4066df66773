"""Training a diffusion model: one loss per step, on noise and times that are drawn for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.loss import Weight, denoising_loss, simple
from genloom.diffusion.times import TimeLaw
from genloom.errors import InputError
from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update


@dataclass(frozen=True, kw_only=True)
class Denoising:
    """A `Method` that regresses a network on the target of its row. [Ho et al. 2020, Alg. 1; Song & Ermon 2019, Eq. 5]

    A batch holds "x" (B, …) and, for a conditional model, "y": classes from 0, (B,), of which a random share is
    replaced by the null class, whose index is `classes`; or sets of labels, multi-hot (B, K), which are emptied
    instead.
    [Ho & Salimans 2022, Alg. 1]

    make             a network and labels -> its denoiser
    times            how training times are drawn
    classes          number of classes, or of labels; 0 ignores both
    label_dropout    the share that is replaced, in [0, 1]
    name             the name of the network and of its optimizer
    """

    make: Callable[[nn.Module, Tensor | None], NetworkDenoiser]
    times: TimeLaw
    weight: Weight = simple
    distance: str = "l2"
    reduction: str = "mean"
    classes: int = 0
    label_dropout: float = 0.1
    name: str = "denoiser"

    def __post_init__(self) -> None:
        if not 0 <= self.label_dropout <= 1:
            raise InputError("diffusion.label_dropout", self.label_dropout, "in [0, 1]", "0.1 is usual")

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The mean loss of the batch, once."""
        x0 = batch["x"]
        eps, t = rng.normal(x0.shape), self.times(rng.uniform(x0.shape[:1]))
        denoiser = self.make(networks[self.name], self._labels(batch, rng))
        loss = denoising_loss(denoiser, x0, eps, t, weight=self.weight, distance=self.distance,
                              reduction=self.reduction)
        yield Update(self.name, loss.mean())

    def _labels(self, batch: Batch, rng: StepRng) -> Tensor | None:
        if not self.classes:
            return None
        if "y" not in batch:
            raise InputError("batch", sorted(batch), "with labels 'y' for a conditional model", "set classes to 0")
        hidden = rng.uniform(batch["y"].shape[:1]) < self.label_dropout
        if batch["y"].ndim == 2:
            return batch["y"].float() * ~hidden[:, None]
        return torch.where(hidden, self.classes, batch["y"])
