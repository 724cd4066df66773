"""An encoder-only tagger: it scores each tag of each word, told of all words at once."""

from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.attention import SelfAttention
from genloom.nn.crf import places


@dataclass(frozen=True, kw_only=True)
class TaggerShape:
    """Sizes of a `Tagger`.

    words       number of words that there are
    tags        number of tags V
    context     most words of a sentence
    width       channels of a word, a multiple of `heads`
    blocks      Transformer blocks; with 0 the scores of a word are told of it alone, wherever it stands
    heads       heads of each attention
    expansion   hidden units of a block's MLP, in units of `width`

    Errors: `InputError` for sizes that cannot be.
    """

    words: int
    tags: int
    context: int = 32
    width: int = 32
    blocks: int = 2
    heads: int = 4
    expansion: int = 2

    def __post_init__(self) -> None:
        for name in ("words", "tags", "context", "width", "heads", "expansion"):
            if getattr(self, name) < 1:
                raise InputError(f"network.{name}", getattr(self, name), "at least 1")
        if self.blocks < 0:
            raise InputError("network.blocks", self.blocks, "at least 0", "0 tells each word's scores of it alone")
        if self.width % self.heads:
            raise InputError("network.width", self.width, f"a multiple of the {self.heads} heads")


class Tagger(nn.Module):
    """Words (B, N) → log s (B, N, V), the logarithm of the score of each tag at each place.

        h = E[words] + P,   h = h + Attention(norm(h)),   h = h + MLP(norm(h)),   log s = W norm(h) + b

    Every place sees every other: an encoder has no causal mask. The scores s are positive and not normalised;
    `log_prob` and `nn.crf.CRF` are two ways to make a distribution of them. [after Devlin et al. 2019]
    """

    def __init__(self, shape: TaggerShape) -> None:
        super().__init__()
        self.shape = shape
        self.word_table = nn.Embedding(shape.words, shape.width)
        self.position_table = nn.Embedding(shape.context, shape.width) if shape.blocks else None
        self.blocks = nn.ModuleList(_Block(shape) for _ in range(shape.blocks))
        self.norm_out = nn.LayerNorm(shape.width)
        self.output = nn.Linear(shape.width, shape.tags)

    def forward(self, words: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The logarithms of the scores.

        lengths   (B,) int64, how many words of each row are its sentence; the others are not looked at

        Errors: `InputError` for more words than the context, or lengths outside 1 … N.
        """
        if words.shape[1] > self.shape.context:
            raise InputError("words", words.shape[1], f"at most {self.shape.context}, the context of this network",
                             "cut the sentences, or make a network with a larger context")
        h = self.word_table(words)
        seen = None if lengths is None else places(h, lengths)
        if self.position_table is not None:
            h = h + self.position_table.weight[: words.shape[1]]
        for block in self.blocks:
            h = block(h, seen)
        return cast(Tensor, self.output(self.norm_out(h)))


class _Block(nn.Module):
    """h + Attention(norm(h)), then h + MLP(norm(h)): (B, N, width) → the same."""

    def __init__(self, shape: TaggerShape) -> None:
        super().__init__()
        width, hidden = shape.width, shape.expansion * shape.width
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, shape.heads)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, h: Tensor, seen: Tensor | None) -> Tensor:
        h = h + self.attention(self.norm_1(h), seen)
        return cast(Tensor, h + self.mlp(self.norm_2(h)))


def log_partition(scores: Tensor, lengths: Tensor | None = None) -> Tensor:
    """log Z = Σ_n log Σ_v s_{n,v}, (B,), of log s (B, N, V): the sum of Π_n s_{n,t_n} over all V^N sequences of tags.

    A sum of products in which each factor has an index of its own is the product of the sums.

    >>> import torch
    >>> log_partition(torch.zeros(1, 3, 2)).exp().round().tolist()
    [8.0]
    """
    return scores.logsumexp(2).where(places(scores, lengths), 0).sum(1)


def log_prob(scores: Tensor, tags: Tensor, lengths: Tensor | None = None) -> Tensor:
    """log p(t | words) = Σ_n log s_{n,t_n} − log Z in nats, (B,), of log s (B, N, V) and tags (B, N).

    Errors: `InputError` for lengths outside 1 … N.
    """
    there = places(scores, lengths)
    own = scores.gather(2, tags.where(there, 0)[..., None])[..., 0]
    return own.where(there, 0).sum(1) - log_partition(scores, lengths)
