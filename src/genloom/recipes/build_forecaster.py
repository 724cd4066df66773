"""A forecaster recipe made real: its series, windows, network and method."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import torch
from torch import Tensor, nn

from genloom.data.series.calendar import season
from genloom.data.series.scaler import Scaler
from genloom.errors import DataError, NotHere
from genloom.forecasting.baselines import Baseline, baselines
from genloom.forecasting.heads import Head
from genloom.forecasting.method import Forecasting
from genloom.forecasting.ridge import Ridge, Seen, fit_ridge
from genloom.forecasting.windows import Windows
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.forecaster import ForecasterRecipe
from genloom.recipes.forecaster_parts import make_borders, make_forecaster, make_parts, make_series
from genloom.recipes.known_series import KnownSeries
from genloom.training.engine import Job
from genloom.training.method import Batch, Networks
from genloom.training.precision import for_inference

if TYPE_CHECKING:
    from genloom.recipes.judge_forecaster import Judged
    from genloom.report.results import Item, Result

NAME = "forecaster"
"""The name of the network and of its optimizer."""
_SAME = 1e-5  # deviations by which statistics may differ that are the same
_PARTS = ("to train", "of validation", "of the test")


class Forecast(NamedTuple):
    """What was forecast of some windows, (B, H, C) or (B, H, C, P) as the head makes it, and the windows."""

    made: Tensor
    batch: Batch


class ForecasterExperiment:
    """Implements `recipes.experiment.Experiment` for `ForecasterRecipe`.

    series     in its own unit
    borders    rows of training, validation and test
    parts      their windows in scaled values, and the scaler
    period     rows of a season, which seasonal baselines repeat
    network    with the head that says what a forecast is
    known      what the run that is opened again keeps of its series: the same channels are read in the same order

    Errors: `DataError` and `InputError` for a series that cannot be used or windows that do not fit.
    """

    def __init__(self, recipe: ForecasterRecipe, data_root: Path | None = None,
                 known: KnownSeries | None = None) -> None:
        self.recipe = recipe
        data = recipe.data if known is None else replace(recipe.data, channels=known.channels)
        self.series = make_series(data, data_root)
        if known is not None:
            known.check(self.series)
        self.borders = make_borders(recipe, self.series)
        self.parts = make_parts(recipe, self.series, self.borders)
        self.period = season(self.series.step)
        self.network = make_forecaster(recipe, self.parts, self._ridge)
        self._judged: tuple[tuple[int, ...], Judged] | None = None

    @property
    def head(self) -> Head:
        """What a forecast is."""
        return self.network.head

    @cached_property
    def baselines(self) -> tuple[Baseline, ...]:
        """The forecasts that every model must face, in scaled values, fitted when they are first asked for."""
        return baselines(self.parts, self.period)

    def keep(self, run: Path) -> None:
        """Let a run know its channels again, in a file that has grown or has got other columns."""
        KnownSeries.of(self.series).write(run)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, what was changed in it, windows, and the network's size."""
        recipe, series, parts = self.recipe, self.series, self.parts
        parameters = sum(p.numel() for p in self.network.parameters())
        counts = [f"{len(windows):,} {name}" for windows, name in zip(parts[:3], _PARTS, strict=True)]
        facts = [("data", f"{series.description}; {len(series):,} rows of {len(series.channels)} channels"),
                 ("windows", f"{recipe.window.lookback} → {recipe.window.horizon} rows: {', '.join(counts)}"),
                 ("network", f"{recipe.network.kind}, {recipe.network.head} head, {parameters:,} parameters")]
        constant = [series.channels[column] for column in parts.scaler.constant]
        notes = [*series.notes, *([f"constant in training: {', '.join(constant)}"] if constant else [])]
        return (*facts, *((("note", "; ".join(notes)),) if notes else ()))

    def job(self) -> Job:
        """One network, one optimizer, one loss; the checkpoint with the smallest validation error is the best."""
        taught = self.recipe.network.kind == "transformer" and self.recipe.network.decoder == "autoregressive"
        return Job(method=Forecasting(head=self.head, taught=taught, name=NAME), networks={NAME: self.network},
                   optimizers={NAME: self.recipe.optimizer}, source=self.parts.train, options=self.recipe.engine,
                   judge=self._judge)

    def forecasts(self, networks: Networks, windows: Windows, indices: Tensor | None = None) -> Iterator[Forecast]:
        """Forecasts of all windows, or of those of some indices (n,), in order, a batch at a time."""
        network = networks[NAME].eval()
        if indices is None:
            indices = torch.arange(len(windows))
        for part in torch.split(indices, self.recipe.evaluation.batch):
            batch = windows.batch(part)
            yield Forecast(self.forecast(network, batch), batch)

    @torch.no_grad()
    def forecast(self, network: nn.Module, batch: Batch) -> Tensor:
        """The forecast of a batch, on the CPU."""
        device = next(network.parameters()).device
        told = (batch[name].to(device) for name in ("x", "x_marks", "y_marks"))
        made: Tensor = for_inference(network, self.recipe.engine.precision)(*told)
        return made.float().cpu()

    def sample(self, networks: Networks, request: SampleRequest, folder: Path, provenance: dict[str, str]) -> NoReturn:
        """A forecaster has a verb of its own.

        Errors: `NotHere` that says which.
        """
        raise NotHere("a forecaster draws no samples: `genloom forecast RUN` writes its forecast")

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """Errors on the test part beside those of all baselines, each with an interval of the difference."""
        from genloom.recipes.judge_forecaster import judge_all

        return judge_all(self, self.judged(networks))

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The loss and the validation error, all baselines, errors by horizon and channel, forecasts beside truth."""
        from genloom.recipes.show_forecaster import run_items

        return run_items(self, networks, run, provenance)

    def judged(self, networks: Networks) -> "Judged":
        """What the test part says of these weights; kept, since a report asks for it again.

        Errors: `DataError` where the series is another one than that of the training.
        """
        from genloom.recipes.judge_forecaster import judge_test

        if self.use_units_of(networks):
            raise DataError("the training rows have another mean or deviation than when this run was trained: the file "
                            "has changed, or its borders; bring the former one back, or train anew (`genloom forecast` "
                            "works with the new rows all the same)")
        key = tuple(number for p in networks[NAME].parameters() for number in (p.data_ptr(), p._version))
        if self._judged is None or self._judged[0] != key:
            self._judged = (key, judge_test(self, networks))
        return self._judged[1]

    def use_units_of(self, networks: Networks) -> bool:
        """Scale the series as when these weights were trained, where it has changed since; whether it has."""
        found, own = getattr(networks[NAME], "units", None), self.parts.scaler
        if found is None:
            return False
        mean, std = found.double().cpu().numpy()
        if own.apart(mean, std) <= _SAME:
            return False
        self.parts = make_parts(self.recipe, self.series, self.borders, Scaler(mean, std))
        return True

    def _ridge(self, seen: Seen) -> Ridge:
        constants = self.recipe.network.constants
        return fit_ridge(self.parts.train, self.parts.valid, seen=seen, constants=constants)

    def _judge(self, networks: Networks) -> dict[str, float]:
        from genloom.recipes.judge_forecaster import quick

        return quick(self, networks)
