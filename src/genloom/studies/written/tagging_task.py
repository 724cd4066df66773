"""A small language whose words are ambiguous: a hidden Markov model of tags, so that the best tagger is known."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.nn.crf import CRF

TAGS = ("determiner", "adjective", "noun", "verb", "adverb")
WORDS = ("the", "a", "dog", "cold", "light", "fast", "back", "well", "still", "run", "paint", "can", "down")

_FOLLOW = {  # what follows what, in hundredths; what is not here never does
    "determiner": {"adjective": 40, "noun": 60},
    "adjective": {"adjective": 15, "noun": 85},
    "noun": {"noun": 15, "verb": 65, "adverb": 20},
    "verb": {"determiner": 55, "adjective": 10, "noun": 10, "adverb": 25},
    "adverb": {"determiner": 30, "adjective": 10, "verb": 45, "adverb": 15},
}
_SAID = {  # the words of a tag, in hundredths
    "determiner": {"the": 60, "a": 40},
    "adjective": {"cold": 30, "light": 25, "fast": 20, "back": 10, "still": 10, "well": 5},
    "noun": {"run": 15, "paint": 15, "dog": 15, "can": 15, "light": 10, "cold": 10, "back": 10, "well": 5, "down": 5},
    "verb": {"run": 25, "paint": 20, "can": 20, "light": 10, "back": 10, "still": 10, "down": 5},
    "adverb": {"fast": 30, "back": 20, "well": 20, "down": 20, "still": 10},
}


class Language(NamedTuple):
    """A stationary hidden Markov model.

    start    π, probabilities of the first tag and of every other one, (V,)
    follow   A, of the next tag given a tag, (V, V)
    said     B, of the word given its tag, (V, W)

    All float64, rows sum to 1.
    """

    start: Tensor
    follow: Tensor
    said: Tensor

    def draw(self, count: int, length: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Random sentences: words and tags, (count, length) int64 each."""
        tags = [torch.multinomial(self.start.expand(count, -1), 1, generator=random)[:, 0]]
        for _ in range(length - 1):
            tags.append(torch.multinomial(self.follow[tags[-1]], 1, generator=random)[:, 0])
        told = torch.stack(tags, 1)
        words = torch.multinomial(self.said[told.flatten()], 1, generator=random).view_as(told)
        return words, told

    def chain(self) -> CRF:
        """p(tags | words) as a linear chain, of `scores`: a hidden Markov model given its words is one.

            p(t | w) ∝ π(t_1) B(t_1, w_1) Π_{n>1} A(t_{n−1}, t_n) B(t_n, w_n)
        """
        crf = CRF(len(self.start)).double().requires_grad_(False)
        crf.start.copy_(self.start.log())
        crf.transitions.copy_(self.follow.log())
        return crf

    def scores(self, words: Tensor) -> Tensor:
        """log B(v, w_n) for each place and tag, (B, N, V)."""
        return self.said.log().T[words]

    def alone(self, words: Tensor) -> Tensor:
        """p(t_n | w_n), of one word alone, (B, N, V)."""
        return (self.scores(words) + self.start.log()).softmax(2)


def language() -> Language:
    """The language of this file."""
    follow, said = _table(_FOLLOW, TAGS), _table(_SAID, WORDS)
    return Language(stationary(follow), follow, said)


def stationary(follow: Tensor) -> Tensor:
    """π with π A = π and Σ π = 1, (V,), of a chain that has one.

    >>> stationary(torch.tensor([[0.9, 0.1], [0.3, 0.7]], dtype=torch.float64))
    tensor([0.7500, 0.2500], dtype=torch.float64)
    """
    count = len(follow)
    equations = torch.cat((follow.T - torch.eye(count, dtype=torch.float64), torch.ones(1, count).double()))
    right = torch.zeros(count + 1, 1, dtype=torch.float64)
    right[-1] = 1
    found: Tensor = torch.linalg.lstsq(equations, right).solution[:, 0]
    return found


def _table(entries: dict[str, dict[str, int]], columns: tuple[str, ...]) -> Tensor:
    return torch.tensor([[entries[tag].get(name, 0) for name in columns] for tag in TAGS], dtype=torch.float64) / 100
