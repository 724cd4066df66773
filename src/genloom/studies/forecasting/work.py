"""What the items share: how much is trained, the runs, the baselines, and errors on the test part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from genloom.forecasting.baselines import Baseline
from genloom.forecasting.transformer import Transformer
from genloom.forecasting.windows import Windows
from genloom.metrics.block_bootstrap import block_interval, difference_interval
from genloom.metrics.forecast_errors import Errors, Pooled
from genloom.metrics.interval import Interval, mean_interval
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.experiment import build
from genloom.recipes.forecaster import ForecasterRecipe, Network, Window
from genloom.recipes.judge_forecaster import Judged, evenly
from genloom.recipes.registry import recipe
from genloom.studies.context import Context, Trained
from genloom.studies.forecasting.series import AtHand, at_hand
from genloom.training.method import Networks


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is trained and measured.

    lookback, horizon, label      rows of a window
    seeds, steps                  trainings with the published settings, and the most steps of each
    every, patience, watched      steps from one look at validation to the next, looks without a better one that end
                                  a training, and validation windows of a look, 0 for all
    width, hidden                 of the published settings
    narrow, narrow_hidden         of the trainings that compare kinds of attention, and their `narrow_steps`
    kinds                         kinds of attention, each with its number of seeds
    masks_horizon, masks_steps    of the study of masks, and its `masks_width`
    free                          test windows that are forecast step by step there
    sights, ablated               test windows at which attention is looked, and at which it is replaced
    lengths                       at which attention is timed, `repeats` times each, with `timed` heads of 64
    lookbacks                     that the best recipe may choose from, the first being that of all others
    small_steps                   of the small networks that are trained beside the closed forms
    """

    lookback: int = 96
    horizon: int = 720
    label: int = 48
    seeds: int = 3
    steps: int = 305
    every: int = 61
    patience: int = 3
    watched: int = 540
    width: int = 512
    hidden: int = 2048
    narrow: int = 128
    narrow_hidden: int = 512
    narrow_steps: int = 183
    kinds: Mapping[str, int] = field(default_factory=lambda: {
        "full": 3, "performer": 3, "strided": 3, "fixed": 1, "local": 1, "linear": 1})
    masks_horizon: int = 24
    masks_width: int = 64
    masks_steps: int = 800
    free: int = 64
    sights: int = 32
    ablated: int = 128
    lengths: Sequence[int] = (96, 192, 384, 768, 1536, 3072, 6144, 8192)
    repeats: int = 2
    timed: int = 8
    lookbacks: Sequence[int] = (96, 192, 336, 504, 672)
    small_steps: int = 600


SIZES = {"laptop": Sizes(),
         "gpu": Sizes(steps=2440, every=244, watched=0, narrow=512, narrow_hidden=2048, narrow_steps=2440, repeats=5,
                      kinds={"full": 3, "performer": 3, "strided": 3, "fixed": 3, "local": 3, "linear": 3,
                             "logsparse": 3, "probsparse": 3})}
"""By tier."""

HEADS = 8
"""Of every Transformer of the study, as published."""


class Model(NamedTuple):
    """A finished training with its experiment."""

    trained: Trained
    experiment: ForecasterExperiment

    @property
    def networks(self) -> Networks:
        """With the weights that were best on validation."""
        return self.trained.networks

    @property
    def forecaster(self) -> nn.Module:
        """The model that is called."""
        return self.trained.networks[NAME]

    @property
    def transformer(self) -> Transformer:
        """Its network."""
        found = self.forecaster.network
        assert isinstance(found, Transformer)
        return found


def sizes(context: Context) -> Sizes:
    """Those of the tier."""
    return SIZES[context.tier]


def here(context: Context) -> AtHand:
    """The series that is at hand."""
    return context.once("series", lambda: at_hand(context.data_root))


def published(context: Context, seed: int) -> ForecasterRecipe:
    """The standard Transformer with its published settings."""
    base, size = recipe("transformer-etth1", "gpu"), sizes(context)
    network = replace(base.network, width=size.width, hidden=size.hidden, heads=HEADS)
    return _placed(context, replace(base, network=network), size.steps, seed)


def narrow(context: Context, kind: str, seed: int) -> ForecasterRecipe:
    """A narrower one with another kind of attention; sparse ones have the season as their stride."""
    base, size = recipe("transformer-etth1", "gpu"), sizes(context)
    reach = experiment(context).period if kind in ("strided", "fixed", "local") else 0
    network = replace(base.network, width=size.narrow, hidden=size.narrow_hidden, heads=HEADS, attention=kind,
                      reach=reach)
    return _placed(context, replace(base, network=network), size.narrow_steps, seed)


def masked(context: Context, decoder: str, mask: str) -> ForecasterRecipe:
    """A small one whose decoder has this mask; it is taken as it is at the end, where cheating has come furthest.

    The horizon is a day, and the rate is high: the answer is in the next token alone, which must be found in few steps.

    Validation is looked at once, on a few windows: decoders that keep nothing decode all before a step again.
    """
    base, size = recipe("transformer-etth1", "laptop"), sizes(context)
    network = replace(base.network, width=size.masks_width, hidden=4 * size.masks_width, heads=4, decoder=decoder,
                      mask=mask)
    chosen = replace(base, network=network, optimizer=replace(base.optimizer, lr=3e-3))
    found = _placed(context, chosen, size.masks_steps, context.seed)
    return replace(found, window=replace(found.window, horizon=size.masks_horizon),
                   engine=replace(found.engine, patience=0, evaluate_every=size.masks_steps),
                   evaluation=replace(found.evaluation, windows=size.free))


