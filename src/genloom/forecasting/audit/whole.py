"""All checks of a forecaster, in one call."""

from collections.abc import Callable, Iterable

from torch import nn

from genloom.errors import InputError
from genloom.forecasting.audit import future, preparation, protocol, samples
from genloom.forecasting.audit.check import Check
from genloom.forecasting.audit.preparation import Preparation
from genloom.forecasting.audit.probe import Probe, windows_of
from genloom.forecasting.audit.protocol import History
from genloom.training.method import Batch, Source


def audit(model: nn.Module, windows: Source, *, data: Preparation | None = None,
          batches: Callable[[int], Iterable[Batch]] | None = None, history: History | None = None, count: int = 8,
          seed: int = 0) -> tuple[Check, ...]:
    """What is wrong with a forecaster, or with how it is evaluated.

    1  perturb the future: no forecast changes by what comes after it, in use and in training
    2  permute the batch          3  change the batch size          4  forecast twice
    5  refit the scaler, and perturb the future of the data: preparation knows nothing of the test
    6  count the windows          7  look behind the mask           8  look for the best epoch

    model     called as model(x (B, L, C), x_marks (B, L, M), y_marks (B, H, M), y=None) → (B, H, C) or (B, H, C, P)
    windows   of the test, with batches of x, y, x_marks and y_marks
    data      how its values were prepared; without it 5 is not asked
    batches   batch size → the batches of an evaluation; without it 6 is not asked
    history   validation errors in training; without it 8 is not asked
    count     windows that are forecast, for 1 to 4

    The model is copied, so nothing that is tried leaves a trace in it.

    Errors: `InputError` for a model that cannot be called so, or count < 2.
    """
    if count < 2:
        raise InputError("count", count, "at least 2 windows")
    probe = Probe(model, windows_of(windows, count), seed)
    again = samples.twice(probe)
    random = again.verdict == "fail"
    found = [future.future(probe), future.future(probe, training=True), samples.permuted(probe, random),
             samples.company(probe, random), again]
    if data is None:
        found += [Check(name=name, done="nothing: only the model is known", verdict="not asked")
                  for name in (preparation.SCALER, preparation.SMOOTHED)]
    else:
        found += [preparation.scaler(data, probe), preparation.smoothed(data)]
    if batches is not None:
        found.append(protocol.counted(len(windows), batches))
    found.append(protocol.masked(probe))
    if history is not None:
        found.append(protocol.best(history))
    return tuple(found)
