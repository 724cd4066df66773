"""Pictures whose hidden part has a known distribution: a room, and in it a door that is open or shut."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genloom.data.masks import centre_box
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.diffusion.schedule import Schedule
from genloom.gan.inpainting import Completion, Inpainting
from genloom.nn.patch_discriminator import PatchDiscriminator, PatchShape
from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.rng import StepRng, fold, generator

SIZE, ROOMS = 8, 8
_DEPTH = 0.5  # an open door is so much darker than the wall, a lit one so much lighter
_NEAR = 0.1 - 1e-6  # the means of the surest rooms are 0.1 away: rounding must not make one of them near
_BATCH = 64


@dataclass(frozen=True)
class Doors:
    """2 · 8 pictures of 8 × 8: walls of 8 brightnesses b, and in the hidden middle a door of b + ½ or b − ½.

    A room's door is light with its own probability p, from 0.1 in the darkest to 0.9 in the lightest room. So given
    what is seen, which is b alone, the door's mean is b + ½ (2p − 1), its variance p (1 − p), and a picture with a door
    of any colour but two has probability 0.
    """

    wall: Tensor
    chance: Tensor

    @property
    def door(self) -> Tensor:
        """1 where the door is, (1, S, S)."""
        door = torch.zeros(1, SIZE, SIZE)
        door[:, 3:6, 3:5] = 1
        return door

    @property
    def mask(self) -> Tensor:
        """1 where known: all but the middle 4 × 4, (1, 1, S, S)."""
        return centre_box(1, SIZE)

    def picture(self, room: Tensor, sign: Tensor) -> Tensor:
        """Pictures of rooms (B,) whose door is lighter than the wall by sign/2, sign (B,) in [−1, 1]: (B, 1, S, S)."""
        return self.wall[room][:, None, None, None] + _DEPTH * sign[:, None, None, None] * self.door

    def draw(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Random pictures (count, 1, S, S) and their rooms (count,)."""
        room = torch.randint(ROOMS, (count,), generator=random)
        light = torch.rand(count, generator=random) < self.chance[room]
        return self.picture(room, 2 * light.float() - 1), room

    def mean(self, room: Tensor) -> Tensor:
        """E[x | what is seen] of rooms (B,)."""
        return self.picture(room, 2 * self.chance[room] - 1)

    @property
    def least(self) -> float:
        """The least mean squared error of the hidden pixels: E p (1 − p) over the rooms, times the door's share."""
        share = float(self.door.sum() / (1 - self.mask).sum())
        return float((self.chance * (1 - self.chance)).mean()) * share

    def oracle(self, schedule: Schedule) -> CloudOracle:
        """The exact unconditional denoiser."""
        room = torch.arange(ROOMS).repeat(2)
        sign = torch.tensor([1.0, -1.0]).repeat_interleave(ROOMS)
        chance = torch.where(sign > 0, self.chance[room], 1 - self.chance[room])
        return CloudOracle(schedule, self.picture(room, sign), weights=chance)


def doors() -> Doors:
    """The rooms."""
    return Doors(torch.linspace(-0.45, 0.45, ROOMS), torch.linspace(0.1, 0.9, ROOMS))


class Score(NamedTuple):
    """How completed doors are, over many rooms.

    error    mean squared error of the hidden pixels
    gap      mean squared distance from the conditional mean
    near     share of the doors that are nearer than 0.1 to one of their two colours
    light    share of the doors that are lighter than the wall, for each room (ROOMS,)
    """

    error: float
    gap: float
    near: float
    light: Tensor


def score(here: Doors, completed: Tensor, truth: Tensor, room: Tensor) -> Score:
    """Judge completed pictures (N, 1, S, S) of these rooms."""
    hidden = (1 - here.mask).sum()
    off = (completed - here.wall[room][:, None, None, None]) * here.door
    colour = off.flatten(1).sum(1) / here.door.sum() / _DEPTH  # −1 dark, 1 light
    worst = (completed - here.picture(room, colour.sign())).mul(here.door).flatten(1).abs().amax(1)
    light = torch.stack([(colour[room == k] > 0).double().mean() for k in range(ROOMS)])

    def error(other: Tensor) -> float:
        return float(((completed - other).square() * (1 - here.mask)).flatten(1).sum(1).mean() / hidden)

    return Score(error(truth), error(here.mean(room)), float((worst < _NEAR).double().mean()), light)


def networks(adversarial: bool, seed: int) -> dict[str, nn.Module]:
    """A small U-Net, and a discriminator."""
    shape = UNetShape(size=SIZE, channels=2, out_channels=1, width=16, multipliers=(1, 2), blocks=1, attention=(),
                      middle_attention=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 51))
        found: dict[str, nn.Module] = {"generator": Completion(UNet(shape))}
        if adversarial:
            judge = PatchShape(size=SIZE, channels=1, width=16, layers=1, norm="none")
            found["discriminator"] = PatchDiscriminator(judge)
    return found


def train(here: Doors, method: Inpainting, nets: Mapping[str, nn.Module], steps: int, seed: int, *,
          lr: float = 2e-3) -> list[float]:
    """Adam on fresh pictures; returns the squared error of the hidden pixels at each step."""
    momentum = 0.9 if method.adversarial == 0 else 0.5
    optimizers = {name: torch.optim.Adam(net.parameters(), lr=lr, betas=(momentum, 0.99)) for name, net in nets.items()}
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps) for optimizer in optimizers.values()]
    errors = []
    for step in range(steps):
        batch = {"x": here.draw(_BATCH, generator(seed, 52, step))[0]}
        for update in method.updates(nets, batch, StepRng(seed, step)):
            optimizer = optimizers[update.optimizer]
            optimizer.zero_grad()
            update.loss.backward(inputs=list(nets[update.optimizer].parameters()))  # type: ignore[no-untyped-call]
            optimizer.step()
        errors.append(float(update.metrics.get("squared_error", update.loss.detach())))
        for schedule in schedules:
            schedule.step()
    return errors