def _placed(context: Context, chosen: ForecasterRecipe, steps: int, seed: int) -> ForecasterRecipe:
    size, every = sizes(context), min(sizes(context).every, steps)
    engine = replace(chosen.engine, steps=steps, evaluate_every=every, patience=size.patience, seed=seed, log_every=1,
                     tensorboard=False)
    return replace(chosen, data=here(context).data, engine=engine,
                   window=Window(lookback=size.lookback, horizon=size.horizon, label=size.label),
                   evaluation=replace(chosen.evaluation, windows=size.watched))


def run(context: Context, chosen: ForecasterRecipe, name: str) -> Model:
    """The finished training at the weights that were best on validation."""
    trained = context.run(chosen, name, checkpoint="best")
    assert isinstance(trained.experiment, ForecasterExperiment)
    trained.networks[NAME].to("cuda" if torch.cuda.is_available() else "cpu")
    return Model(trained, trained.experiment)


def standard(context: Context) -> tuple[Model, ...]:
    """The standard Transformer of every seed."""
    seeds = range(context.seed, context.seed + sizes(context).seeds)
    return tuple(run(context, published(context, seed), f"transformer-{seed}") for seed in seeds)


def of_kind(context: Context, kind: str) -> tuple[Model, ...]:
    """The narrower Transformers with a kind of attention, one for each of its seeds."""
    seeds = range(context.seed, context.seed + sizes(context).kinds[kind])
    return tuple(run(context, narrow(context, kind, seed), f"{kind}-{seed}") for seed in seeds)


def of_mask(context: Context, decoder: str, mask: str) -> Model:
    """The small Transformer with this decoder and mask."""
    return run(context, masked(context, decoder, mask), f"{decoder}-{mask}")


def experiment(context: Context) -> ForecasterExperiment:
    """The windows and the baselines of the study, with a network that nobody asks."""
    def work() -> ForecasterExperiment:
        base = _placed(context, recipe("transformer-etth1", "laptop"), 1, context.seed)
        made = build(replace(base, network=Network(kind="linear", normalise="last", dropout=0.0)), context.data_root)
        assert isinstance(made, ForecasterExperiment)
        return made

    return context.once("experiment", work)


class Both(NamedTuple):
    """Errors in scaled values and in the units of the series."""

    scaled: Pooled
    original: Pooled


def measured(made: ForecasterExperiment, networks: Networks, windows: Windows, count: int = 0) -> Both:
    """Errors on all windows of a part, or on `count` of them, evenly spread."""
    errors = Errors(torch.from_numpy(made.parts.scaler.std))
    for forecast, batch in made.forecasts(networks, windows, evenly(windows, count)):
        errors.add(made.head.point(forecast), batch["y"])
    return Both(errors.pooled(), errors.original())


def on_test(context: Context, model: Model) -> Both:
    """Errors of a model on all windows of the test part."""
    return context.once(("tested", model.trained.name),
                        partial(measured, model.experiment, model.networks, model.experiment.parts.test))


def beside(context: Context) -> dict[str, Both]:
    """Errors of all baselines on all windows of the test part."""
    return context.once("beside", lambda: errors_of(experiment(context), experiment(context).baselines))


def errors_of(made: ForecasterExperiment, chosen: Sequence[Baseline], part: str = "test") -> dict[str, Both]:
    """Errors of forecasts that need no training, on all windows of a part."""
    found = {each.name: Errors(torch.from_numpy(made.parts.scaler.std)) for each in chosen}
    for batch in cast(Windows, getattr(made.parts, part)).batches(128):
        for each in chosen:
            found[each.name].add(each.forecast(batch["x"]), batch["y"])
    return {name: Both(errors.pooled(), errors.original()) for name, errors in found.items()}


def judged(context: Context, model: Model) -> Judged:
    """The errors of a model beside those of all baselines, as a run's own report has them."""
    mine, others = on_test(context, model), beside(context)
    return Judged(mine.scaled, mine.original, {name: each.scaled for name, each in others.items()},
                  {name: each.original for name, each in others.items()})


def over_seeds(models: Sequence[Model], context: Context) -> Interval:
    """The mean squared error on the test part over seeds, with Student's interval."""
    return mean_interval([on_test(context, model).scaled.mse for model in models])


def windows_of(models: Sequence[Model], context: Context) -> Tensor:
    """The squared error of each test window, the mean over seeds, (n,)."""
    return torch.stack([on_test(context, model).scaled.window_mse for model in models]).mean(0)


def sure(windows: Tensor, block: int) -> Interval:
    """The mean of errors of windows with its interval, in blocks of the horizon."""
    return block_interval(windows, block, draws=1000)


def less(mine: Tensor, theirs: Tensor, block: int) -> Interval:
    """How much smaller or larger one forecast's error is than another's on the same windows, in blocks."""
    return difference_interval(mine, theirs, block, draws=1000)


def ends(found: Interval) -> tuple[float, float] | None:
    """The ends of an interval for a `Result`; None where it has none."""
    return (found.low, found.high) if found.n > 1 and found.high < float("inf") else None
