"""From a forecaster's choices to its parts: series, borders, windows and network."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from genloom.data.series.borders import Borders, borders
from genloom.data.series.calendar import cycle_index
from genloom.data.series.calendar import marks as calendar_marks
from genloom.data.series.clock import Times
from genloom.data.series.read import read_series
from genloom.data.series.scaler import Scaler
from genloom.data.series.series import Series
from genloom.data.series.simulator import simulate
from genloom.forecasting.attending import Attending
from genloom.forecasting.attention.options import Options
from genloom.forecasting.blend import Blend
from genloom.forecasting.cycle import Cycle, phases, profile, steps
from genloom.forecasting.forecaster import Forecaster
from genloom.forecasting.heads import Head, make_head
from genloom.forecasting.itransformer import InvertedShape, ITransformer
from genloom.forecasting.layers import LayerShape
from genloom.forecasting.linear_models import ClosedForm, DLinear, Linear, Periodic
from genloom.forecasting.masks import make_mask
from genloom.forecasting.patchtst import PatchShape, PatchTST
from genloom.forecasting.revin import InstanceNorm
from genloom.forecasting.ridge import Ridge, Seen
from genloom.forecasting.transformer import Attentions, Transformer, TransformerShape
from genloom.forecasting.windows import Parts, Windows
from genloom.recipes.forecaster import Data, ForecasterRecipe, Network
from genloom.rng import fold
from genloom.training.method import Batch


def make_series(chosen: Data, data_root: Path | None = None) -> Series:
    """The series of a recipe.

    Errors: `DataError` and `InputError` as `read_series`.
    """
    if not chosen.csv and chosen.source == "transformer":
        series = simulate(chosen.hours)
        return series.select(chosen.channels) if chosen.channels else series
    return read_series(chosen.csv or chosen.source, data_root=data_root, time=chosen.time, channels=chosen.channels,
                       missing=chosen.missing, irregular=chosen.irregular, duplicates=chosen.duplicates)


def make_borders(recipe: ForecasterRecipe, series: Series) -> Borders:
    """Rows of training, validation and test.

    Errors: `InputError` where windows do not fit.
    """
    chosen, window = recipe.data, recipe.window
    kind = chosen.borders
    if kind == "auto":
        whole = not chosen.csv and (chosen.source == "etth1" or chosen.hours >= _ETT_HOURS)
        kind = "dates" if chosen.valid_from and chosen.test_from else "ett" if whole else "ratio"
    ratio = (1 - chosen.valid - chosen.test, chosen.valid, chosen.test)
    return borders(series, kind, lookback=window.lookback, horizon=window.horizon, ratio=ratio,
                   valid_from=chosen.valid_from, test_from=chosen.test_from)


_ETT_HOURS = 20 * 30 * 24


def make_marks(recipe: ForecasterRecipe, times: Times, series: Series) -> Tensor:
    """What a network is told of times, (N, M) float32: the calendar, and behind it the phase of a learned cycle."""
    told, period = calendar_marks(times, series.step), recipe.network.cycle
    if not period:
        return told
    return torch.cat((told, phases(cycle_index(times, period, series.step), period)[:, None]), 1)


def make_parts(recipe: ForecasterRecipe, series: Series, split: Borders, scaler: Scaler | None = None) -> Parts:
    """The windows of training, validation and test, scaled by mean and deviation of the training rows alone."""
    scaler, window = scaler or Scaler.fit(series.values[split.train]), recipe.window
    values = torch.from_numpy(scaler.apply(series.values)).float()
    told = make_marks(recipe, series.times, series)
    train, valid, test = (Windows(values, told, part.start, part.stop, window.lookback, window.horizon)
                          for part in split)
    return Parts(train, valid, test, scaler)


def make_forecaster(recipe: ForecasterRecipe, parts: Parts, ridge: Callable[[Seen], Ridge] | None = None) -> Forecaster:
    """The network of a recipe, with weights that are a function of the seed.

    ridge   fits the linear map that a linear network may start from to what it is given of a batch

    Errors: `InputError` for sizes that do not fit.
    """
    chosen, channels, marks = recipe.network, parts.train.channels, parts.train.marks.shape[1]
    head = make_head(chosen.head, loss=chosen.loss, levels=chosen.levels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(recipe.engine.seed, 0))
        network = _KINDS[chosen.kind](recipe, channels, marks - bool(chosen.cycle), head)
    units = torch.from_numpy(np.stack((parts.scaler.mean, parts.scaler.std)))
    made = Forecaster(network, head, InstanceNorm(chosen.normalise, channels, affine=chosen.affine),
                      _cycle(chosen, parts.train), units,
                      Blend(chosen.cycle, recipe.window.lookback) if chosen.blend else None)
    if chosen.start == "ridge" and ridge is not None and isinstance(network, Linear | Periodic):
        _start_at(made, network, ridge, parts)
    return made


def _cycle(chosen: Network, train: Windows) -> Cycle | None:
    if not chosen.cycle:
        return None
    if chosen.cycle_start == "zero":
        return Cycle(chosen.cycle, train.channels)
    rows = slice(train.start, train.stop)
    places = steps(train.marks[rows, -1], chosen.cycle)
    return Cycle(chosen.cycle, train.channels, profile(train.values[rows], places, chosen.cycle))


@torch.no_grad()
def _start_at(made: Forecaster, network: ClosedForm, fit: Callable[[Seen], Ridge], parts: Parts) -> None:
    """The forecast of ridge, with the spread of its errors on windows of training, and mixed as validation wants it."""
    def seen(batch: Batch) -> tuple[Tensor, Tensor]:
        return network.pairs(*made.seen(batch))

    ridge, train = fit(seen), parts.train
    batch = train.batch(torch.linspace(0, len(train) - 1, min(len(train), _SPREAD)).round().long())
    given, wanted = seen(batch)
    errors = (wanted - ridge.map(given)).transpose(1, 2).flatten(0, 1)
    network.start_at(ridge.weight, ridge.bias, made.head.around(errors))
    if made.blend is not None:
        made.blend.fit(_pairs(made.eval(), parts.valid))
        made.train()


def _pairs(made: Forecaster, windows: Windows) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Lookback, point forecast and truth of all windows, while nothing is mixed in yet."""
    for batch in windows.batches(_SPREAD):
        yield batch["x"], made.head.point(made(batch["x"], batch["x_marks"], batch["y_marks"])), batch["y"]


