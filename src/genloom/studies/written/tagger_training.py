"""Four taggers on the small language, and what is the least that each of them can be off by."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.nn.crf import CRF
from genloom.nn.tagger import Tagger, TaggerShape, log_prob
from genloom.rng import fold, generator
from genloom.studies.written.tagging_task import TAGS, WORDS, Language

LENGTH = 6
"""Words of a sentence."""
BATCH, TESTED = 128, 2000
_LR, _CHAIN_LR, _WIDTH = 5e-3, 0.1, 32


class Kind(NamedTuple):
    """A tagger.

    blocks    of its encoder; with 0 a word's scores are told of it alone
    chained   whether a linear chain joins the tags
    steps     of its training
    """

    blocks: int
    chained: bool
    steps: int


KINDS = {"one word": Kind(0, False, 500), "all words": Kind(2, False, 900), "one word, chain": Kind(0, True, 600),
         "all words, chain": Kind(1, True, 500)}
"""The taggers by name."""


class Taught(NamedTuple):
    """A trained tagger and its loss at each step, in nats for each tag."""

    network: Tagger
    chain: CRF | None
    losses: list[float]

    def log_prob(self, words: Tensor, tags: Tensor) -> Tensor:
        """log p(tags | words), (B,)."""
        scores = self.network(words)
        return log_prob(scores, tags) if self.chain is None else self.chain.log_prob(scores, tags)

    @torch.no_grad()
    def marginals(self, words: Tensor) -> Tensor:
        """p(t_n | words), (B, N, V)."""
        scores = self.network(words)
        return scores.softmax(2) if self.chain is None else self.chain.marginals(scores)

    @torch.no_grad()
    def best(self, words: Tensor) -> Tensor:
        """The most probable sequence of tags, (B, N)."""
        scores = self.network(words)
        return scores.argmax(2) if self.chain is None else self.chain.best(scores)


def taught(here: Language, kind: Kind, seed: int) -> Taught:
    """Adam with a falling step on fresh sentences; −log p(tags | words) is the loss. In float64 afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 311, kind.blocks, kind.chained))
        network = Tagger(TaggerShape(words=len(WORDS), tags=len(TAGS), context=LENGTH, width=_WIDTH,
                                     blocks=kind.blocks))
    made = Taught(network, CRF(len(TAGS)) if kind.chained else None, [])
    groups = [{"params": list(part.parameters()), "lr": lr}
              for part, lr in ((network, _LR), (made.chain, _CHAIN_LR)) if part is not None]
    optimizer = torch.optim.Adam(groups)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, kind.steps)
    for step in range(kind.steps):
        words, tags = here.draw(BATCH, LENGTH, generator(seed, 312, step))
        loss = -made.log_prob(words, tags).mean() / LENGTH
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        falling.step()
        made.losses.append(float(loss.detach()))
    for part in (made.network, made.chain):
        if part is not None:
            part.double().requires_grad_(False)
    return made


class Sentences(NamedTuple):
    """Sentences to test on, with the exact answers.

    marginals   p(t_n | all words), (B, N, V)
    log_p       log p(tags | words) of the true tags, (B,)
    """

    here: Language
    words: Tensor
    tags: Tensor
    marginals: Tensor
    log_p: Tensor

    def chance(self, tags: Tensor) -> Tensor:
        """p(tags | words) of any tags (B, N), (B,)."""
        return self.here.chain().log_prob(self.here.scores(self.words), tags).exp()


def sentences(here: Language, seed: int, count: int) -> Sentences:
    """So many of them."""
    words, tags = here.draw(count, LENGTH, generator(seed, 313))
    chain, scores = here.chain(), here.scores(words)
    return Sentences(here, words, tags, chain.marginals(scores), chain.log_prob(scores, tags))


def floors(test: Sentences) -> dict[str, float]:
    """The least loss of each kind, in nats for each tag: the entropy of what it can tell.

        one word    Σ_n H(t_n | w_n)/N        all words    Σ_n H(t_n | w)/N        with a chain    H(t_1 … t_N | w)/N

    The first is a sum over tables, the others are means over the sentences.
    """
    whole = -float(test.log_p.mean()) / LENGTH
    both = test.here.start[:, None] * test.here.said
    alone = float(torch.special.entr(both).sum() - torch.special.entr(both.sum(0)).sum())
    each = float(torch.special.entr(test.marginals).sum(2).mean())
    return {"one word": alone, "all words": each, "one word, chain": whole, "all words, chain": whole}


class Judged(NamedTuple):
    """How a tagger does on test sentences.

    excess       its loss less the least that its kind can have, in nats for each tag: a Kullback–Leibler divergence
    tags         chance that a tag is right, of the tag that it thinks likeliest at each place
    whole        chance that all tags of a sentence are, of the sequence that it thinks likeliest
    impossible   share of these sequences that the language does not have

    The chances are those of the exact posterior, so that the true tags' own chance is no part of the error.
    """

    excess: float
    tags: float
    whole: float
    impossible: float


@torch.no_grad()
def judged(made: Taught, kind: Kind, test: Sentences) -> Judged:
    """A tagger's numbers."""
    marginals, best = made.marginals(test.words), made.best(test.words)
    if kind.chained:
        excess = float((test.log_p - made.log_prob(test.words, test.tags)).mean()) / LENGTH
    else:
        exact = test.marginals if kind.blocks else test.here.alone(test.words)
        excess = float((torch.xlogy(exact, exact) - torch.xlogy(exact, marginals)).sum(2).mean())
    return Judged(excess, *decoded(test, marginals.argmax(2), best))


def decoded(test: Sentences, each: Tensor, whole: Tensor) -> tuple[float, float, float]:
    """What tags (B, N) chosen place by place and as a whole are worth: the last three numbers of `Judged`."""
    tags = test.marginals.gather(2, each[..., None]).mean()
    chance = test.chance(whole)
    return float(tags), float(chance.mean()), float((chance == 0).double().mean())


def exact(test: Sentences) -> dict[str, Judged]:
    """The best that can be done: each tag at its likeliest, and the likeliest sequence."""
    each = test.marginals.argmax(2)
    whole = test.here.chain().best(test.here.scores(test.words))
    alone = test.here.alone(test.words).argmax(2)
    return {"one word": Judged(0.0, *decoded(test, alone, alone)), "all words": Judged(0.0, *decoded(test, each, each)),
            "chain": Judged(0.0, *decoded(test, each, whole))}
