"""The parts of a Transformer for series: what a time step is told, attention in heads, and both kinds of layer."""

from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.forecasting.attending import Attending
from genloom.forecasting.dropout import Dropout
from genloom.nn.attention import heads_of
from genloom.nn.embeddings import Sinusoidal

Looked = list[Tensor]
"""Where layers put their attention weights, (B, heads, Lq, Lk) each, when somebody wants to look at them."""

_NEIGHBOURS = 3


@dataclass(frozen=True, kw_only=True)
class LayerShape:
    """Sizes of a layer.

    width       channels of a token, a multiple of `heads`
    heads       heads of each attention
    hidden      hidden units of the feed-forward part
    dropout     share of features that is hidden in training, of what each part adds to its input; weights of attention
                are not dropped [as Vaswani et al. 2017, section 5.4]
    norm_first  normalise what goes into each part (pre-LN) and not what comes out of its sum (post-LN, as published)
    activation  between the feed-forward part's two layers
    """

    width: int = 512
    heads: int = 8
    hidden: int = 2048
    dropout: float = 0.1
    norm_first: bool = False
    activation: Literal["relu", "gelu"] = "relu"

    def __post_init__(self) -> None:
        heads_of(self.width, self.heads)
        if self.hidden < 1:
            raise InputError("network.hidden", self.hidden, "at least 1", "pass --network.hidden 2048")


class StepEmbedding(nn.Module):
    """Time steps as tokens: values (B, L, C) and calendar marks (B, L, M) → (B, L, width), + sine positions.

    One matrix maps the values of a step with those of its neighbours, and the marks:
        circular   x_{t−1}, x_t, x_{t+1}, round the ends, as published [Zhou et al. 2021, appendix B]
        causal     x_{t−2}, x_{t−1}, x_t, zeros before the start, for a decoder that must not see what comes
        alone      x_t

    first   position of the first step
    """

    def __init__(self, channels: int, marks: int, width: int, *,
                 neighbours: Literal["circular", "causal", "alone"] = "circular", dropout: float = 0.1) -> None:
        super().__init__()
        self.channels, self.neighbours = channels, neighbours
        self.values = channels * (1 if neighbours == "alone" else _NEIGHBOURS)
        self.weight = nn.Parameter(torch.empty(width, self.values + marks))
        self.positions = Sinusoidal(width, cosine_first=False)
        self.dropout = Dropout(dropout)
        nn.init.kaiming_normal_(self.weight[:, : self.values], nonlinearity="leaky_relu")
        if marks:
            nn.init.kaiming_uniform_(self.weight[:, self.values :], a=5**0.5)

    def forward(self, x: Tensor, marks: Tensor, first: int = 0) -> Tensor:
        """The tokens."""
        told = torch.cat((*self._around(x), marks), dim=2)
        return self.placed(F.linear(told, self.weight), first)

    def step(self, recent: Tensor, marks: Tensor, position: int) -> Tensor:
        """The token of one step, (B, 1, width), from the last three values (B, 3, C) of a causal embedding.

        marks   (B, 1, M)
        """
        values = recent[:, -1:] if self.neighbours == "alone" else recent.flatten(1)[:, None]
        return self.placed(F.linear(torch.cat((values, marks), dim=2), self.weight), position)

    def placed(self, tokens: Tensor, first: int) -> Tensor:
        """The tokens with their positions, in training with dropout."""
        places = torch.arange(first, first + tokens.shape[1], device=tokens.device)
        return cast(Tensor, self.dropout(tokens + self.positions(places).to(tokens.dtype)))

    def _around(self, x: Tensor) -> tuple[Tensor, ...]:
        if self.neighbours == "circular":
            return x.roll(1, 1), x, x.roll(-1, 1)
        if self.neighbours == "causal":
            padded = F.pad(x, (0, 0, _NEIGHBOURS - 1, 0))
            return padded[:, :-2], padded[:, 1:-1], x
        return (x,)