_SPREAD = 200  # windows whose errors tell their spread


def _transformer(recipe: ForecasterRecipe, channels: int, marks: int, head: Head) -> nn.Module:
    chosen, window = recipe.network, recipe.window
    shape = TransformerShape(
        channels=channels, marks=marks, lookback=window.lookback, horizon=window.horizon, label=window.label,
        parameters=head.parameters, layers=chosen.layers, decoder_layers=chosen.decoder_layers, decoder=chosen.decoder,
        neighbours=chosen.neighbours, layer=_layer(chosen))
    return Transformer(shape, make_attentions(recipe))


def make_attentions(recipe: ForecasterRecipe) -> Attentions:
    """The three attentions of a Transformer, with their masks."""
    chosen, window, options = recipe.network, recipe.window, _options(recipe)
    target = window.label + window.horizon - (chosen.decoder == "autoregressive")
    return Attentions(_masked(chosen.attention, chosen.encoder_mask, window.lookback, options),
                      _masked(chosen.attention, chosen.mask, target, options),
                      Attending(chosen.cross, options=options))


def _masked(kind: str, mask: str, length: int, options: Options) -> Attending:
    if mask in ("recent", "shuffled"):
        return Attending(kind, seen=make_mask(mask, length, length, seed=options.seed), options=options)
    return Attending(kind, causal=mask == "causal", options=options)


def _patchtst(recipe: ForecasterRecipe, channels: int, marks: int, head: Head) -> nn.Module:
    chosen, window = recipe.network, recipe.window
    shape = PatchShape(lookback=window.lookback, horizon=window.horizon, parameters=head.parameters, patch=chosen.patch,
                       stride=chosen.stride, layers=chosen.layers, norm=chosen.norm, layer=_layer(chosen))
    return PatchTST(shape, _own(recipe))


def _itransformer(recipe: ForecasterRecipe, channels: int, marks: int, head: Head) -> nn.Module:
    shape = InvertedShape(lookback=recipe.window.lookback, horizon=recipe.window.horizon, parameters=head.parameters,
                          layers=recipe.network.layers, layer=_layer(recipe.network))
    return ITransformer(shape, _own(recipe))


def _linear(recipe: ForecasterRecipe, channels: int, marks: int, head: Head) -> nn.Module:
    chosen, window = recipe.network, recipe.window
    return Linear(window.lookback, window.horizon, parameters=head.parameters, each=channels if chosen.each else 0,
                  dropout=chosen.dropout, constants=chosen.constants)


def _periodic(recipe: ForecasterRecipe, channels: int, marks: int, head: Head) -> nn.Module:
    chosen, window = recipe.network, recipe.window
    return Periodic(window.lookback, window.horizon, chosen.cycle, parameters=head.parameters,
                    constants=chosen.constants)


def _dlinear(recipe: ForecasterRecipe, channels: int, marks: int, head: Head) -> nn.Module:
    chosen, window = recipe.network, recipe.window
    return DLinear(window.lookback, window.horizon, parameters=head.parameters, each=channels if chosen.each else 0,
                   window=chosen.average, dropout=chosen.dropout)


_KINDS: dict[str, Callable[[ForecasterRecipe, int, int, Head], nn.Module]] = {
    "transformer": _transformer, "patchtst": _patchtst, "itransformer": _itransformer, "linear": _linear,
    "dlinear": _dlinear, "periodic": _periodic,
}


def _own(recipe: ForecasterRecipe) -> Attending:
    return Attending(recipe.network.attention, options=_options(recipe))


def _options(recipe: ForecasterRecipe) -> Options:
    chosen = recipe.network
    return Options(features=chosen.features, window=chosen.reach, stride=chosen.reach, seed=recipe.engine.seed)


def _layer(chosen: Network) -> LayerShape:
    return LayerShape(width=chosen.width, heads=chosen.heads, hidden=chosen.hidden, dropout=chosen.dropout,
                      norm_first=chosen.norm_first, activation=chosen.activation)

