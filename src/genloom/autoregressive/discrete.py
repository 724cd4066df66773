"""Discrete inversion: tokens that a person could type, after which a frozen model says a given sentence."""

from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.autoregressive.attribution import device_of
from genloom.autoregressive.frozen import frozen
from genloom.autoregressive.reading import Reading, leads, losses, read, said, standing, vectors_for
from genloom.errors import InputError
from genloom.nn.gpt import GPT
from genloom.rng import generator

_CELLS = 1 << 25
"""Logits that are held at once."""


@dataclass(frozen=True)
class Search:
    """What one search found.

    target      (T,) the sentence
    tokens      (L,) the best prompt
    steps       how many steps it took to be exact; None where it is not
    spoken      (T,) what the model says after it, greedily
    curve       (steps + 1,) the mean of −log p of the prompt that was held before each step
    worst       (steps + 1,) how many tokens are likelier than the one of the sentence that stands worst
    log_probs   (T,) of the tokens of the sentence after the best prompt
    ranks       (T,) how many tokens are likelier
    """

    target: Tensor
    tokens: Tensor
    steps: int | None
    spoken: Tensor
    curve: Tensor
    worst: Tensor
    log_probs: Tensor
    ranks: Tensor

    @property
    def exact(self) -> bool:
        """Whether the model says the sentence, to the last token."""
        return bool(torch.equal(self.spoken, self.target))

    @property
    def copied(self) -> float:
        """The share of the sentence's tokens that stand in the prompt, which a model that copies could use."""
        return torch.isin(self.target, self.tokens).double().mean().item()


def search(gpt: GPT, target: Tensor, *, reading: Reading = "continuation", length: int = 0, steps: int = 200,
           top: int = 64, batch: int = 128, seed: int = 0, number: int = 0, start: Tensor | None = None,
           allowed: Tensor | None = None, lead: float = 0.01) -> Search:
    """Greedy coordinate gradient: exchange one token of the prompt at a time.

    In each step, −∂L/∂(one-hot of place i) ranks the tokens that could stand at each place; of the `top` best of each,
    `batch` exchanges are drawn at random, and the prompt with the least loss L among them is the next one, better or
    not. The best prompt of all is returned. It ends where every token of the sentence leads by `lead`.
    [Zou et al. 2023, Algorithm 1]

    target    (T,) int64
    length    tokens of the prompt; 0 for as many as the sentence has
    start     (L,) the first prompt; random tokens without it
    allowed   (V,) bool, the tokens that a prompt may hold
    number    of the search, on which with the seed the draws depend

    Errors: as of `vectors_for`; `InputError` for a start of another length, or no token that is allowed.
    """
    length = vectors_for(gpt, target, reading, length)
    device, rng = device_of(gpt), generator(seed, number)
    target, usable = target.to(device), _usable(gpt, allowed)
    prompt = _start(usable, length, start, rng).to(device)
    best, least, found, curve, worst = prompt, float("inf"), None, [], []
    with frozen(gpt):
        for step in range(steps + 1):
            now = _look(gpt, prompt, target, reading)
            curve.append(now.loss)
            worst.append(now.worst)
            if now.lead > lead or now.loss < least:
                best, least = prompt, now.loss
            if now.lead > lead:
                found = step
            if found is not None or step == steps:
                break
            highs = length, min(top, len(usable))
            draws = [torch.randint(high, (batch,), generator=rng).to(device) for high in highs]
            tried = _exchanges(gpt, prompt, now.slope, usable, draws)
            prompt = tried[_all_losses(gpt, tried, target, reading).argmin()]
        vectors = gpt.embed(best[None])
        spoken = said(gpt, vectors, len(target), reading)[0].cpu()
        stands = standing(gpt, vectors, target, reading)
    right = torch.equal(spoken, target.cpu())
    return Search(target.cpu(), best.cpu(), found if right else None, spoken, torch.tensor(curve),
                  torch.tensor(worst), stands.log_probs[0], stands.ranks[0])


def _usable(gpt: GPT, allowed: Tensor | None) -> Tensor:
    """The tokens that may be used."""
    count = gpt.shape.vocabulary
    usable = torch.arange(count) if allowed is None else allowed.nonzero()[:, 0].cpu()
    if not len(usable):
        raise InputError("allowed", 0, "at least one token that a prompt may hold")
    return usable.to(device_of(gpt))


def _start(usable: Tensor, length: int, start: Tensor | None, rng: torch.Generator) -> Tensor:
    if start is None:
        return usable[torch.randint(len(usable), (length,), generator=rng).to(usable.device)]
    if len(start) != length:
        raise InputError("start", len(start), f"{length} tokens, as many as the prompt has")
    return start


@dataclass(frozen=True)
class _Now:
    """How a prompt stands: its loss, the slope at each of its vectors, the least lead and the worst rank."""

    loss: float
    slope: Tensor
    lead: float
    worst: int


def _look(gpt: GPT, prompt: Tensor, target: Tensor, reading: Reading) -> _Now:
    with torch.enable_grad():
        vectors = gpt.embed(prompt[None]).detach().requires_grad_()
        logits = read(gpt, vectors, target, reading)
        loss = losses(logits, target)[0]
        (slope,) = torch.autograd.grad(loss, vectors)
    logits = logits.detach()
    ahead = (logits > logits.gather(2, target[None, :, None])).sum(2)
    return _Now(loss.item(), slope[0], leads(logits, target).min().item(), int(ahead.max()))


def _exchanges(gpt: GPT, prompt: Tensor, slope: Tensor, usable: Tensor, draws: list[Tensor]) -> Tensor:
    """(batch, L) prompts with one token exchanged each: at a place, for the k-th best token by the slope."""
    places, kth = draws
    gains = -slope @ gpt.token_table.weight[usable].T
    best = gains.topk(int(kth.max()) + 1, dim=1).indices
    tried = prompt.repeat(len(places), 1)
    tried[torch.arange(len(places), device=prompt.device), places] = usable[best[places, kth]]
    return tried


@torch.no_grad()
def _all_losses(gpt: GPT, prompts: Tensor, target: Tensor, reading: Reading) -> Tensor:
    """(B, L) → (B,)."""
    rows = max(1, _CELLS // ((prompts.shape[1] + len(target)) * gpt.shape.vocabulary))
    return torch.cat([losses(read(gpt, gpt.embed(part), target, reading), target)
                      for part in torch.split(prompts, rows)])
