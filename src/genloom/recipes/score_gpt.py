"""What `genloom score` says of a sentence: how probable it is to a language model, token by token and as a whole."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from genloom.autoregressive.overlap import Match, longest_match
from genloom.autoregressive.products import Product, product
from genloom.autoregressive.scoring import Scored, score
from genloom.autoregressive.words import Word, words
from genloom.errors import DataError, InputError
from genloom.metrics.bits_per_byte import bits_per_byte
from genloom.nn.gpt import GPT
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_gpt import GptExperiment


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence with its log-probabilities, in nats.

    pieces   UTF-8 bytes of each token
    after    the text that stood before it; empty for the end of a document
    """

    text: str
    pieces: tuple[bytes, ...]
    scored: Scored
    after: str

    @cached_property
    def log_probs(self) -> list[float]:
        """Of each token."""
        return [float(value) for value in self.scored.log_probs]

    @cached_property
    def words(self) -> tuple[tuple[Word, float], ...]:
        """Each word with the sum of its tokens' log-probabilities; the sum over all words is that over all tokens."""
        return tuple((word, math.fsum(self.log_probs[word.tokens])) for word in words(self.pieces))

    @property
    def total(self) -> float:
        """log p(sentence), the sum over its tokens."""
        return math.fsum(self.log_probs)

    @property
    def bits_per_byte(self) -> float:
        """−log₂ p(sentence) / bytes."""
        return bits_per_byte(-self.total, len(self.text.encode()))

    @cached_property
    def products(self) -> tuple[Product, ...]:
        """The plain product of the probabilities in float32 and in float64."""
        return tuple(product(self.log_probs, kind) for kind in ("float32", "float64"))

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON-ready data."""
        ranks = [int(rank) for rank in self.scored.ranks]
        pieces = [piece.decode("utf-8", "replace") for piece in self.pieces]
        return {
            "sentence": self.text, "after": self.after, "log_prob": self.total, "perplexity": self.scored.perplexity,
            "bits_per_byte": self.bits_per_byte,
            "tokens": [{"id": int(token), "piece": piece, "log_prob": value, "rank": rank} for token, piece, value, rank
                       in zip(self.scored.tokens, pieces, self.log_probs, ranks, strict=True)],
            "words": [{"text": word.text, "first": word.first, "last": word.last, "log_prob": value}
                      for word, value in self.words],
            "products": [each._asdict() for each in self.products]}


def score_sentence(experiment: "GptExperiment", networks: Networks, text: str, after: str | None = None) -> Sentence:
    """The sentence after a text, or after what texts usually begin after.

    Errors: `InputError` for an empty sentence.
    """
    if not text:
        raise InputError("SENTENCE", text, "some text", 'write it in quotes: genloom score RUN "a sentence"')
    network, tokenizer = networks["gpt"], experiment.tokenizer
    assert isinstance(network, GPT)
    before = experiment.before(after)
    tokens = tokenizer.encode(text)
    found = score(network.eval(), tokens, before)
    return Sentence(text, tuple(tokenizer.piece(token) for token in tokens), found, tokenizer.decode(before))


def copied(experiment: "GptExperiment", text: str) -> Match | str:
    """The longest stretch of a sentence that stands in the training text; where that is not at hand, why not."""
    try:
        return longest_match(text, experiment.corpus, experiment.parts.train)
    except (DataError, InputError) as error:
        return str(error)
