"""The parts of a diffusion process, made from its configuration: schedule and denoiser."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from genloom.diffusion import schedule as schedules
from genloom.diffusion.denoiser import TIME_INPUTS, NetworkDenoiser, table_index
from genloom.diffusion.prediction import prediction
from genloom.diffusion.schedule import Level, Time
from genloom.recipes.process import Diffusion, Schedule


def make_schedule(config: Schedule) -> schedules.Schedule:
    """The schedule of that kind."""
    match config.kind:
        case "linear":
            return schedules.linear(config.steps)
        case "cosine":
            return schedules.cosine(config.steps)
        case "sigmoid":
            return schedules.sigmoid(config.steps)
        case "table":
            return schedules.VariancePreserving(torch.tensor(config.betas, dtype=torch.float64))
        case "exponential":
            return schedules.exponential(config.rate)
        case "geometric":
            return schedules.VarianceExploding(config.sigma_min, config.sigma_max)
        case "edm":
            return schedules.EDM(config.sigma_min, config.sigma_max)
        case "rectified":
            return schedules.Rectified()


def make_denoiser(chosen: Diffusion, schedule: schedules.Schedule, network: nn.Module,
                  labels: Tensor | None = None) -> NetworkDenoiser:
    """The network as a denoiser: its output's row and the time it is told."""
    row = prediction(chosen.prediction, schedule, sigma_data=chosen.sigma_data)
    return NetworkDenoiser(network, schedule, row, told(chosen.time_input, schedule), labels=labels)


def told(name: str, schedule: schedules.Schedule) -> Callable[[Level], Time]:
    """What a network is told of the time, by the name that recipes give it."""
    return table_index(schedule) if name == "index" else TIME_INPUTS[name]
