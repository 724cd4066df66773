"""A small diffusion Transformer: patches of a picture as tokens, told the time and the class by adaptive norms."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.attention import SelfAttention
from genloom.nn.conditioning import ClassEmbedding, LabelSetEmbedding
from genloom.nn.embeddings import Sinusoidal, TimeEmbedding

_EPSILON = 1e-6
_TIME_FEATURES = 256


@dataclass(frozen=True, kw_only=True)
class DiTShape:
    """Sizes of a `DiT`.

    size          width and height of the pictures, a multiple of `patch`
    channels      of the pictures
    out_channels  of the output; None is as many as the pictures have
    patch         pixels of each side of a patch
    width         channels of a token, a multiple of 4 and of `heads`
    blocks        Transformer blocks
    heads         heads of each attention
    expansion     hidden units of a block's MLP, in units of `width`
    activation    of the MLP: "gelu" as published, or "silu", with which a training step on a CPU is a seventh shorter
    modulation    of the norms: "own" layer in each block as published, or one that is "shared" by all of them and an
                  offset in each, which keeps a third of the parameters away
    dropout       share of features that is hidden in training after each attention and MLP
    classes       number of classes, 0 for none
    label_set     labels of a multi-hot set, 0 for none; not together with classes
    tokens        most labels of a set, each of which is a token beside the patches too; 0 adds none
    """

    size: int = 32
    channels: int = 3
    out_channels: int | None = None
    patch: int = 2
    width: int = 256
    blocks: int = 8
    heads: int = 4
    expansion: int = 4
    activation: Literal["gelu", "silu"] = "gelu"
    modulation: Literal["own", "shared"] = "own"
    dropout: float = 0.0
    classes: int = 0
    label_set: int = 0
    tokens: int = 0

    def __post_init__(self) -> None:
        if self.patch < 1 or self.size < self.patch or self.size % self.patch:
            raise InputError("network.patch", self.patch, f"a divisor of the {self.size} pixels of a side",
                             "pass --network.patch 2")
        if self.heads < 1 or self.width % self.heads or self.width % 4 or self.width < 4:
            raise InputError("network.width", self.width, f"a multiple of 4 and of the {self.heads} heads",
                             "pass --network.width 256 --network.heads 4")
        if self.blocks < 1:
            raise InputError("network.blocks", self.blocks, "at least 1", "pass --network.blocks 8")
        if self.classes and self.label_set:
            raise InputError("network.label_set", self.label_set, "0 for a network with classes",
                             "choose one of classes and label_set")
        if not 0 <= self.tokens <= self.label_set:
            raise InputError("network.tokens", self.tokens, f"in [0, {self.label_set}], the number of labels")


class DiT(nn.Module):
    """(B, C, S, S), time, labels → (B, C', S, S): a Vision Transformer whose norms are scaled and shifted by (t, y).

    Patches of P × P pixels become (S/P)² tokens with fixed sine positions. With c = τ(t) + e_y, each block computes

        h = h + γ₁ ⊙ Attention((1 + s₁) ⊙ norm(h) + b₁),   h = h + γ₂ ⊙ MLP((1 + s₂) ⊙ norm(h) + b₂),
        (b₁, s₁, γ₁, b₂, s₂, γ₂) = W SiLU(c) + d

    with W = d = 0 at the start (adaLN-zero), so that each block starts as the identity; the last layer starts at 0, and
    so does the output. Where the modulation is shared, W is that of all blocks and d of each (adaLN-single). Other
    weights start Xavier-uniform, embeddings N(0, 0.02²). Class `classes` is no class. Labels of a set may also be
    tokens of their own, which every patch can attend to ("in-context").
    [Peebles & Xie 2023, section 3.2 and Fig. 3; Chen et al. 2024, section 2.3]
    """

    positions: Tensor

    def __init__(self, shape: DiTShape) -> None:
        super().__init__()
        self.shape, width = shape, shape.width
        self.embed = nn.Conv2d(shape.channels, width, shape.patch, shape.patch)
        self.register_buffer("positions", grid_positions(shape.size // shape.patch, width), persistent=False)
        self.time = TimeEmbedding(_TIME_FEATURES, width)
        self.label: ClassEmbedding | LabelSetEmbedding | None = None
        if shape.classes or shape.label_set:
            kind = ClassEmbedding if shape.classes else LabelSetEmbedding
            self.label = kind(shape.classes or shape.label_set, width)
        self.shared = _Modulation(width, 6) if shape.modulation == "shared" else None
        self.blocks = nn.ModuleList(_Block(shape) for _ in range(shape.blocks))
        self.final = _Modulation(width, 2)
        self.output = nn.Linear(width, shape.patch**2 * (shape.out_channels or shape.channels))
        self._start()

    def _start(self) -> None:
        zero = {self.output, *(m.layer for m in self.modules() if isinstance(m, _Modulation))}
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                if layer in zero:
                    nn.init.zeros_(layer.weight)
                else:
                    nn.init.xavier_uniform_(layer.weight.flatten(1))
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.time.first.weight, std=0.02)
        nn.init.normal_(self.time.second.weight, std=0.02)
        if self.label is not None:
            nn.init.normal_(self.label.table.weight, std=0.02)

    def forward(self, x: Tensor, time: Tensor, labels: Tensor | None = None) -> Tensor:
        """The output for times (B,) or (1,) and labels (B,), (1,) or None; label sets are (B, label_set) or None."""
        told = self.time(time)
        if self.label is not None:
            told = told + self.label(labels)
        told = F.silu(told)[:, None, :]
        every = told if self.shared is None else self.shared.layer(told)
        h = self.embed(x).flatten(2).transpose(1, 2)
        h = self._with_tokens(h + self.positions.to(h.dtype), labels)
        for block in self.blocks:
            h = block(h, every)
        shift, scale = self.final(told)
        patches = h[:, : len(self.positions)]
        return self._picture(self.output(_adapted(patches, shift, scale)))

    def _with_tokens(self, h: Tensor, labels: Tensor | None) -> Tensor:
        """The labels' tokens behind the patches'."""
        if not self.shape.tokens:
            return h
        assert isinstance(self.label, LabelSetEmbedding)
        tokens = self.label.tokens(labels, self.shape.tokens)
        return torch.cat((h, tokens.to(h.dtype).expand(len(h), -1, -1)), 1)

    def _picture(self, patches: Tensor) -> Tensor:
        """(B, (S/P)², C·P·P) → (B, C, S, S)."""
        side = self.shape.size // self.shape.patch
        return F.pixel_shuffle(patches.transpose(1, 2).reshape(len(patches), -1, side, side), self.shape.patch)


def grid_positions(side: int, width: int) -> Tensor:
    """Fixed positions of a square of side² tokens, row by row: (side², width).

    The first half of the channels is told the column, the second half the row, each by sines and cosines of
    frequencies 10000^{−k/(width/4)}. [Peebles & Xie 2023 use those of He et al. 2022]
    """
    features = Sinusoidal(width // 2, cosine_first=False)(torch.arange(side))
    columns, rows = features.repeat(side, 1), features.repeat_interleave(side, dim=0)
    return torch.cat((columns, rows), dim=1)


class _Modulation(nn.Module):
    """W c + d, cut into `count` vectors for each sample; it starts at 0."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.layer = nn.Linear(width, count * width)

    def forward(self, told: Tensor) -> tuple[Tensor, ...]:
        vectors: tuple[Tensor, ...] = self.layer(told).chunk(self.count, dim=2)
        return vectors


class _Offset(nn.Module):
    """The vectors that all blocks share and the block's own beside them, which start at 0."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.table = nn.Parameter(torch.zeros(count * width))

    def forward(self, every: Tensor) -> tuple[Tensor, ...]:
        vectors: tuple[Tensor, ...] = (every + self.table).chunk(self.count, dim=2)
        return vectors


class _Block(nn.Module):
    """Attention and MLP, each on an adapted norm and behind a gate."""

    def __init__(self, shape: DiTShape) -> None:
        super().__init__()
        width = shape.width
        self.modulation = (_Offset if shape.modulation == "shared" else _Modulation)(width, 6)
        self.attention = SelfAttention(width, shape.heads)
        self.mlp = nn.Sequential(
            nn.Linear(width, shape.expansion * width),
            nn.SiLU() if shape.activation == "silu" else nn.GELU(approximate="tanh"),
            nn.Linear(shape.expansion * width, width),
        )
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, h: Tensor, told: Tensor) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(told)
        h = h + gate1 * self.dropout(self.attention(_adapted(h, shift1, scale1)))
        out: Tensor = h + gate2 * self.dropout(self.mlp(_adapted(h, shift2, scale2)))
        return out


def _adapted(h: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """(1 + scale) ⊙ norm(h) + shift; the norm has no weights of its own."""
    return F.layer_norm(h, h.shape[-1:], eps=_EPSILON) * (1 + scale) + shift
