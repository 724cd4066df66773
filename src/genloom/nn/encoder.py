"""A Transformer's encoder: vectors that all look at one another."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.attention import heads_of
from genloom.nn.gelu import gelu


@dataclass(frozen=True, kw_only=True)
class EncoderShape:
    """Sizes of an `Encoder`.

    width      numbers of a vector, a multiple of `heads`
    blocks     Transformer blocks
    heads      heads of each attention
    expansion  hidden units of a block's MLP, in units of `width`

    Errors: `InputError` for sizes that cannot be.
    """

    width: int = 64
    blocks: int = 2
    heads: int = 4
    expansion: int = 2

    def __post_init__(self) -> None:
        for name in ("width", "blocks", "expansion"):
            if getattr(self, name) < 1:
                raise InputError(f"network.{name}", getattr(self, name), "at least 1")
        heads_of(self.width, self.heads)


class Encoder(nn.Module):
    """Vectors (B, L, width) → vectors of the same shape, each of which has looked at all, in both directions.

        h = h + Attention(norm(h)),   h = h + MLP(norm(h)),   output = norm(h)

    It knows no order but for the grid's. [Vaswani et al. 2017, section 3.1, with the norms first]

    grid   rows and columns that the vectors fill, row by row: to the logit of each look a number is added that belongs
           to the way from one place to the other, in each head and block its own. It is learned, and starts so that a
           head looks one way and not far. [Liu et al. 2021, Eq. 4; Press et al. 2022, section 3] None adds nothing.
    """

    offset: Tensor

    def __init__(self, shape: EncoderShape, grid: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.shape = shape
        offset, ways = (torch.zeros(0, 0, dtype=torch.int64), None) if grid is None else _offsets(*grid)
        self.register_buffer("offset", offset, persistent=False)
        self.blocks = nn.ModuleList(_Block(shape, ways) for _ in range(shape.blocks))
        self.norm = nn.LayerNorm(shape.width)

    def forward(self, h: Tensor, seen: Tensor | None = None) -> Tensor:
        """The vectors; `seen` (B, L) bool are those that may be looked at, at least one of each row, None all."""
        for block in self.blocks:
            h = block(h, seen, self.offset)
        out: Tensor = self.norm(h)
        return out


class _Block(nn.Module):
    """h + Attention(norm(h)), then h + MLP(norm(h)); both branches start small, so that the block starts near h."""

    def __init__(self, shape: EncoderShape, ways: Tensor | None) -> None:
        super().__init__()
        width, self.heads = shape.width, shape.heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.expand = nn.Linear(width, shape.expansion * width)
        self.contract = nn.Linear(shape.expansion * width, width)
        self.bias = None if ways is None else nn.Parameter(_first_biases(ways, self.heads))
        for last in (self.out, self.contract):
            nn.init.normal_(last.weight, std=0.02)
            nn.init.zeros_(last.bias)

    def forward(self, h: Tensor, seen: Tensor | None, offset: Tensor) -> Tensor:
        h = h + self.out(self._looked(self.norm_1(h), seen, offset))
        out: Tensor = h + self.contract(gelu(self.expand(self.norm_2(h))))
        return out

    def _looked(self, h: Tensor, seen: Tensor | None, offset: Tensor) -> Tensor:
        query, key, value = self.qkv(h).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = None if self.bias is None else self.bias[:, offset]
        if seen is not None:
            kept = seen[:, None, None, :]
            mask = kept if mask is None else mask.masked_fill(~kept, -torch.inf)
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(1, 2).flatten(2)


def _offsets(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """The number of the way from each place of a grid to each other, (L, L), and the ways themselves, (ways, 2)."""
    place = torch.cartesian_prod(torch.arange(rows), torch.arange(columns))
    away = place[None, :, :] - place[:, None, :] + torch.tensor([rows - 1, columns - 1])
    ways = torch.cartesian_prod(torch.arange(1.0 - rows, rows), torch.arange(1.0 - columns, columns))
    return away[..., 0] * (2 * columns - 1) + away[..., 1], ways


def _first_biases(ways: Tensor, heads: int) -> Tensor:
    """2 cos(angle between a way and the head's own) − ¾ · its length, (heads, ways): right, left, down, up."""
    directions = torch.tensor([[0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0]]).repeat(heads // 4 + 1, 1)[:heads]
    far = ways.norm(dim=1)
    biases: Tensor = 2 * (directions @ ways.T) / far.clamp(min=1) - 0.75 * far
    return biases