class Kept:
    """Keys and values of the steps so far, (B, heads, length, d), in a room for `room` steps that is made once."""

    def __init__(self, room: int) -> None:
        self.room, self.length = room, 0
        self._pair = torch.empty(0)

    def add(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values, with those of further steps, (B, heads, n, d), behind the others."""
        batch, heads, count, size = key.shape
        if self.length == 0:
            self._pair = key.new_empty(2, batch, heads, self.room, size)
        end = self.length + count
        self._pair[0, :, :, self.length : end] = key
        self._pair[1, :, :, self.length : end] = value
        self.length = end
        return self._pair[0, :, :, :end], self._pair[1, :, :, :end]


class SelfAttention(nn.Module):
    """Tokens look at one another, (B, L, width) → (B, L, width); `qkv` holds the rows of queries, keys and values."""

    def __init__(self, width: int, heads: int, attending: Attending) -> None:
        super().__init__()
        self.heads, self.attending = heads_of(width, heads), attending
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        _start(self.qkv, parts=3)

    def forward(self, tokens: Tensor, last: int = 0, looked: Looked | None = None) -> Tensor:
        """What the tokens take from one another; `last` tokens alone where it is not 0."""
        query, key, value = self._parts(tokens)
        if looked is not None:
            looked.append(self.attending.weights(query, key))
        mixed = self.attending(query, key, value)
        return cast(Tensor, self.out(_joined(mixed[:, :, -last:] if last else mixed)))

    def further(self, tokens: Tensor, kept: Kept) -> Tensor:
        """The same as `forward` for steps (B, n, width) behind those that are kept; attention is causal and full.

        Several steps may come first, and one at a time after them.
        """
        query, key, value = self._parts(tokens)
        first = kept.length == 0
        key, value = kept.add(key, value)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=first)
        return cast(Tensor, self.out(_joined(mixed)))

    def _parts(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, length, width = tokens.shape
        whole = self.qkv(tokens).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = whole.permute(2, 0, 3, 1, 4).unbind(0)
        return query, key, value


class CrossAttention(nn.Module):
    """Tokens (B, L, width) look at a memory (B, M, width) → (B, L, width)."""

    def __init__(self, width: int, heads: int, attending: Attending) -> None:
        super().__init__()
        self.heads, self.attending = heads_of(width, heads), attending
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        _start(self.query, parts=1)
        _start(self.key_value, parts=2)

    def remember(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the memory, (B, heads, M, d) each."""
        batch, length, width = memory.shape
        whole = self.key_value(memory).view(batch, length, 2, self.heads, width // self.heads)
        key, value = whole.permute(2, 0, 3, 1, 4).unbind(0)
        return key, value

    def forward(self, tokens: Tensor, remembered: tuple[Tensor, Tensor], looked: Looked | None = None) -> Tensor:
        """What the tokens take from what `remember` gave."""
        query = self.query(tokens).unflatten(2, (self.heads, -1)).transpose(1, 2)
        key, value = remembered
        if looked is not None:
            looked.append(self.attending.weights(query, key))
        return cast(Tensor, self.out(_joined(self.attending(query, key, value))))


class FeedForward(nn.Module):
    """W₂ f(W₁ h + b₁) + b₂ of each token. [Vaswani et al. 2017, Eq. 2]"""

    def __init__(self, shape: LayerShape) -> None:
        super().__init__()
        self.first = nn.Linear(shape.width, shape.hidden)
        self.second = nn.Linear(shape.hidden, shape.width)
        self.activation = F.relu if shape.activation == "relu" else F.gelu

    def forward(self, tokens: Tensor) -> Tensor:
        """The tokens, each by itself."""
        return cast(Tensor, self.second(self.activation(self.first(tokens))))


class Residual(nn.Module):
    """A part's place in a layer: norm(h + part(h)) as published, or h + part(norm(h)) with the norm first."""

    def __init__(self, shape: LayerShape, norm: nn.Module | None = None) -> None:
        super().__init__()
        self.norm = norm or nn.LayerNorm(shape.width)
        self.dropout = Dropout(shape.dropout)
        self.norm_first = shape.norm_first

    def before(self, tokens: Tensor) -> Tensor:
        """What the part sees."""
        return cast(Tensor, self.norm(tokens)) if self.norm_first else tokens

    def after(self, tokens: Tensor, found: Tensor) -> Tensor:
        """What comes out of the layer where the part has found something."""
        whole = tokens + self.dropout(found)
        return whole if self.norm_first else cast(Tensor, self.norm(whole))


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward part. [Vaswani et al. 2017, section 3.1]"""

    def __init__(self, shape: LayerShape, attending: Attending) -> None:
        super().__init__()
        self.attention = SelfAttention(shape.width, shape.heads, attending)
        self.feed = FeedForward(shape)
        self.around = nn.ModuleList((Residual(shape), Residual(shape)))

    def forward(self, tokens: Tensor, looked: Looked | None = None) -> Tensor:
        """(B, L, width) → (B, L, width)."""
        one, two = _residuals(self.around)
        tokens = one.after(tokens, self.attention(one.before(tokens), looked=looked))
        return two.after(tokens, self.feed(two.before(tokens)))


class DecoderLayer(nn.Module):
    """Self-attention, attention to the encoder's memory, and a feed-forward part. [the same]"""

    def __init__(self, shape: LayerShape, attending: Attending, crossing: Attending) -> None:
        super().__init__()
        self.attention = SelfAttention(shape.width, shape.heads, attending)
        self.cross = CrossAttention(shape.width, shape.heads, crossing)
        self.feed = FeedForward(shape)
        self.around = nn.ModuleList((Residual(shape), Residual(shape), Residual(shape)))

    def forward(self, tokens: Tensor, memory: Tensor, *, last: int = 0, looked: Looked | None = None,
                crossed: Looked | None = None) -> Tensor:
        """(B, L, width) → (B, L, width), or the `last` steps alone where it is not 0: others then cost keys only."""
        one = _residuals(self.around)[0]
        found = self.attention(one.before(tokens), last, looked)
        tokens = one.after(tokens[:, -last:] if last else tokens, found)
        return self._rest(tokens, self.cross.remember(memory), crossed)

    def further(self, tokens: Tensor, remembered: tuple[Tensor, Tensor], kept: Kept) -> Tensor:
        """The same for steps behind those that are kept; attention to them is causal and full."""
        one = _residuals(self.around)[0]
        tokens = one.after(tokens, self.attention.further(one.before(tokens), kept))
        return self._rest(tokens, remembered, None)

    def _rest(self, tokens: Tensor, remembered: tuple[Tensor, Tensor], crossed: Looked | None) -> Tensor:
        _, two, three = _residuals(self.around)
        tokens = two.after(tokens, self.cross(two.before(tokens), remembered, crossed))
        return three.after(tokens, self.feed(three.before(tokens)))


def _residuals(parts: nn.ModuleList) -> list[Residual]:
    return cast(list[Residual], list(parts))


def _joined(mixed: Tensor) -> Tensor:
    """(B, heads, L, d) → (B, L, heads·d)."""
    return mixed.transpose(1, 2).flatten(2)


def _start(layer: nn.Linear, parts: int) -> None:
    """Xavier's start for each of the matrices that a fused layer holds."""
    with torch.no_grad():
        for part in layer.weight.chunk(parts):
            nn.init.xavier_uniform_(part)
        nn.init.zeros_(layer.bias)
