"""One thing that was tried on a forecaster: what was done, the number, its tolerance, the verdict and the remedy."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Verdict = Literal["pass", "fail", "unclear", "not asked"]
"""unclear: another check must pass first; not asked: there is nothing here that it could be asked of."""

ROUNDING = 1e-4
"""How much of its size a forecast may change for no reason but rounding.

Another batch size takes sums in float32 in another order. By that, forecasts of the standard Transformer of width 512
change by 1.3e-6 of their size, and a network may be some 70 times worse. Leaks that matter are far larger.
"""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A claim about a forecaster, put to the test.

    name        of the check, a few words
    done        what was done
    number      what came out, mostly the largest change of a forecast in units of its root mean square
    tolerance   how large the number may be
    said        what that means
    remedy      what to do about it, where it fails
    """

    name: str
    done: str
    verdict: Verdict
    number: float | None = None
    tolerance: float = 0.0
    said: str = ""
    remedy: str = ""


def measured(name: str, done: str, number: float, *, tolerance: float, well: str, ill: str, remedy: str) -> Check:
    """A check that passes where number ≤ tolerance; `well` or `ill` says so."""
    passed = number <= tolerance
    return Check(name=name, done=done, verdict="pass" if passed else "fail", number=number, tolerance=tolerance,
                 said=well if passed else ill, remedy="" if passed else remedy)


def untold(name: str, error: Exception, verdict: Verdict = "unclear", remedy: str = "") -> Check:
    """A check whose calls the model does not survive."""
    return Check(name=name, done="the model was called for it", verdict=verdict, said=str(error), remedy=remedy)


def change(after: Tensor, before: Tensor, size: float | None = None) -> float:
    """max |after − before| / size, where size is the root mean square of `before`; ∞ where one is not finite.

    >>> change(torch.tensor([3.0, -4.5]), torch.tensor([3.0, -3.0]))
    0.5

    Two empty tensors differ by 0.
    """
    if after.shape != before.shape:
        return math.inf
    if not before.numel():
        return 0.0
    if not (after.isfinite().all() and before.isfinite().all()):
        return math.inf
    size = rms(before) if size is None else size
    most = float((after.double() - before.double()).abs().max())
    return most / size if size > 0 else math.inf if most > 0 else 0.0


def rms(values: Tensor) -> float:
    """Root mean square of a tensor.

    >>> rms(torch.tensor([3.0, -4.0, 0.0, 0.0]))
    2.5
    """
    return math.sqrt(float(values.double().square().mean()))


def tolerance_for(forecast: Tensor) -> float:
    """`ROUNDING`, or as much more as half precision is coarser than float32."""
    return ROUNDING * max(1.0, torch.finfo(forecast.dtype).eps / torch.finfo(torch.float32).eps)


def percent(number: float) -> str:
    """A share of a forecast's size for a sentence.

    >>> percent(0.1234), percent(12.0), percent(3e-7), percent(math.inf)
    ('12 %', '12 times', '3e-05 %', 'no number at all')
    """
    if not math.isfinite(number):
        return "no number at all"
    return f"{number:.3g} times" if number >= 2 else f"{100 * number:.2g} %"
