"""What a sampler needs before it can start, checked in one place and said in one line."""

from collections.abc import Sequence

from genloom.diffusion.schedule import Level
from genloom.errors import InputError
from genloom.rng import Noise


def noise_for(sampler: str, noise: Noise | None) -> Noise:
    """The noise that a stochastic sampler was given.

    Errors: `InputError` when there is none.
    """
    if noise is None:
        raise InputError("noise", None, f"given: {sampler} is stochastic", "pass noise=SampleNoise(seed, count, shape)")
    return noise


def signal(sampler: str, levels: Sequence[Level]) -> None:
    """Checks that every level keeps some data, which a solver in σ/α or its logarithm divides by.

    Errors: `InputError` where α = 0.
    """
    for level in levels:
        if level.alpha == 0:
            raise InputError("alpha", 0, f"positive at t = {level.t}: {sampler} divides by it",
                             "start the grid below t = 1, or sample with ddim, ddpm or euler-t")


def non_negative(parameter: str, value: float) -> None:
    """Checks an option.

    Errors: `InputError` when it is negative or not a number.
    """
    if not value >= 0:
        raise InputError(parameter, value, "at least 0")
