"""A generator that stays as it is while discriminators are trained against it, each by its own loss."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.points import points
from genloom.gan.losses import ADVERSARIAL, minimax, non_saturating
from genloom.gan.method import told_apart
from genloom.gan.penalties import Penalty
from genloom.nn.gan.points import PointDiscriminator, PointGenerator
from genloom.nn.gan.shape import GanShape
from genloom.rng import SampleNoise, StepRng, fold, generator

STEPS, BATCH, COUNT = 600, 256, 2000
_LR, _WIDTH, _DEPTH, _LATENT = 2e-3, 64, 5, 2
_SPREAD = 0.05  # standard deviation of the generator's points; the ring has a radius of 0.8


class Trial(NamedTuple):
    """A game that a discriminator is trained by, and the generator's losses that are asked about it."""

    game: str
    penalty: Penalty
    asked: dict[str, str]


TRIALS = (
    Trial("non-saturating", Penalty(), {"non-saturating": "non-saturating", "minimax": "minimax"}),
    Trial("least-squares", Penalty(), {"least squares": "least-squares"}),
    Trial("hinge", Penalty(), {"hinge": "hinge"}),
    Trial("wasserstein", Penalty(kind="unit-slope", weight=1.0), {"WGAN-GP": "wasserstein"}),
    Trial("non-saturating", Penalty(kind="r1", weight=0.1), {"non-saturating + R1": "non-saturating"}),
)


class Course(NamedTuple):
    """What the generator would learn while the discriminators are trained.

    marks   steps of the discriminators
    norms   norm of the gradient of all its parameters, by loss
    apart   share of pairs of a real and a fake point that are told apart, by loss
    """

    marks: tuple[int, ...]
    norms: dict[str, tuple[float, ...]]
    apart: dict[str, tuple[float, ...]]


def course(seed: int) -> Course:
    """All trials, against the same generator and on the same draws."""
    made, marks = make_generator(seed), tuple(sorted({max(1, round(STEPS ** (k / 10))) for k in range(11)}))
    norms: dict[str, tuple[float, ...]] = {}
    apart: dict[str, tuple[float, ...]] = {}
    for trial in TRIALS:
        found = [_look(trial, network, made, seed) for network in _trained(trial, made, marks, seed)]
        for name in trial.asked:
            norms[name] = tuple(norm[name] for norm, _ in found)
            apart[name] = tuple(share for _, share in found)
    return Course(marks, norms, apart)


def make_generator(seed: int) -> PointGenerator:
    """An untrained generator, whose points lie close together in the middle of the ring."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 65))
        made = PointGenerator(GanShape(latent=_LATENT, width=_WIDTH, norm="none"), depth=_DEPTH)
    with torch.no_grad():
        made.output.weight.mul_(_SPREAD / made(SampleNoise(fold(seed, 68), COUNT, (_LATENT,))()).std())
    return made


def make_discriminator(seed: int) -> PointDiscriminator:
    """An untrained discriminator of points."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 66))
        return PointDiscriminator(GanShape(latent=_LATENT, width=_WIDTH, norm="none"), depth=_DEPTH)


def _trained(trial: Trial, made: PointGenerator, marks: tuple[int, ...], seed: int) -> list[PointDiscriminator]:
    """The discriminator after each of these steps."""
    network, real = make_discriminator(seed), torch.split(points("mixture", STEPS * BATCH, seed).points, BATCH)
    optimizer, random = torch.optim.Adam(network.parameters(), lr=_LR), generator(seed, 67)
    kept = []
    for step in range(STEPS + 1):
        if step in marks:
            kept.append(make_discriminator(seed))
            kept[-1].load_state_dict(network.state_dict())
        if step == STEPS:
            break
        with torch.no_grad():
            fake = made(torch.randn(BATCH, _LATENT, generator=random))
        loss = ADVERSARIAL[trial.game].discriminator(network(real[step]).logits, network(fake).logits)
        if trial.penalty.due(step):
            loss = loss + trial.penalty(lambda x: network(x).logits, real[step], fake, StepRng(seed, step))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return kept


def _look(trial: Trial, network: PointDiscriminator, made: PointGenerator,
          seed: int) -> tuple[dict[str, float], float]:
    z = SampleNoise(fold(seed, 68), COUNT, (_LATENT,))()
    fakes = network(made(z)).logits
    norms = {}
    for name, game in trial.asked.items():
        parts = torch.autograd.grad(ADVERSARIAL[game].generator(fakes), list(made.parameters()), retain_graph=True)
        norms[name] = float(_flat(parts).norm())
    with torch.no_grad():
        real = network(points("mixture", COUNT, fold(seed, 69)).points).logits
    return norms, float(told_apart(real, fakes.detach()))


def identity(seed: int, count: int = 512) -> float:
    """How far minimax's gradient is from the non-saturating one whose samples weigh eˡ = D/(1 − D), relatively."""
    made, network = make_generator(seed).double(), make_discriminator(seed).double()
    fakes = network(made(SampleNoise(fold(seed, 70), count, (_LATENT,), dtype=torch.float64)())).logits
    parameters = list(made.parameters())
    weights = fakes.detach().exp()
    weighted = (weights * _each(non_saturating, fakes)).mean()
    first, second = (_flat(torch.autograd.grad(loss, parameters, retain_graph=True))
                     for loss in (minimax(fakes), weighted))
    return float((first - second).norm() / first.norm())


def _each(loss: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
    losses: Tensor = torch.vmap(loss)(logits)
    return losses


def _flat(parts: tuple[Tensor, ...]) -> Tensor:
    return torch.cat([part.flatten() for part in parts])

