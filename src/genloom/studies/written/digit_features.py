"""Features of digits that a masked autoencoder learns without labels, and what a linear probe makes of them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genloom.data.images.digits import digits
from genloom.nn.masked import MaskedMLP, hide
from genloom.rng import fold, generator

LABELS = (1, 5, 20, 80)
"""Labelled digits of each class that a probe may learn from."""
WIDTH, BATCH, LR = 192, 128, 2e-3
_MARKS = (0, 50, 200, 800)
_LEAST, _MOST = 0.3, 0.9  # share of the patches of a digit that is hidden
_PATCH = 2


class Digits(NamedTuple):
    """Pictures (N, 64) in [−1, 1] and classes (N,), for learning and for judging."""

    x: Tensor
    y: Tensor
    kept_x: Tensor
    kept_y: Tensor


@dataclass(frozen=True)
class Seen:
    """A representation on the way of its training.

    step    steps of the pretext task so far
    loss    squared error at the hidden places of digits that were kept, half of the patches hidden
    probes  accuracy of a linear probe by labels per class, one value for each draw of the labels, (draws,)
    """

    step: int
    loss: float
    probes: dict[int, Tensor]


def read() -> Digits:
    """scikit-learn's digits, whose last fifth is kept for judging."""
    parts: list[Tensor] = []
    for part in ("train", "test"):
        pictures, classes = digits(8, 1, part)
        parts += [torch.from_numpy(pictures).flatten(1).float() / 127.5 - 1, torch.tensor(classes)]
    return Digits(*parts)


def pretrained(data: Digits, steps: int, draws: int, seed: int) -> list[Seen]:
    """A masked autoencoder, looked at before, on the way and at the end of its training; no label is used for it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 162))
        network = MaskedMLP(data.x.shape[1], WIDTH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LR, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    random, marks = generator(seed, 163), {min(mark, steps) for mark in (*_MARKS, steps)}
    found = []
    for step in range(steps + 1):
        if step in marks:
            found.append(_seen(network, data, step, draws, seed))
        x = data.x[torch.randint(len(data.x), (BATCH,), generator=random)]
        hidden = patches(len(x), _LEAST + (_MOST - _LEAST) * torch.rand(len(x), 1, generator=random), random)
        loss = (network(x, hidden) - x).square()[hidden].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return found


def patches(count: int, rate: float | Tensor, random: torch.Generator) -> Tensor:
    """Which pixels of 8 × 8 are hidden, in patches of 2 × 2: (count, 64) bool."""
    small = hide((count, 16), rate, random).view(count, 4, 4)
    return small.repeat_interleave(_PATCH, 1).repeat_interleave(_PATCH, 2).flatten(1)


@torch.no_grad()
def _seen(network: MaskedMLP, data: Digits, step: int, draws: int, seed: int) -> Seen:
    hidden = patches(len(data.kept_x), 0.5, generator(seed, 164))
    loss = float((network(data.kept_x, hidden) - data.kept_x).square()[hidden].mean())
    return Seen(step, loss, probes(network.features(data.x), network.features(data.kept_x), data, draws, seed))


def probes(learn: Tensor, judge: Tensor, data: Digits, draws: int, seed: int) -> dict[int, Tensor]:
    """Accuracy of multinomial logistic regressions on features, by labels per class; the labels are drawn anew.

    Features are scaled by the mean and the standard deviation over all digits for learning, labelled or not.
    """
    from sklearn.linear_model import LogisticRegression

    mean, std = learn.mean(0), learn.std(0) + 1e-3
    x, kept = (((part - mean) / std).double().numpy() for part in (learn, judge))
    found = {}
    for count in LABELS:
        right = []
        for draw in range(draws):
            order = np.random.default_rng(fold(seed, 165, draw)).permutation(len(data.y))
            some = np.concatenate([order[data.y.numpy()[order] == k][:count] for k in range(10)])
            probe = LogisticRegression(C=0.1, max_iter=300).fit(x[some], data.y.numpy()[some])
            right.append(float((probe.predict(kept) == data.kept_y.numpy()).mean()))
        found[count] = torch.tensor(right, dtype=torch.float64)
    return found
