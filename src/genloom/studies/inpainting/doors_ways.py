"""Every way to complete, on doors: with an exact diffusion model, beside the exact posterior."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.grid import grid
from genloom.diffusion.inpainting import posterior_guided, white_spread
from genloom.diffusion.samplers.registry import sample
from genloom.diffusion.schedule import cosine
from genloom.rng import SampleNoise, generator
from genloom.studies.inpainting.doors import SIZE
from genloom.studies.inpainting.work import NETWORKS, Rooms, Sampled, by_state, pulled, repainted

T = 50
COUNT = 800
EXACT = ("exact mean", "exact draws")
_ZETA, _SPREAD = 0.2, 0.3  # for 48 known numbers whose deviation is 0.3


class DoorWay(NamedTuple):
    """A way on doors.

    completed   pictures (n, 1, S, S) of the first n rooms
    ratio       squared error over that of the exact mean on the same pictures
    off         root mean square over rooms of the share of light doors less p
    """

    name: str
    completed: Tensor
    ratio: float
    off: float


def compare(there: Rooms, seed: int, count: int = COUNT) -> list[DoorWay]:
    """The exact mean and exact draws first, then both networks, then the exact diffusion model, asked in many ways."""
    here, room = there.here, there.room[:count]
    light = torch.rand(len(room), generator=generator(seed, 54)) < here.chance[room]
    answers = {EXACT[0]: here.mean(room), EXACT[1]: here.picture(room, 2 * light.float() - 1),
               **{words: there.answers[name][:count] for name, words in NETWORKS.items()}}
    answers |= {name: _asked(there, run, seed, count) for name, run in _ways().items()}
    least = there.score(answers[EXACT[0]]).error
    return [_way(there, name, completed, least) for name, completed in answers.items()]


def _way(there: Rooms, name: str, completed: Tensor, least: float) -> DoorWay:
    found = there.score(completed)
    off = float((found.light - there.here.chance).square().mean().sqrt())
    return DoorWay(name, completed, found.error / least, off)


def _ways() -> dict[str, Sampled]:
    return {"guided by x_t": by_state, "RePaint, U = 1": repainted(1, 1), "RePaint, U = 10": repainted(10, 1),
            f"DPS, ζ = {_ZETA:g}": pulled(_ZETA),
            "guided by x̂0": lambda denoiser, x, levels, noise, known, mask: sample(
                "ddpm", posterior_guided(denoiser, known, mask, spread=white_spread(_SPREAD)), x, levels, noise=noise)}


@torch.no_grad()
def _asked(there: Rooms, run: Sampled, seed: int, count: int) -> Tensor:
    """The exact denoiser of the unconditional distribution, asked for the hidden part in one way."""
    schedule = cosine(T)
    known, mask = there.truth[:count], there.mask[:count]
    noise = SampleNoise(seed, len(known), (1, SIZE, SIZE))
    x = run(there.here.oracle(schedule), noise(), grid(schedule, T), noise, known, mask)
    return torch.where(mask == 1, known, x)
