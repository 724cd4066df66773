"""What a prediction rests on: words are taken away, and the log-probability of what follows is looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.autoregressive.attribution import device_of
from genloom.autoregressive.frozen import frozen
from genloom.autoregressive.words import Word
from genloom.errors import InputError
from genloom.nn.gpt import GPT
from genloom.rng import generator

_ROWS = 4096
"""Tokens that go through the network at once."""


@dataclass(frozen=True)
class Ablation:
    """What each word does for a prediction.

    words     those before the prediction
    log_prob  log p of the prediction with all of them, in nats
    hidden    (W,) the change of log p when a word is hidden and the places of all others stay, see `hidden_log_probs`
    deleted   (W,) the change when the word is cut out of the text, so that those after it move up
    """

    words: tuple[Word, ...]
    log_prob: float
    hidden: Tensor
    deleted: Tensor


def ablate(gpt: GPT, tokens: Tensor, words: Sequence[Word], targets: Tensor) -> Ablation:
    """log p(targets | tokens without a word) − log p(targets | tokens), for each word in turn.

    Cutting out the only word leaves nothing to predict from: NaN.

    tokens    (L,) what stands before the prediction, of which `words` are a partition
    targets   (T,) the tokens of the prediction, one after the other

    Errors: `InputError` for words that are not a partition, no target, or more tokens than the context.
    """
    _check(tokens, words, targets)
    hidden = hidden_log_probs(gpt, tokens, words, targets, [{k} for k in range(len(words))])
    with frozen(gpt):
        whole = log_prob_of(gpt, tokens, targets)
        cut = [log_prob_of(gpt, torch.cat((tokens[: word.first], tokens[word.last + 1 :])), targets) for word in words]
    return Ablation(tuple(words), whole, hidden - whole, torch.tensor(cut, dtype=torch.float64) - whole)


@torch.no_grad()
def log_prob_of(gpt: GPT, tokens: Tensor, targets: Tensor) -> float:
    """Σ log p(target | what stands before it), in nats; NaN where nothing does."""
    if not len(tokens):
        return float("nan")
    device = device_of(gpt)
    logits = gpt(torch.cat((tokens, targets[:-1]))[None].to(device))[0, len(tokens) - 1 :]
    return _summed(logits[None], targets.to(device)).item()


@torch.no_grad()
def hidden_log_probs(gpt: GPT, tokens: Tensor, words: Sequence[Word], targets: Tensor,
                     without: Sequence[set[int]]) -> Tensor:
    """log p of the targets when a set of words is hidden, for each of K sets: (K,) float64.

    No other token may look at a hidden one, in any block. The token that predicts goes on to see itself: where it is
    hidden, the mean of all tokens' vectors stands in its place, so that it knows its place and the others alone.
    """
    if not without:
        return torch.zeros(0, dtype=torch.float64)
    device, length = device_of(gpt), len(tokens) + len(targets) - 1
    seen = torch.ones(len(without), length, dtype=torch.bool)
    for row, chosen in zip(seen, without, strict=True):
        for k in chosen:
            row[words[k].tokens] = False
    found = []
    with frozen(gpt):
        text = gpt.embed(torch.cat((tokens, targets[:-1])).to(device))
        blank = gpt.token_table.weight.mean(0)
        for part in torch.split(seen.to(device), max(1, _ROWS // length)):
            vectors = torch.where(part[..., None], text, blank)
            logits = gpt(embedded=vectors, seen=part)[:, len(tokens) - 1 :]
            found.append(_summed(logits, targets.to(device)).cpu())
    return torch.cat(found)


def _summed(logits: Tensor, targets: Tensor) -> Tensor:
    """(K, T, V), (T,) → Σ log p of the targets, (K,) float64."""
    logs = logits.double().log_softmax(2)
    return logs.gather(2, targets.expand(len(logs), -1)[..., None])[..., 0].sum(1)


def _check(tokens: Tensor, words: Sequence[Word], targets: Tensor) -> None:
    covered = [place for word in words for place in range(word.first, word.last + 1)]
    if covered != list(range(len(tokens))):
        raise InputError("words", f"{len(words)} with {len(covered)} tokens",
                         f"a partition of the {len(tokens)} tokens")
    if not len(targets):
        raise InputError("targets", 0, "at least one token")


def spearman(a: Tensor, b: Tensor) -> float:
    """The correlation of the ranks of two lists (N,), ties at their mean rank; NaN where one of them is constant.

    >>> round(spearman(torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([1.0, 8.0, 27.0, 20.0])), 3)
    0.8
    """
    ranks = [_ranks(each.double()) for each in (a, b)]
    x, y = (each - each.mean() for each in ranks)
    size = (x.square().sum() * y.square().sum()).sqrt()
    return (x @ y / size).item() if size > 0 else float("nan")


def _ranks(values: Tensor) -> Tensor:
    below = (values[None] < values[:, None]).sum(1)
    same = (values[None] == values[:, None]).sum(1)
    return below + (same.double() + 1) / 2


@dataclass(frozen=True)
class Deletion:
    """How fast a prediction is lost when words are hidden one after the other.

    orders     the order of an account of what matters, most important first, by its name
    curves     (W + 1,) log p after 0, 1, …, W words, by the same names
    random     (R, W + 1) of random orders
    """

    orders: dict[str, tuple[int, ...]]
    curves: dict[str, Tensor]
    random: Tensor

    def area(self, name: str) -> float:
        """How far log p falls on average over 1 … W − 1 hidden words: larger is more faithful."""
        return _fall(self.curves[name]).item()

    @property
    def by_chance(self) -> Tensor:
        """(R,) the same of the random orders."""
        return _fall(self.random)

    def beaten(self, name: str) -> float:
        """The share of random orders that make log p fall at least as far, the account itself counted with them."""
        count = (self.by_chance >= self.area(name) - 1e-12).sum().item()
        return (count + 1) / (len(self.random) + 1)


def deletion(gpt: GPT, tokens: Tensor, words: Sequence[Word], targets: Tensor, accounts: dict[str, Tensor], *,
             chances: int = 100, seed: int = 0) -> Deletion:
    """Hide the words in the order of each account (W,), largest first, and in random orders.

    This is the deletion test [Samek et al. 2017, section III-B], or comprehensiveness [DeYoung et al. 2020, Eq. 1] at
    every number of words.

    Errors: `InputError` as of `ablate`.
    """
    _check(tokens, words, targets)
    count = len(words)
    orders = {name: tuple(torch.argsort(values, descending=True, stable=True).tolist())
              for name, values in accounts.items()}
    drawn = [tuple(torch.randperm(count, generator=generator(seed, k)).tolist()) for k in range(chances)]
    every = [*orders.values(), *drawn]
    sets = {frozenset(order[:k]) for order in every for k in range(count + 1)}
    wanted = sorted(sets, key=sorted)
    known = dict(zip(wanted, hidden_log_probs(gpt, tokens, words, targets, [set(each) for each in wanted]).tolist(),
                     strict=True))
    curves = torch.tensor([[known[frozenset(order[:k])] for k in range(count + 1)] for order in every],
                          dtype=torch.float64).reshape(len(every), count + 1)
    named = dict(zip(orders, curves, strict=False))
    return Deletion(orders, named, curves[len(orders):])


def _fall(curves: Tensor) -> Tensor:
    """(…, W + 1) → log p before less the mean of log p after 1 … W − 1 words; of the last where there is one word."""
    inner = curves[..., 1:-1] if curves.shape[-1] > 2 else curves[..., 1:]
    return curves[..., 0] - inner.mean(-1)
