"""Step rules on step grids, and how they compare at equal calls of the network."""

from functools import partial
from typing import NamedTuple

import numpy as np
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.studies.context import Context
from genloom.studies.square import draws
from genloom.studies.square.draws import Square, distance, rms

CALLS = (5, 7, 10, 14, 20, 30, 50, 100)
TEN = 10
_FINE = 300  # steps of the solution that errors are measured from


class Variant(NamedTuple):
    """A step rule on a step grid; `calls` of the network for each step."""

    name: str
    sampler: str
    spacing: str
    calls: int = 1


ORIGINAL = Variant("DDIM, even t", "ddim", "uniform")
MODIFIED = Variant("UniPC, Karras", "unipc", "karras")
VARIANTS = (
    ORIGINAL,
    Variant("DDIM, Karras", "ddim", "karras"),
    Variant("Heun, Karras", "heun", "karras", 2),
    Variant("2M, even t", "dpmpp-2m", "uniform"),
    Variant("UniPC, even t", "unipc", "uniform"),
    MODIFIED,
)


class Measured(NamedTuple):
    """By the number of calls: the distance of samples to the data, and of each sample to the equation's solution."""

    distance: dict[int, float]
    error: dict[int, float]


class Comparison(NamedTuple):
    """Every variant with the trained and the exact denoiser, and the samples of the two that are compared."""

    trained: dict[str, Measured]
    exact: dict[str, Measured]
    original: Tensor
    modified: Tensor


def steps_for(variant: Variant, calls: int) -> int:
    """The steps that this many calls allow; the last step of a rule with two calls needs one."""
    return calls if variant.calls == 1 else (calls + 1) // 2


def solution(here: Square, denoiser: Denoiser, x: Tensor) -> Tensor:
    """The end of the probability-flow path from each x, by many steps of the most accurate rule."""
    return here.run(denoiser, x, _FINE, "unipc")


def measure(here: Square, denoiser: Denoiser, x: Tensor, reference: Tensor, variant: Variant) -> Measured:
    """A variant at each number of calls, from x (N, 2), whose paths end in `reference`."""
    ends = {
        calls: here.run(denoiser, x, steps_for(variant, calls), variant.sampler, variant.spacing) for calls in CALLS
    }
    return Measured(
        {calls: distance(here, end.float()) for calls, end in ends.items()},
        {calls: rms(end - reference) for calls, end in ends.items()},
    )


def order(measured: Measured, least: int = 14) -> float:
    """Minus the slope of log error over log calls, by least squares over the numbers of calls from `least` on."""
    calls = np.array([n for n in measured.error if n >= least], dtype=float)
    return -float(np.polyfit(np.log(calls), np.log([measured.error[int(n)] for n in calls]), 1)[0])


def comparison(context: Context, here: Square) -> Comparison:
    """Every variant at each number of calls, from starts of their own; measured once for all items."""

    def work() -> Comparison:
        x = here.start(draws.EFFORT.compared // 2, 7)
        inputs = [(here.network, x), (here.oracle, x.double())]
        references = draws.side_by_side([partial(solution, here, denoiser, start) for denoiser, start in inputs])
        found = draws.side_by_side(
            [
                partial(measure, here, denoiser, start, reference, variant)
                for (denoiser, start), reference in zip(inputs, references, strict=True)
                for variant in VARIANTS
            ]
        )
        names, count = [variant.name for variant in VARIANTS], len(VARIANTS)
        trained, exact = (dict(zip(names, part, strict=True)) for part in (found[:count], found[count:]))
        ends = [here.run(here.network, x, TEN, variant.sampler, variant.spacing) for variant in (ORIGINAL, MODIFIED)]
        return Comparison(trained, exact, ends[0], ends[1])

    return context.once("samplers compared", work)
