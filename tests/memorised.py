"""A small GPT that knows one sentence by heart and repeats what it has seen, trained in seconds."""

from functools import cache

import torch
from torch import Tensor

from genloom.nn.gpt import GPT, GPTShape

SENTENCE = ["I", "am", "a", "little", "squirrel", "holding", "a", "walnut", "in", "my", "paw", "today"]
_FREE = 24
"""Words that stand in no sentence, for the strings that are repeated."""
WORDS = ("\n", *dict.fromkeys(SENTENCE), *(f"w{k}" for k in range(_FREE)))
PIECES = tuple(b"\n" if word == "\n" else f" {word}".encode() for word in WORDS)
REPEATED = 6
"""Words of a string that is said twice."""
_FIRST_FREE = len(WORDS) - _FREE
_SHAPE = GPTShape(vocabulary=len(WORDS), context=32, width=48, blocks=2, heads=4)


class WordTokenizer:
    """Each word with the blank before it is a token, and so is the end of a line."""

    kind, vocabulary, separator = "words", len(WORDS), None

    def encode(self, text: str) -> list[int]:
        """The tokens of words that are parted by single blanks."""
        return [WORDS.index(word) for word in text.replace("\n", " \n ").split(" ") if word]

    def decode(self, tokens: list[int]) -> str:
        """The text."""
        return b"".join(PIECES[token] for token in tokens).decode()

    def piece(self, token: int) -> bytes:
        """The bytes of one token."""
        return PIECES[token]


def tokens(words: str) -> Tensor:
    """(L,) of words that are parted by blanks."""
    return torch.tensor(WordTokenizer().encode(words))


@cache
def memorised(steps: int = 800) -> GPT:
    """A GPT of 2 blocks that says SENTENCE after the end of a line and repeats strings of REPEATED words."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        gpt = GPT(_SHAPE)
        sentence = tokens("\n" + " ".join(SENTENCE))
        optimizer = torch.optim.AdamW(gpt.parameters(), lr=3e-3, betas=(0.9, 0.99), weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.1)
        for _ in range(steps):
            loss = _loss(gpt, sentence)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return gpt.eval()


def untrained(seed: int = 0) -> GPT:
    """The same network with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return GPT(_SHAPE).eval()


def repeated(count: int) -> Tensor:
    """(count, 2 · REPEATED) strings of words in random order, each said twice."""
    half = torch.rand(count, _FREE).argsort(1)[:, :REPEATED] + _FIRST_FREE
    return torch.cat((half, half), 1)


def _loss(gpt: GPT, sentence: Tensor) -> Tensor:
    before = torch.randint(0, 6, (1,)).item()
    known = torch.cat((repeated(2)[:, :int(before)], sentence.expand(2, -1)), 1)
    by_heart = gpt(known[:, :-1], targets=known[:, 1:].where(torch.arange(known.shape[1] - 1) >= before, -1))
    text = repeated(16)
    targets = text[:, 1:].clone()
    targets[:, : REPEATED - 1] = -1  # nobody can know the first half
    return by_heart + gpt(text[:, :-1], targets=targets)
