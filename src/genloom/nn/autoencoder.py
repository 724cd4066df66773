"""An autoencoder whose code is a Gaussian close to N(0, I): pictures become small latent pictures and back."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.attention import PictureAttention
from genloom.nn.norm import GroupNorm
from genloom.nn.plain import PlainBlock

_LOWEST, _HIGHEST = -30.0, 20.0  # of log σ², as in the published code of Rombach et al.: exp stays finite in float32


@dataclass(frozen=True, kw_only=True)
class AutoencoderShape:
    """Sizes of a `KLAutoencoder`.

    size             width and height of the pictures, a multiple of 2^(levels − 1)
    channels         of the pictures
    width            channels of level i are width · multipliers[i]
    multipliers      one for each level; each level halves the size of the one above
    blocks           residual blocks of each level
    latent_channels  channels of the code
    """

    size: int = 32
    channels: int = 3
    width: int = 32
    multipliers: tuple[int, ...] = (1, 2, 4)
    blocks: int = 1
    latent_channels: int = 4

    def __post_init__(self) -> None:
        if not self.multipliers or min(self.multipliers) < 1:
            raise InputError("network.multipliers", self.multipliers, "at least one number, each at least 1",
                             "pass --network.multipliers 1 2 4")
        if self.size < self.factor or self.size % self.factor:
            raise InputError("data.size", self.size, f"a multiple of {self.factor} for {len(self.multipliers)} levels, "
                             "each half as large as the one above", f"pass --data.size {8 * self.factor}")
        for name in ("width", "blocks", "latent_channels"):
            if getattr(self, name) < 1:
                raise InputError(f"network.{name}", getattr(self, name), "at least 1")

    @property
    def factor(self) -> int:
        """How many pixels of a side become one place of the code."""
        return 1 << (len(self.multipliers) - 1)

    @property
    def latent(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of the code of a picture."""
        side = self.size // self.factor
        return self.latent_channels, side, side


class Coded(NamedTuple):
    """N(mean, exp(log_variance)) for each number of the code, each (B, c, h, w)."""

    mean: Tensor
    log_variance: Tensor


class KLAutoencoder(nn.Module):
    """Encoder q(z | x) = N(μ(x), σ²(x)) and decoder x̂(z) of residual blocks, with attention at the smallest size.

    Each level halves width and height on the way to the code and doubles them on the way back; log σ² is clamped to
    [−30, 20]. Nothing here is random: whoever wants a draw of the code gives its noise.
    [Kingma & Welling 2014, Eq. 9–10; Rombach et al. 2022, section 3.1 and App. G; their discriminator and perceptual
    loss belong to the training, not to the network]
    """

    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        self.shape = shape
        widths = [shape.width * multiplier for multiplier in shape.multipliers]
        self.encoder = nn.Sequential(
            _convolution(shape.channels, widths[0]), *_levels_down(widths, shape.blocks), *_middle(widths[-1]),
            _Activated(widths[-1]), _convolution(widths[-1], 2 * shape.latent_channels),
        )
        self.decoder = nn.Sequential(
            _convolution(shape.latent_channels, widths[-1]), *_middle(widths[-1]), *_levels_up(widths, shape.blocks),
            _Activated(widths[0]), _convolution(widths[0], shape.channels),
        )

    def encode(self, x: Tensor) -> Coded:
        """The distribution of the code of pictures (B, C, S, S) in [−1, 1].

        Errors: `InputError` for pictures of another shape.
        """
        wanted = (self.shape.channels, self.shape.size, self.shape.size)
        if x.ndim != 4 or tuple(x.shape[1:]) != wanted:
            raise InputError("pictures", tuple(x.shape), f"of shape (B, {', '.join(map(str, wanted))})")
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return Coded(mean, log_variance.clamp(_LOWEST, _HIGHEST))

    def decode(self, z: Tensor) -> Tensor:
        """The pictures (B, C, S, S) of codes (B, c, h, w); not clamped to [−1, 1].

        Errors: `InputError` for codes of another shape.
        """
        if z.ndim != 4 or tuple(z.shape[1:]) != self.shape.latent:
            raise InputError("codes", tuple(z.shape), f"of shape (B, {', '.join(map(str, self.shape.latent))})")
        pictures: Tensor = self.decoder(z)
        return pictures

    def forward(self, x: Tensor, eps: Tensor) -> tuple[Tensor, Coded]:
        """What training needs in one call: x̂(μ + σ ε) for noise ε (B, c, h, w), and q(z | x)."""
        coded = self.encode(x)
        return self.decode(reparameterise(*coded, eps)), coded


def reparameterise(mean: Tensor, log_variance: Tensor, eps: Tensor) -> Tensor:
    """The draw μ + σ ε, through which gradients reach μ and σ; all of one shape. [Kingma & Welling 2014, Eq. 10]"""
    return mean + (log_variance / 2).exp() * eps


class _Activated(nn.Module):
    """SiLU(norm(x))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = GroupNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm.activated(x)


def _convolution(channels: int, width: int) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, padding=1)


def _levels_down(widths: list[int], blocks: int) -> list[nn.Module]:
    """`blocks` blocks at each level; the first block of each level but the topmost halves the size."""
    layers: list[nn.Module] = []
    for i, width in enumerate(widths):
        layers.append(PlainBlock(widths[max(i - 1, 0)], width, change="down" if i else "none"))
        layers += [PlainBlock(width, width) for _ in range(blocks - 1)]
    return layers


def _levels_up(widths: list[int], blocks: int) -> list[nn.Module]:
    """`blocks` blocks at each level; the last one of each level but the topmost doubles the size."""
    layers: list[nn.Module] = []
    for i in reversed(range(len(widths))):
        layers += [PlainBlock(widths[i], widths[i]) for _ in range(blocks - 1)]
        layers.append(PlainBlock(widths[i], widths[max(i - 1, 0)], change="up" if i else "none"))
    return layers


def _middle(width: int) -> list[nn.Module]:
    return [PlainBlock(width, width), PictureAttention(width, 1), PlainBlock(width, width)]
