"""How a sentence is read from input vectors: at their own outputs, or in what a model says after them."""

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.errors import InputError, UnknownName
from genloom.nn.gpt import GPT

Reading = Literal["outputs", "continuation"]
"""outputs: the i-th token is the most likely one at the i-th vector, AR(v)[i] = s[i], so there are as many vectors as
tokens. continuation: the model says the sentence after the vectors, each token following those it said itself."""
READINGS: tuple[Reading, ...] = get_args(Reading)


def vectors_for(gpt: GPT, target: Tensor, reading: str, length: int) -> int:
    """How many vectors there are; `length` 0 is one for each token.

    Errors: `UnknownName` for another reading; `InputError` for a length that cannot be read, an empty target, or more
    than the context.
    """
    if reading not in READINGS:
        raise UnknownName("reading", reading, READINGS)
    count = len(target)
    if not count:
        raise InputError("sentence", "", "at least one token")
    if length < 0 or (reading == "outputs" and length not in (0, count)):
        raise InputError("length", length, f"{count}, one vector for each token of the sentence" if reading == "outputs"
                         else "at least 1", "read the continuation to choose how many" if reading == "outputs" else "")
    needed = (length or count) + (count - 1 if reading == "continuation" else 0)
    if needed > gpt.shape.context:
        raise InputError("length", length or count, f"such that vectors and sentence fit into the context of "
                         f"{gpt.shape.context} tokens", f"the sentence has {count} tokens: pass a shorter one, fewer "
                         "vectors, or a model of larger context")
    return length or count


def read(gpt: GPT, vectors: Tensor, target: Tensor, reading: Reading) -> Tensor:
    """The logits at which the tokens of the target are read: (S, L, D), (T,) → (S, T, V).

    In a continuation, the tokens of the target before each stand before it. Where every most likely token is then that
    of the target, the model on its own says the target too, since it would have said the tokens before it.
    """
    if reading == "continuation":
        said = gpt.embed(target[:-1]).expand(len(vectors), -1, -1)
        vectors, first = torch.cat((vectors, said), 1), vectors.shape[1] - 1
    else:
        first = 0
    logits: Tensor = gpt(embedded=vectors)
    return logits[:, first:]


def losses(logits: Tensor, target: Tensor) -> Tensor:
    """The mean of −log p over the tokens of the target, in nats: (S, T, V), (T,) → (S,)."""
    every = F.cross_entropy(logits.flatten(0, 1).float(), target.repeat(len(logits)), reduction="none")
    return every.view(len(logits), -1).mean(1)


def leads(logits: Tensor, target: Tensor) -> Tensor:
    """By how much each token of the target leads all others, negative where it does not: (S, T, V), (T,) → (S, T)."""
    at = target.expand(len(logits), -1)[..., None]
    others = logits.scatter(2, at, -torch.inf).amax(2)
    return logits.gather(2, at)[..., 0] - others


@torch.no_grad()
def said(gpt: GPT, vectors: Tensor, count: int, reading: Reading) -> Tensor:
    """What is read greedily: (S, L, D) → (S, count) tokens; a continuation is generated token by token."""
    if reading == "outputs":
        logits: Tensor = gpt(embedded=vectors)
        return logits[:, :count].argmax(2)
    found = torch.zeros(len(vectors), 0, dtype=torch.long, device=vectors.device)
    for _ in range(count):
        text = torch.cat((vectors, gpt.embed(found)), 1)
        found = torch.cat((found, gpt(embedded=text, last=True).argmax(2)), 1)
    return found


class Standing(NamedTuple):
    """How each token of the target stands.

    log_probs   (S, T) in nats
    ranks       (S, T) how many tokens are more likely; 0 is the one that is said
    """

    log_probs: Tensor
    ranks: Tensor


@torch.no_grad()
def standing(gpt: GPT, vectors: Tensor, target: Tensor, reading: Reading) -> Standing:
    """How likely each token of the target is, and how many are likelier; float64 and int64 on the CPU."""
    logits = read(gpt, vectors, target, reading)
    logs = logits.double().log_softmax(2).gather(2, target.expand(len(logits), -1)[..., None])[..., 0]
    at = logits.gather(2, target.expand(len(logits), -1)[..., None])
    return Standing(logs.cpu(), (logits > at).sum(2).cpu())
