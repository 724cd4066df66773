"""A small classifier of pictures, clean or noisy, for guidance and for features."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.embeddings import TimeEmbedding
from genloom.nn.norm import GroupNorm
from genloom.nn.plain import PlainBlock
from genloom.nn.residual import Change, ResidualBlock

_TOLD = 4  # the embedding of the time is so many times as wide as its features, as in the U-Net


@dataclass(frozen=True, kw_only=True)
class ClassifierShape:
    """Sizes of an `ImageClassifier`.

    size         width and height of the pictures
    channels     of the pictures
    width        channels of level i are width · multipliers[i]
    multipliers  one for each level; each level halves the size of the one above
    classes      number of classes, at least 2
    timed        the classifier is told the time of noisy pictures
    """

    size: int = 32
    channels: int = 3
    width: int = 32
    multipliers: tuple[int, ...] = (1, 2, 4)
    classes: int = 10
    timed: bool = False

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise InputError("network.classes", self.classes, "at least 2", "give the pictures classes")
        if self.width < 2 or self.width % 2:
            raise InputError("network.width", self.width, "even", "pass --network.width 32")
        if not self.multipliers or min(self.multipliers) < 1:
            raise InputError("network.multipliers", self.multipliers, "at least one number, each at least 1",
                             "pass --network.multipliers 1 2 4")
        if self.size >> (len(self.multipliers) - 1) < 2:
            raise InputError("network.multipliers", self.multipliers, f"fewer: the last level of a picture of "
                             f"{self.size} pixels must have at least 2", "pass --network.multipliers 1 2")

    @property
    def features(self) -> int:
        """Number of features D of a picture."""
        return self.width * self.multipliers[-1]


class ImageClassifier(nn.Module):
    """(B, C, S, S) → logits (B, classes): residual blocks, one for each level, their mean over places, a linear layer.

        f = mean_{places} SiLU(norm(h)),   logits = W f + b

    Groups of channels are normalised in each picture alone, so that no picture's logits depend on its batch. A `timed`
    classifier scales and shifts its features by the time, which makes it p(y | x_t), the one that classifier guidance
    asks for. [Dhariwal & Nichol 2021, section 4: the downsampling half of the U-Net]
    """

    def __init__(self, shape: ClassifierShape) -> None:
        super().__init__()
        self.shape = shape
        widths = [shape.width * multiplier for multiplier in shape.multipliers]
        told = _TOLD * shape.width
        self.time = TimeEmbedding(shape.width, told) if shape.timed else None
        self.first = nn.Conv2d(shape.channels, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList()
        for i, width in enumerate(widths):
            change: Change = "down" if i else "none"
            channels = widths[max(i - 1, 0)]
            self.blocks.append(ResidualBlock(channels, width, told, change=change) if shape.timed
                               else PlainBlock(channels, width, change=change))
        self.norm = GroupNorm(widths[-1])
        self.head = nn.Linear(widths[-1], shape.classes)

    def forward(self, x: Tensor, time: Tensor | None = None) -> Tensor:
        """The logits; a timed classifier, and it alone, takes times (B,) or (1,) as the denoising network is told them.

        Errors: `InputError` for a time that is missing or that the classifier does not know.
        """
        logits: Tensor = self.head(self.features(x, time))
        return logits

    def features(self, x: Tensor, time: Tensor | None = None) -> Tensor:
        """The features (B, D) that the linear layer sees, D = width · multipliers[-1].

        Errors: `InputError` for a time that is missing or that the classifier does not know.
        """
        told = self._told(time)
        h = self.first(x)
        for block in self.blocks:
            h = block(h, *told)
        return self.norm.activated(h).mean(dim=(2, 3))

    def _told(self, time: Tensor | None) -> tuple[Tensor, ...]:
        if (time is None) != (self.time is None):
            known = "a tensor of times: this classifier was trained on noisy pictures" if self.time else \
                "None: this classifier was trained on clean pictures"
            raise InputError("time", None if time is None else tuple(time.shape), known)
        return () if time is None or self.time is None else (F.silu(self.time(time)),)
