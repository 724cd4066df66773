"""GPT-2's network: a Transformer that predicts each token from those before it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.causal import CausalAttention, Look
from genloom.nn.gelu import gelu
from genloom.nn.key_values import KeyValues
from genloom.nn.token_loss import token_loss

_EPSILON = 1e-5
_STD = 0.02


@dataclass(frozen=True, kw_only=True)
class GPTShape:
    """Sizes of a `GPT`.

    vocabulary   number of tokens V
    context      most tokens the network sees
    width        channels of a token, a multiple of `heads`
    blocks       Transformer blocks
    heads        heads of each attention
    expansion    hidden units of a block's MLP, in units of `width`
    dropout      share that is hidden in training of the embedding, of attention weights and of what a branch adds
    positions    "learned", a vector for each place as in GPT-2; "rotary", queries and keys turned by their places
    bias         whether linear layers and norms add a vector, as in GPT-2

    Errors: `InputError` for sizes that cannot be.
    """

    vocabulary: int
    context: int = 64
    width: int = 192
    blocks: int = 6
    heads: int = 6
    expansion: int = 4
    dropout: float = 0.0
    positions: Literal["learned", "rotary"] = "learned"
    bias: bool = True

    def __post_init__(self) -> None:
        for name in ("vocabulary", "context", "width", "blocks", "heads", "expansion"):
            if getattr(self, name) < 1:
                raise InputError(f"network.{name}", getattr(self, name), "at least 1")
        if self.width % self.heads:
            raise InputError("network.width", self.width, f"a multiple of the {self.heads} heads",
                             "pass --network.width 192 --network.heads 6")
        if self.positions not in ("learned", "rotary"):
            raise InputError("network.positions", self.positions, "learned or rotary")
        if self.positions == "rotary" and self.width // self.heads % 2:
            raise InputError("network.heads", self.heads, "such that rotary positions pair each head's "
                             f"{self.width // self.heads} channels", "pass --network.positions learned")
        if not 0 <= self.dropout < 1:
            raise InputError("network.dropout", self.dropout, "in [0, 1)")


class Trace(NamedTuple):
    """Logits (B, L, V) and what the attention of each block computed on the way, first block first."""

    logits: Tensor
    looks: tuple[Look, ...]


class GPT(nn.Module):
    """Tokens (B, L) → logits (B, L, V) of the token that follows each, computed from it and those before it alone.

        h = E[tokens] + P,   h = h + Attention(norm(h)),   h = h + MLP(norm(h)),   logits = norm(h) Eᵀ

    The head is the table of tokens E ("tied") and adds no vector. Weights start N(0, 0.02²), those of the last layer of
    a branch 1/√(2 · blocks) as wide, added vectors at 0. [Radford et al. 2019, section 2.3]
    """

    def __init__(self, shape: GPTShape) -> None:
        super().__init__()
        self.shape = shape
        self.token_table = nn.Embedding(shape.vocabulary, shape.width)
        learned = shape.positions == "learned"
        self.position_table = nn.Embedding(shape.context, shape.width) if learned else None
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.norm_out = nn.LayerNorm(shape.width, _EPSILON, bias=shape.bias)
        self._start()

    def _start(self) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.Embedding):
                nn.init.normal_(layer.weight, std=_STD)
            if isinstance(layer, nn.Linear) and layer.bias is not None:
                nn.init.zeros_(layer.bias)
        for block in self.blocks:
            assert isinstance(block, Block)
            for layer in (block.attention.out, block.contract):
                nn.init.normal_(layer.weight, std=_STD * (2 * self.shape.blocks) ** -0.5)

    @property
    def parameters_count(self) -> int:
        """Numbers that are trained; the table of tokens, which is the head too, counts once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def embed(self, tokens: Tensor) -> Tensor:
        """The vectors of tokens, without their places: (B, L) → (B, L, width)."""
        return cast(Tensor, self.token_table(tokens))

    def forward(self, tokens: Tensor | None = None, *, embedded: Tensor | None = None, targets: Tensor | None = None,
                past: KeyValues | None = None, last: bool = False, seen: Tensor | None = None) -> Tensor:
        """The logits (B, L, V), or with targets the loss, a scalar.

        tokens     (B, L) int64, each in [0, V)
        embedded   (B, L, width) in place of the tokens' vectors; places are added to it. Exactly one of the two.
        targets    (B, L) int64, the tokens that follow: the mean of −log p over those ≥ 0 is returned, in nats
        past       keys and values of the tokens before these, to which these are added
        last       the logits of the last token alone, (B, 1, V), computed for it alone
        seen       (B, past + L) bool, the tokens that others may look at; None is all. Each sees itself.

        Errors: `InputError` for more tokens than the context, or arguments that exclude one another.
        """
        if last and targets is not None:
            raise InputError("last", last, "False with targets, each of which counts")
        h = self.placed(tokens, embedded, past)
        for number, block in enumerate(self.blocks):
            h = block(h, number, past, seen)
        if past is not None:
            past.advance(h.shape[1])
        h = self.norm_out(h[:, -1:] if last else h)
        if targets is not None:
            return token_loss(h.flatten(0, 1), self.token_table.weight, targets.flatten())
        return F.linear(h, self.token_table.weight)

    def trace(self, tokens: Tensor | None = None, *, embedded: Tensor | None = None,
              seen: Tensor | None = None) -> Trace:
        """The logits as in evaluation (nothing is dropped out), and each block's scores and weights.

        Errors: as of `forward`.
        """
        h, looks = self.placed(tokens, embedded, None, dropped=False), []
        for block in self.blocks:
            assert isinstance(block, Block)
            h, look = block.look(h, seen)
            looks.append(look)
        return Trace(F.linear(self.norm_out(h), self.token_table.weight), tuple(looks))

    def placed(self, tokens: Tensor | None, embedded: Tensor | None, past: KeyValues | None, *,
               dropped: bool = True) -> Tensor:
        """The vectors that enter the first block, (B, L, width): of tokens (B, L) or `embedded`, with their places.

        dropped   whether some are hidden in training

        Errors: as of `forward`.
        """
        if (tokens is None) == (embedded is None):
            given = "neither" if tokens is None else "both"
            raise InputError("tokens, embedded", given, "one of the two: tokens, or vectors in their place")
        h = self.embed(tokens) if tokens is not None else embedded
        assert h is not None
        start = 0 if past is None else past.length
        if start + h.shape[1] > self.shape.context:
            raise InputError("tokens", start + h.shape[1], f"at most {self.shape.context}, the context of this network",
                             "cut the text, or train with a larger --network.context")
        if self.position_table is not None:
            h = h + self.position_table.weight[start : start + h.shape[1]]
        return F.dropout(h, self.shape.dropout, self.training and dropped)


