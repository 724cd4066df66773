"""Training a forecaster: one loss a step, of its head."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from genloom.forecasting.heads import Head, Point
from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update


@dataclass(frozen=True, kw_only=True)
class Forecasting:
    """A `Method` that fits forecasts to what came: the mean of the head's loss over windows, steps and channels.

    A batch holds x (B, L, C), y (B, H, C), x_marks (B, L, M) and y_marks (B, H, M), as `windows.Windows` makes it.

    head     of the forecaster: its loss is squared, absolute or Huber's error, the quantile loss, or a likelihood
    taught   give the decoder the truth ("teacher forcing"), for autoregressive ones
    name     of the network and of its optimizer
    """

    head: Head
    taught: bool = False
    name: str = "forecaster"

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The loss of the batch, once, and beside one that is not the squared error the squared error as a metric."""
        y = batch["y"]
        forecast = networks[self.name](batch["x"], batch["x_marks"], batch["y_marks"], y if self.taught else None)
        loss = self.head.loss(forecast, y)
        metrics = {}
        if not (isinstance(self.head, Point) and self.head.kind == "mse"):
            with torch.no_grad():
                metrics["mse"] = (self.head.point(forecast) - y).square().mean()
        yield Update(self.name, loss, metrics)
