"""Text, photographs and a chain as windows of 36 tokens, and one network that fills what is hidden at any rate."""

import math
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.photographs import crops, photographs
from genloom.data.text.corpus import read_corpus
from genloom.metrics.interval import Interval
from genloom.nn.encoder import EncoderShape
from genloom.nn.masked import MaskedShape, MaskedTransformer, hide
from genloom.nn.token_loss import log_probs
from genloom.rng import fold, generator
from genloom.studies.written.one_neighbour import OneNeighbour
from genloom.studies.written.sticky import Sticky

SIDE = 6
PLACES = SIDE * SIDE
LETTERS = " abcdefghijklmnopqrstuvwxyz#"
"""Tokens of a text: blanks, letters without regard to case, and # for other characters, one or more."""
LEVELS = 16
RATES = (0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
LEAST, MOST = 0.02, 0.98
"""Rates in training are uniform between these, another one for each window."""
BATCH, LR = 128, 3e-3
_TEST, _COUNTED = 0.2, 6000
CHAIN = Sticky(0.9)

Draw = Callable[[int, torch.Generator], Tensor]


class Kind(NamedTuple):
    """Where windows (n, 36) of tokens come from, for training and for judging, and where their places lie."""

    name: str
    vocabulary: int
    train: Draw
    test: Draw
    grid: tuple[int, int]


class Filled(NamedTuple):
    """What a trained network and plainer fills reach at a rate, in shares of the entropy of a token, with intervals.

    network, neighbour, best   1 − loss/loss of the shares of the tokens alone; best is None where it is not known
    excess                     loss of the network above the best one, in bits, or None
    """

    rate: float
    network: Interval
    neighbour: Interval
    best: Interval | None
    excess: Interval | None


def letters() -> Kind:
    """The documentation inside Python; the last fifth of it is kept for judging."""
    document = read_corpus("python-docs").documents[0]
    folded = re.sub(r"[^a-z ]+", "#", re.sub(r"\s+", " ", document.read(0, document.bytes).decode().lower()))
    number = torch.full((128,), 0)
    for k, letter in enumerate(LETTERS):
        number[ord(letter)] = k
    text = number[torch.tensor(bytearray(folded.encode()), dtype=torch.int64)]
    cut = int(len(text) * (1 - _TEST))
    return Kind("text", len(LETTERS), lambda n, random: _windows(text[:cut], n, random),
                lambda n, random: _windows(text[cut:], n, random), (1, PLACES))


def pictures() -> Kind:
    """Squares of two photographs in 16 levels of grey; the fifth in the middle of each is kept for judging."""
    grey = (photographs(2) // (256 // LEVELS)).long()
    learn, kept = torch.cat((grey[:, :, :128], grey[:, :, 192:])), grey[:, :, 128:192]
    return Kind("photographs", LEVELS, lambda n, random: crops(learn, SIDE, n, random).flatten(1),
                lambda n, random: crops(kept, SIDE, n, random).flatten(1), (SIDE, SIDE))


def chain() -> Kind:
    """The chain whose best fill is known."""

    def draw(count: int, random: torch.Generator) -> Tensor:
        return CHAIN.draw(count, PLACES, random)

    return Kind("chain", CHAIN.vocabulary, draw, draw, (1, PLACES))


def train(kind: Kind, steps: int, seed: int, shape: EncoderShape | None = None) -> MaskedTransformer:
    """A network that learns to fill windows of this kind at every rate."""
    random = generator(seed, 131)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 132))
        network = MaskedTransformer(MaskedShape(grid=kind.grid, vocabulary=kind.vocabulary,
                                                encoder=shape or EncoderShape()))
    optimizer = torch.optim.AdamW(network.parameters(), lr=LR, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=steps, pct_start=0.15)
    for _ in range(steps):
        x = kind.train(BATCH, random)
        rates = LEAST + (MOST - LEAST) * torch.rand(len(x), 1, generator=random)
        hidden = hide((len(x), PLACES), rates, random)
        loss = -log_probs(network(x, hidden), x)[hidden].mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def judge(network: MaskedTransformer, kind: Kind, seed: int, *, count: int = 1024,
          rates: Sequence[float] = RATES) -> list[Filled]:
    """The shares at each rate on windows that were kept, whose hidden places are the same for all ways to fill."""
    plain = OneNeighbour(kind.train(_COUNTED, generator(seed, 133)), kind.grid, kind.vocabulary)
    x, found = kind.test(count, generator(seed, 134)), []
    for number, rate in enumerate(rates):
        hidden = hide((count, PLACES), rate, generator(seed, 135, number))
        losses = -log_probs(network(x, hidden), x).double()
        nothing = plain.alone(x)
        best = CHAIN.loss(x, hidden) if kind.name == "chain" else None
        found.append(Filled(rate, share(losses, nothing, hidden), share(plain.loss(x, hidden), nothing, hidden),
                            None if best is None else share(best, nothing, hidden),
                            None if best is None else bits(losses - best, hidden)))
    return found


def share(losses: Tensor, nothing: Tensor, hidden: Tensor) -> Interval:
    """1 − Σ loss/Σ loss of nothing over hidden places."""
    ratio = _ratio(losses * hidden, nothing * hidden)
    return Interval(1 - ratio.value, 1 - ratio.high, 1 - ratio.low, int(hidden.sum()))


def bits(differences: Tensor, hidden: Tensor) -> Interval:
    """The mean of differences in nats over hidden places, in bits."""
    ratio = _ratio(differences * hidden / math.log(2), hidden.double())
    return Interval(ratio.value, ratio.low, ratio.high, int(hidden.sum()))


def _ratio(above: Tensor, below: Tensor) -> Interval:
    """Σ a/Σ b over all places of windows (B, L), which are independent of one another, with a 95 % interval.

    Its standard error is that of the windows' residuals Σ a − R Σ b. [Cochran 1977, Eq. 2.39]
    """
    a, b = above.sum(1), below.sum(1)
    ratio = a.sum() / b.sum()
    half = 1.96 * float((a - ratio * b).std() / (b.mean() * len(a) ** 0.5))
    return Interval(float(ratio), float(ratio) - half, float(ratio) + half, len(a))


def _windows(text: Tensor, count: int, random: torch.Generator) -> Tensor:
    starts = torch.randint(len(text) - PLACES + 1, (count, 1), generator=random)
    return text[starts + torch.arange(PLACES)]