class Block(nn.Module):
    """h + Attention(norm(h)), then h + MLP(norm(h)): (B, L, width) → the same."""

    def __init__(self, shape: GPTShape) -> None:
        super().__init__()
        width, hidden = shape.width, shape.expansion * shape.width
        self.norm_1 = nn.LayerNorm(width, _EPSILON, bias=shape.bias)
        self.attention = CausalAttention(width, shape.heads, shape.dropout, shape.bias, shape.positions == "rotary")
        self.norm_2 = nn.LayerNorm(width, _EPSILON, bias=shape.bias)
        self.expand = nn.Linear(width, hidden, bias=shape.bias)
        self.contract = nn.Linear(hidden, width, bias=shape.bias)
        self.dropout = shape.dropout

    def forward(self, h: Tensor, number: int, past: KeyValues | None, seen: Tensor | None) -> Tensor:
        """The vectors that leave it, being block `number` of `past`; arguments as those of `CausalAttention`."""
        h = self._added(h, self.attention(self.norm_1(h), past=past, block=number, seen=seen))
        return self._added(h, self._mlp(h))

    def _added(self, h: Tensor, branch: Tensor) -> Tensor:
        if self.training and self.dropout:
            branch = F.dropout(branch, self.dropout)
        return h + branch

    def look(self, h: Tensor, seen: Tensor | None) -> tuple[Tensor, Look]:
        """The same as in evaluation, and what its attention computed."""
        out, look = self.attention.look(self.norm_1(h), seen)
        h = h + out
        return h + self._mlp(h), look

    def _mlp(self, h: Tensor) -> Tensor:
        return cast(Tensor, self.contract(gelu(self.expand(self.norm_2(h)))))
