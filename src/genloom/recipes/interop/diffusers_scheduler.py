"""The noise process in a scheduler of diffusers and in a recipe. Needs no diffusers."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.schedule import Schedule as Process
from genloom.diffusion.schedule import VariancePreserving
from genloom.errors import InputError
from genloom.recipes.process import Diffusion, Schedule
from genloom.recipes.process_parts import make_schedule

_NAMED = ("linear", "cosine", "sigmoid")
_CLOSE = 1e-6  # diffusers keeps its tables in float32, whose relative error is 6e-8; each β is a difference
_DIGITS = 8  # of a β in a recipe: as fine as the float32 that diffusers computes in, and short enough to be read
_LONGEST = 4000
_OTHER = ("EDM", "Flow", "KarrasVe", "ScoreSde", "VQ", "Consistency", "Amused", "TCD", "LCM")
_PREDICTIONS = {"epsilon": "noise", "v_prediction": "velocity", "sample": "data"}


class Noising(NamedTuple):
    """What a scheduler says of the process: the schedule, what the network predicts, and whether x̂0 is clamped."""

    schedule: Schedule
    prediction: Any
    clip: bool


def read(config: Mapping[str, Any]) -> Noising:
    """The process of a `scheduler_config.json`; what it leaves out has diffusers' default.

    Errors: `InputError` for a process that is no table of β, or one that ours cannot be.
    """
    kind = str(config.get("_class_name", "DDPMScheduler"))
    if any(kind.startswith(other) for other in _OTHER):
        raise _unfit("_class_name", kind, "a scheduler with a table of β, such as DDPMScheduler")
    if config.get("rescale_betas_zero_snr"):
        raise _unfit("rescale_betas_zero_snr", True, "false: a table that leaves no signal is not supported")
    told = str(config.get("prediction_type", "epsilon"))
    if told not in _PREDICTIONS:
        raise _unfit("prediction_type", told, f"one of {', '.join(_PREDICTIONS)}")
    clip = bool(config.get("clip_sample", True)) and config.get("clip_sample_range", 1.0) == 1
    return Noising(schedule_of(_betas(config)), _PREDICTIONS[told], clip)


def write(process: Process, diffusion: Diffusion, *, clip: bool, large: bool) -> dict[str, Any]:
    """The `scheduler_config.json` of a `DDPMScheduler` with our table, whose timestep i is our t = (i + 1)/T.

    large   the larger of DDPM's two variances

    Errors: `InputError` for a process without a table, or a prediction that diffusers does not know.
    """
    known = {mine: name for name, mine in _PREDICTIONS.items()}
    if not isinstance(process, VariancePreserving):
        raise InputError("schedule.kind", type(process).__name__, "linear, cosine, sigmoid or table for diffusers")
    if diffusion.prediction not in known:
        raise InputError("diffusion.prediction", diffusion.prediction, f"one of {', '.join(known)} for diffusers")
    if diffusion.time_input != "index":
        raise InputError("diffusion.time_input", diffusion.time_input,
                         "index for diffusers, which tells a network the place in the table")
    return {"_class_name": "DDPMScheduler", "num_train_timesteps": process.steps, "beta_schedule": "linear",
            "beta_start": process.betas[0].item(), "beta_end": process.betas[-1].item(),
            "trained_betas": process.betas.tolist(), "prediction_type": known[diffusion.prediction],
            "variance_type": "fixed_large" if large else "fixed_small", "clip_sample": clip, "clip_sample_range": 1.0,
            # the steps of a shorter walk: the ones of our even grid, from the noisiest entry on
            "timestep_spacing": "trailing", "steps_offset": 0, "rescale_betas_zero_snr": False}


def schedule_of(betas: Tensor) -> Schedule:
    """The configuration of a table: the named one that it is, or the table itself to eight digits.

    Errors: `InputError` for a β outside (0, 1), or a table of more than 4000.
    """
    steps = len(VariancePreserving(betas).betas)
    if steps > _LONGEST:
        raise InputError("schedule.steps", steps, f"at most {_LONGEST} for an imported model")
    for kind in _NAMED:
        named = Schedule(kind=kind, steps=steps)  # type: ignore[arg-type] # the three names
        try:
            table = make_schedule(named)
        except InputError:
            continue  # a table too short for it
        assert isinstance(table, VariancePreserving)
        if torch.allclose(table.betas, betas.double(), rtol=_CLOSE, atol=1e-9):
            return named
    return Schedule(kind="table", steps=steps, betas=tuple(float(f"{beta:.{_DIGITS}g}") for beta in betas.tolist()))


def _betas(config: Mapping[str, Any]) -> Tensor:
    """The table, computed in float64."""
    given = config.get("trained_betas")
    if given is not None:
        if not isinstance(given, list) or not all(type(beta) in (int, float) for beta in given):
            raise _unfit("trained_betas", given, "a list of numbers")
        return torch.tensor(given, dtype=torch.float64)
    steps, kind = config.get("num_train_timesteps", 1000), config.get("beta_schedule", "linear")
    if type(steps) is not int or not 0 < steps <= _LONGEST:
        raise _unfit("num_train_timesteps", steps, f"a whole number from 1 to {_LONGEST}")
    low, high = (_number(config, name, default) for name, default in (("beta_start", 1e-4), ("beta_end", 0.02)))
    if kind == "linear":
        return torch.linspace(low, high, steps, dtype=torch.float64)
    if kind == "scaled_linear":
        return torch.linspace(low**0.5, high**0.5, steps, dtype=torch.float64) ** 2
    if kind == "squaredcos_cap_v2":
        table = make_schedule(Schedule(kind="cosine", steps=steps))
        assert isinstance(table, VariancePreserving)
        return table.betas
    if kind == "sigmoid":
        return torch.linspace(-6, 6, steps, dtype=torch.float64).sigmoid() * (high - low) + low
    raise _unfit("beta_schedule", kind, "linear, scaled_linear, squaredcos_cap_v2 or sigmoid")


def _number(config: Mapping[str, Any], name: str, default: float) -> float:
    found = config.get(name, default)
    if type(found) not in (int, float) or not math.isfinite(found) or not 0 < found < 1:
        raise _unfit(name, found, "a number in (0, 1)")
    return float(found)


def _unfit(name: str, value: Any, allowed: str) -> InputError:
    return InputError(f"scheduler.{name}", value, allowed)
