"""Small encoders of pictures and of sentences."""

import torch
from torch import Tensor, nn

from genloom.nn.encoder import Encoder, EncoderShape
from genloom.nn.norm import GroupNorm


class PictureTower(nn.Module):
    """Pictures (B, channels, S, S) in [−1, 1] → vectors (B, out): convolutions that halve the size, and a linear layer.

    Normalised by groups within each picture, so that no vector depends on the others.

    widths   channels after each halving; S is a multiple of 2 to their number
    """

    def __init__(self, size: int, *, channels: int = 3, widths: tuple[int, ...] = (16, 32, 64), out: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width in zip((channels, *widths), widths, strict=False):
            layers += [nn.Conv2d(before, width, 4, stride=2, padding=1), GroupNorm(width), nn.SiLU()]
        self.layers = nn.Sequential(*layers)
        self.output = nn.Linear(widths[-1] * (size >> len(widths)) ** 2, out)

    def forward(self, pictures: Tensor) -> Tensor:
        """The vectors."""
        out: Tensor = self.output(self.layers(pictures).flatten(1))
        return out


class SentenceTower(nn.Module):
    """Sentences as numbers of their words (B, L), 0 for none → vectors (B, out): the mean of an encoder's vectors.

    vocabulary   number of words; word k has the number k + 1
    longest      most words of a sentence
    """

    def __init__(self, vocabulary: int, longest: int, *, encoder: EncoderShape, out: int = 64) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary + 1, encoder.width)
        self.positions = nn.Parameter(torch.empty(longest, encoder.width))
        self.encoder = Encoder(encoder)
        self.output = nn.Linear(encoder.width, out)
        for table in (self.words.weight, self.positions):
            nn.init.normal_(table, std=0.5)

    def forward(self, words: Tensor) -> Tensor:
        """The vectors; places without a word are not looked at."""
        seen = words > 0
        h = self.encoder(self.words(words) + self.positions[: words.shape[1]], seen)
        mean = (h * seen[..., None]).sum(1) / seen.sum(1, keepdim=True)
        out: Tensor = self.output(mean)
        return out
