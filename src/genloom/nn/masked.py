"""Masked autoencoders: some places of a text or a picture are hidden, and the network says what stands there."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.encoder import Encoder, EncoderShape


@dataclass(frozen=True, kw_only=True)
class MaskedShape:
    """Sizes of a `MaskedTransformer`.

    grid         rows and columns of the places, L in all: (1, L) for a text
    vocabulary   tokens V that may stand at a place
    encoder      sizes of the Transformer

    Errors: `InputError` for sizes that cannot be.
    """

    grid: tuple[int, int]
    vocabulary: int
    encoder: EncoderShape = field(default_factory=EncoderShape)

    def __post_init__(self) -> None:
        if min(self.grid) < 1 or self.places < 2:
            raise InputError("network.grid", self.grid, "at least 2 places: one to hide and one to see")
        if self.vocabulary < 2:
            raise InputError("network.vocabulary", self.vocabulary, "at least 2 tokens")

    @property
    def places(self) -> int:
        """Number of places L."""
        return self.grid[0] * self.grid[1]


class MaskedTransformer(nn.Module):
    """Tokens (B, L) and which of them are hidden → logits (B, L, V) of what stands at each place.

        h = encoder(where hidden a learned vector, else E[tokens], + P),   logits = W h + b

    A hidden place gives nothing but its number. [Devlin et al. 2019, section 3.1; the encoder of He et al. 2022 sees
    the visible places alone, which saves time and changes nothing of the task]
    """

    def __init__(self, shape: MaskedShape) -> None:
        super().__init__()
        self.shape, width = shape, shape.encoder.width
        self.token_table = nn.Embedding(shape.vocabulary, width)
        self.blank = nn.Parameter(torch.empty(width))
        self.position_table = nn.Parameter(torch.empty(shape.places, width))
        self.encoder = Encoder(shape.encoder, shape.grid)
        self.output = nn.Linear(width, shape.vocabulary)
        for table, std in ((self.token_table.weight, 0.5), (self.blank, 0.5), (self.position_table, 0.02)):
            nn.init.normal_(table, std=std)  # the encoder knows the ways between places; the places matter less

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        """The logits for tokens (B, L) int64 and `hidden` (B, L) bool."""
        told = torch.where(hidden[..., None], self.blank, self.token_table(tokens))
        out: Tensor = self.output(self.encoder(told + self.position_table))
        return out


class MaskedMLP(nn.Module):
    """Pictures (B, D) as one row of numbers and which of them are hidden → what each number is, (B, D).

        h = φ(W₂ φ(W₁ [x ⊙ visible, hidden] + b₁) + b₂),   output = W₃ h + b₃,   φ = SiLU

    h are the features of a picture. [Vincent et al. 2008, with zeros for what is hidden, which is said]

    width   numbers of h
    """

    def __init__(self, numbers: int, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2 * numbers, width), nn.Linear(width, width)
        self.output = nn.Linear(width, numbers)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """The output for x (B, D) and `hidden` (B, D) bool."""
        out: Tensor = self.output(self.features(x, hidden))
        return out

    def features(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        """h, (B, width); None hides nothing."""
        blank = torch.zeros_like(x) if hidden is None else hidden.to(x.dtype)
        h: Tensor = F.silu(self.second(F.silu(self.first(torch.cat((x * (1 - blank), blank), 1)))))
        return h


def hide(shape: tuple[int, int], rate: float | Tensor, random: torch.Generator) -> Tensor:
    """Which of (B, L) places are hidden, bool: each with probability `rate`, a number or one (B, 1) for each row."""
    return torch.rand(shape, generator=random) < rate
