"""Inversion: the input vectors after which a frozen model says a given sentence."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.autoregressive.attribution import device_of
from genloom.autoregressive.frozen import frozen
from genloom.autoregressive.reading import Reading, leads, losses, read, said, standing, vectors_for
from genloom.nn.gpt import GPT
from genloom.rng import SampleNoise

_BATCH = 256
_FEW = 512


@dataclass(frozen=True)
class Inversion:
    """What was found from S starts.

    target      (T,) the sentence
    reading     how it is read
    vectors     (S, L, D) as they were when they were first exact, or at the end
    steps       for each start how many steps it took to be exact; None where it is not
    spoken      (S, T) what the model says of them, greedily and token by token
    curve       (steps + 1, S) the mean of −log p over the sentence before each step; NaN where a start was finished
    log_probs   (S, T) of the tokens of the sentence
    ranks       (S, T) how many tokens are likelier
    """

    target: Tensor
    reading: Reading
    vectors: Tensor
    steps: tuple[int | None, ...]
    spoken: Tensor
    curve: Tensor
    log_probs: Tensor
    ranks: Tensor

    @property
    def exact(self) -> Tensor:
        """(S,) whether the model says the sentence, to the last token."""
        return (self.spoken == self.target).all(1)


def invert(gpt: GPT, target: Tensor, *, reading: Reading = "continuation", length: int = 0, count: int = 20,
           seed: int = 0, steps: int = 500, rate: float = 0.3, lead: float = 0.01) -> Inversion:
    """Find vectors v (L, D) that stand in place of the tokens' and make the frozen model say the sentence s.

        min over v of  −1/T Σ_i log p(s_i | v, s_<i)      by Adam from `count` random starts

    Each start has the mean and the spread of the tokens' vectors in each channel, and a step is `rate` of that spread,
    so that the choice holds for any model. A start is finished when every token of the sentence leads all others by
    `lead` (a logit), which greedy generation then confirms.

    target   (T,) int64
    length   vectors L; 0 for one for each token of the sentence
    seed     with the number of a start, what its first vectors depend on

    Errors: as of `vectors_for`.
    """
    length = vectors_for(gpt, target, reading, length)
    target = target.to(device_of(gpt))
    with frozen(gpt):
        start = _starts(gpt, count, length, seed)
        vectors, found, curve = _descend(gpt, target, start, reading, steps, rate, lead)
        spoken = said(gpt, vectors, len(target), reading).cpu()
        stands = standing(gpt, vectors, target, reading)
    exact = (spoken == target.cpu()).all(1).tolist()
    return Inversion(target.cpu(), reading, vectors.cpu(), tuple(at if right else None for at, right in zip(
        found, exact, strict=True)), spoken, curve, *stands)


def _starts(gpt: GPT, count: int, length: int, seed: int) -> Tensor:
    """(count, length, D) with the mean and spread of the tokens' vectors."""
    table = gpt.token_table.weight.detach()
    noise = SampleNoise(seed, count, (length, table.shape[1]), device=table.device)().to(table.dtype)
    return table.mean(0) + table.std(0, correction=0) * noise


def _descend(gpt: GPT, target: Tensor, start: Tensor, reading: Reading, steps: int, rate: float,
             lead: float) -> tuple[Tensor, list[int | None], Tensor]:
    """The vectors, when each start was exact, and the losses on the way."""
    vectors = [each.clone().requires_grad_() for each in start]
    spread = gpt.token_table.weight.detach().std(0, correction=0).mean().item()
    optimizer = torch.optim.Adam(vectors, lr=rate * spread, betas=(0.9, 0.99))
    finished: list[int | None] = [None] * len(vectors)
    curve = []
    for step in range(steps + 1):
        going = [k for k, at in enumerate(finished) if at is None]
        with torch.enable_grad():
            logits = read(gpt, torch.stack([vectors[k] for k in going]), target, reading)
            each = losses(logits, target)
        row = torch.full((len(vectors),), torch.nan)
        row[going] = each.detach().float().cpu()
        curve.append(row)
        done = (leads(logits.detach(), target) > lead).all(1).tolist()
        for k, right in zip(going, done, strict=True):
            finished[k] = step if right else None
        if all(done) or step == steps:
            break
        optimizer.zero_grad()
        each.sum().backward()  # type: ignore[no-untyped-call]
        for k, right in zip(going, done, strict=True):
            if right:
                vectors[k].grad = None  # so that it stays
        optimizer.step()
    return torch.stack([each.detach() for each in vectors]), finished, torch.stack(curve)


@dataclass(frozen=True)
class Nearest:
    """The tokens whose vectors are nearest to vectors (S, L, D).

    tokens      (S, L)
    distances   (S, L) Euclidean
    norms       (S, L) lengths of the vectors themselves
    """

    tokens: Tensor
    distances: Tensor
    norms: Tensor


@torch.no_grad()
def nearest(gpt: GPT, vectors: Tensor) -> Nearest:
    """The nearest token of each vector."""
    table = gpt.token_table.weight
    flat = vectors.to(table.device).flatten(0, 1)
    near = [torch.cdist(part, table).min(1) for part in torch.split(flat, _BATCH)]
    tokens = torch.cat([each.indices for each in near]).view(vectors.shape[:2])
    distances = torch.cat([each.values for each in near]).view(vectors.shape[:2])
    return Nearest(tokens.cpu(), distances.double().cpu(), vectors.norm(dim=2).double().cpu())


@dataclass(frozen=True)
class TableScale:
    """How far apart the tokens' vectors are, to compare with.

    spacing   median distance from a token's vector to the nearest other one
    norm      median length
    """

    spacing: float
    norm: float


@torch.no_grad()
def table_scale(gpt: GPT) -> TableScale:
    """The scale of the tokens' vectors, from 512 of them spread evenly over the vocabulary."""
    table = gpt.token_table.weight
    some = torch.linspace(0, len(table) - 1, min(_FEW, len(table)), device=table.device).long()
    distances = torch.cdist(table[some], table)
    distances[torch.arange(len(some), device=table.device), some] = torch.inf
    return TableScale(distances.min(1).values.median().item(), table.norm(dim=1).median().item())
