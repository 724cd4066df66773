"""The doors of the inpainting study in exact numbers, and a network that has room for one number."""

import torch
from torch import Tensor, nn

from genloom.data.masks import MASKS
from genloom.gan.inpainting import Inpainting, hidden_error
from genloom.gan.losses import ADVERSARIAL
from genloom.gan.oracle import Table, best_logit, best_value, discriminator_loss
from genloom.rng import StepRng, fold, generator
from genloom.studies.inpainting.doors import ROOMS, Doors, doors, networks

SOFT, HARD = 0.8, 0.6
"""The hidden number is 0.8 of the first seen one, and noise with a deviation of 0.6."""
DRAWS = 2000
_WIDE = 2.0  # deviation of the second seen one


def exact_doors() -> Doors:
    """The rooms in float64."""
    here = doors()
    return Doors(here.wall.double(), here.chance.double())


def every_door(here: Doors) -> tuple[Tensor, Tensor, Tensor]:
    """All pictures (16, 1, S, S), their rooms and their chances (16,)."""
    room = torch.arange(ROOMS).repeat(2)
    sign = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat_interleave(ROOMS)
    chance = torch.where(sign > 0, here.chance[room], 1 - here.chance[room]) / ROOMS
    return here.picture(room, sign), room, chance


def one_number(masked: bool, seed: int) -> float:
    """The squared error of the hidden number of a network that has room for one number, after its training.

    x = (k_1, k_2, h) with k_1 ~ N(0, 1), k_2 ~ N(0, 4) and h = 0.8 k_1 + 0.6 ε; the network is 2 → 1 → 3, linear, and
    trained by the error of h alone or by that of all three. The draws have exactly these second moments.
    """
    random = generator(seed, 330)
    noise = torch.randn(DRAWS, 3, generator=random, dtype=torch.float64)
    noise = noise - noise.mean(0)
    white = noise @ torch.linalg.inv(torch.linalg.cholesky(noise.T @ noise / DRAWS)).T
    x = torch.stack((white[:, 0], _WIDE * white[:, 1], SOFT * white[:, 0] + HARD * white[:, 2]), 1)[:, None, None]
    mask = torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64).reshape(1, 1, 1, 3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 331))
        network = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Linear(1, 3, bias=False)).double()

    def filled(seen: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = network(seen[..., :2])
        return found

    optimizer = torch.optim.LBFGS(network.parameters(), max_iter=200, tolerance_grad=1e-10, tolerance_change=1e-14,
                                  line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        answer = filled(mask * x, mask)
        found = hidden_error(answer, x, mask).mean() if masked else (answer - x).square().sum((1, 2, 3)).mean()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        return float(hidden_error(filled(mask * x, mask), x, mask).mean())


def completed(here: Doors, kind: str) -> tuple[Tensor, Tensor, Tensor]:
    """What a generator makes of every room, as pictures (K, 1, S, S), their rooms and their chances (K,): the exact
    "mean", the "likelier" door, or "draws" of the posterior."""
    every = torch.arange(ROOMS)
    if kind == "draws":
        return every_door(here)
    share = torch.full((ROOMS,), 1 / ROOMS, dtype=torch.float64)
    sign = torch.where(here.chance > 0.5, 1.0, -1.0).double()
    return (here.mean(every) if kind == "mean" else here.picture(every, sign)), every, share


def game_value(here: Doors, kind: str) -> tuple[float, float]:
    """V at the best discriminator, by the loss that is trained and by 2 JSD − log 4."""
    pictures, _, p = every_door(here)
    fakes, _, q = completed(here, kind)
    both = torch.cat((pictures, fakes)).flatten(1)
    points, where = torch.unique(both, dim=0, return_inverse=True)
    shares = [torch.zeros(len(points), dtype=torch.float64).index_add_(0, index, share)
              for index, share in ((where[: len(p)], p), (where[len(p) :], q))]
    table = Table(points, torch.ones(len(points), dtype=torch.float64), shares[0].log(), shares[1].log())
    logits = best_logit(table.log_p, table.log_q).clamp(-700, 700)  # e^−700 is nothing, and a logit must be finite
    return -float(discriminator_loss(ADVERSARIAL["minimax"], logits, table)), best_value(table)


def foreign_gradients(seed: int) -> tuple[float, float, float]:
    """Largest gradients of the discriminator's loss in the generator, and of ℓ_mse in the discriminator, 0 for weights
    that a loss does not reach; and how much the discriminator's own change where ℓ_mse is added to its loss."""
    here, nets = doors(), networks(True, seed)
    x = here.draw(8, generator(seed, 332))[0]
    update = next(Inpainting(masks=MASKS["centre"], adversarial=1.0).updates(nets, {"x": x}, StepRng(seed, 0)))
    mask = here.mask.expand(len(x), -1, -1, -1)
    error = hidden_error(nets["generator"](mask * x, mask), x, mask).mean()
    judge = list(nets["discriminator"].parameters())
    first, second = (torch.autograd.grad(loss, weights, allow_unused=True, retain_graph=True)
                     for loss, weights in ((update.loss, list(nets["generator"].parameters())), (error, judge)))
    right, printed = (torch.autograd.grad(loss, judge, retain_graph=True) for loss in (update.loss,
                                                                                      update.loss - error))
    changed = tuple(a - b for a, b in zip(right, printed, strict=True))
    one, other, third = (max((float(each.abs().max()) for each in found if each is not None), default=0.0)
                         for found in (first, second, changed))
    return one, other, third


def error_of(here: Doors, kind: str) -> float:
    """E of the hidden pixels' mean squared error, truth and completion independent given the room."""
    pictures, room, chance = every_door(here)
    fakes, rooms, share = completed(here, kind)
    alike = chance[:, None] * share * ROOMS * (room[:, None] == rooms)
    apart = (pictures[:, None] - fakes).square().mul(1 - here.mask.double()).flatten(2).sum(2)
    return float((alike * apart).sum() / (1 - here.mask).sum())


def door_share(here: Doors) -> float:
    """Of the hidden pixels."""
    return float(here.door.sum() / (1 - here.mask).sum())


def shown(x: Tensor, mask: Tensor) -> Tensor:
    """What a network is given of pictures (B, C, H, W) in training, with a mask (1, 1, H, W) that is 1 where known."""
    seen = _Seen()
    next(Inpainting(masks=lambda count, *_: mask.expand(count, -1, -1, -1)).updates({"generator": seen}, {"x": x},
                                                                                   StepRng(0, 0)))
    return seen.given[0]


class _Seen(nn.Module):
    """Keeps what it is shown, and answers with 0."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Tensor] = []

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        """A picture of zeros."""
        self.given.append(seen)
        return torch.zeros_like(seen)
