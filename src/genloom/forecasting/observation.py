"""Looking at a Transformer's attention over many windows, without keeping them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.forecasting.analysis import Attended
from genloom.forecasting.attending import Attending
from genloom.forecasting.forecaster import Forecaster, Looking
from genloom.forecasting.transformer import Transformer
from genloom.forecasting.windows import Windows

PARTS: Mapping[str, str] = {"encoder": "the encoder to itself", "decoder": "the decoder to itself",
                            "cross": "the decoder to the encoder"}
"""The attentions of a Transformer by name."""


def transformer_of(model: nn.Module) -> Transformer:
    """The Transformer of a forecaster.

    Errors: `InputError` where it has none.
    """
    network = model.network if isinstance(model, Forecaster) else model
    if not isinstance(network, Transformer):
        raise InputError("network.kind", type(network).__name__, "a Transformer, whose tokens are steps",
                         "train one with `genloom train transformer-etth1`")
    return network


@torch.no_grad()
def observe(model: nn.Module, windows: Windows, phases: Tensor, *, period: int = 24, count: int = 64, batch: int = 4,
            taught: bool = False) -> dict[str, tuple[Attended, ...]]:
    """The mean attention of each layer over windows that are spread evenly: encoder, decoder, cross.

    model    a forecaster with a Transformer, or the Transformer
    phases   place of each row of the series in the cycle, int64 (N,), as `calendar.cycle_index` gives it
    taught   show the decoder the truth, as in training; only one that is autoregressive looks at it

    Errors: `InputError` for a model without a Transformer, or a number of windows below 1.
    """
    network = transformer_of(model)
    if count < 1 or batch < 1:
        raise InputError("count, batch", (count, batch), "at least 1 each")
    model.eval()
    chosen = torch.linspace(0, len(windows) - 1, min(count, len(windows))).long()
    sums: dict[str, list[_Sums]] = {}
    device = next(network.parameters()).device
    for indices in torch.split(chosen, batch):
        x, y, x_marks, y_marks = (windows.batch(indices)[name].to(device) for name in ("x", "y", "x_marks", "y_marks"))
        origins = phases[indices + windows.first] % period
        for name, layers in cast(Looking, model).look(x, x_marks, y_marks, y if taught else None).items():
            held = sums.setdefault(name, [_Sums.of(network, name, each, period) for each in layers])
            for each, weights in zip(held, layers, strict=True):
                each.add(weights, origins)
    return {name: tuple(each.attended() for each in held) for name, held in sums.items()}


def rows_of(network: Transformer, part: str, queries: int, keys: int) -> tuple[Tensor, Tensor]:
    """Rows of the queries and the keys of an attention, counted from the first step of the forecast.

    A decoder's last token is that of the last step, or, where it is autoregressive, of the one before, whose value it
    holds.
    """
    shape = network.shape
    end = shape.horizon - (shape.decoder == "autoregressive")
    lookback, target = torch.arange(-keys, 0), torch.arange(end - keys, end)
    if part == "encoder":
        return torch.arange(-queries, 0), lookback
    return torch.arange(end - queries, end), target if part == "decoder" else lookback


def visible_pairs(attending: Attending, queries: int, keys: int) -> Tensor:
    """Which pairs an attention may see, bool (Lq, Lk); its last queries where there are fewer than keys."""
    if attending.seen is not None:
        return attending.seen[:keys, :keys][-queries:].cpu()
    every = torch.ones(queries, keys, dtype=torch.bool)
    return every.tril(keys - queries) if attending.causal else every


@dataclass
class _Sums:
    """Running sums of one layer."""

    queries: Tensor
    keys: Tensor
    visible: Tensor
    period: int
    weights: Tensor
    folded: Tensor
    hours: Tensor
    entropy: Tensor
    windows: int = 0
    _of_rows: tuple[Tensor, Tensor] = field(default_factory=lambda: (torch.empty(0), torch.empty(0)))

    @classmethod
    def of(cls, network: Transformer, part: str, weights: Tensor, period: int) -> "_Sums":
        heads, count, keys = weights.shape[1:]
        rows = rows_of(network, part, count, keys)
        zeros = torch.zeros(heads, count, keys, dtype=torch.float64)
        one_hot = tuple(F.one_hot(each % period, period).double() for each in rows)
        attending: Attending = getattr(network.attentions, part)
        return cls(*rows, visible_pairs(attending, count, keys), period, zeros,
                   torch.zeros(heads, period, period, dtype=torch.float64), torch.zeros(period, dtype=torch.float64),
                   torch.zeros(heads, dtype=torch.float64), 0, (one_hot[0], one_hot[1]))

    def add(self, weights: Tensor, phases: Tensor) -> None:
        """Weights (B, heads, Lq, Lk) of windows whose forecasts begin at these places of the cycle (B,)."""
        found = weights.double().cpu()
        self.weights += found.sum(0)
        self.entropy += torch.special.entr(found.clamp(min=0)).sum(3).mean(2).sum(0)
        of_queries, of_keys = self._of_rows
        turned = of_queries.T @ found @ of_keys  # by the hours since the forecast's first step
        for each, phase in zip(turned, phases.tolist(), strict=True):
            self.folded += each.roll((phase, phase), (1, 2))
            self.hours += of_queries.sum(0).roll(phase)
        self.windows += len(found)

    def attended(self) -> Attended:
        return Attended(self.queries, self.keys, self.visible, self.weights / self.windows,
                        self.folded / self.hours[:, None].clamp(min=1), self.entropy / self.windows, self.windows)
