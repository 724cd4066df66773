"""A forecast mixed with the mean of the last cycles, by one weight that is fitted and not trained."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.forecasting.baselines import seasonal_mean
from genloom.forecasting.heads import Head


class Blend(nn.Module):
    """ŷ = (1 − w) ŷ_network + w s, where s is the mean of the last whole cycles of the lookback, as many as it has.

    It averages out the errors that the two do not share. [Bates & Granger 1969]

    period   rows of the cycle
    seasons  how many of them the lookback has
    weight   w in [0, 1], kept with the weights of the network; 0 at first

    Errors: `InputError` for a lookback without a whole cycle.
    """

    weight: Tensor

    def __init__(self, period: int, lookback: int) -> None:
        super().__init__()
        if not 1 <= period <= lookback:
            raise InputError("network.cycle", period, f"from 1 to window.lookback = {lookback}, where cycles are mixed "
                             "in", "pass a longer --window.lookback, or --network.no-blend")
        self.period, self.seasons = period, lookback // period
        self.register_buffer("weight", torch.zeros(()))

    def seasonal(self, x: Tensor, horizon: int) -> Tensor:
        """The mean of the last cycles again and again, (B, L, C) → (B, H, C)."""
        return seasonal_mean(x, horizon, self.period, self.seasons)

    def forward(self, forecast: Tensor, x: Tensor, head: Head) -> Tensor:
        """The forecast moved towards the mean of the cycles, whatever the head says of its spread."""
        point = head.point(forecast)
        return head.shifted(forecast, self.weight * (self.seasonal(x, point.shape[1]) - point))

    @torch.no_grad()
    def fit(self, pairs: Iterable[tuple[Tensor, Tensor, Tensor]]) -> float:
        """The weight with the smallest squared error, w = Σ (ŷ − y)(ŷ − s) / Σ (ŷ − s)² inside [0, 1]; it is set.

        pairs   batches of lookback x (B, L, C), the network's point forecast ŷ and the truth y, (B, H, C) each
        """
        product, square = 0.0, 0.0
        for x, made, truth in pairs:
            apart = (made - self.seasonal(x, made.shape[1])).double()
            product += float(((made.double() - truth.double()) * apart).sum())
            square += float(apart.square().sum())
        self.weight.fill_(min(1.0, max(0.0, product / square)) if square > 0 else 0.0)
        return float(self.weight)

    def extra_repr(self) -> str:
        """Cycles and their weight."""
        return f"{self.seasons} cycles of {self.period} rows, weight {float(self.weight):.3g}"
