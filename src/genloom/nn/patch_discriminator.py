"""A discriminator that judges a picture patch by patch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from genloom.errors import InputError

_KERNEL = 4
_MOST = 8  # widths stop growing at 8 · width, as in the source
_SLOPE = 0.2


@dataclass(frozen=True, kw_only=True)
class PatchShape:
    """Sizes of a `PatchDiscriminator`.

    size      width and height of the pictures
    channels  of what is judged: the picture and, beside it, whatever it is judged against (a mask, the masked picture)
    width     channels of the first layer; each further one has twice as many, up to 8 · width
    layers    halvings of the size; 3 see patches of 70 pixels, 2 of 34, 1 of 16
    norm      instance: the statistics of each picture alone, the source's batch norm at its batch size of one; none:
              for spectral normalisation or a gradient penalty
    spectral  weights are divided by their largest singular value [Miyato et al. 2018, Eq. 8]
    """

    size: int = 64
    channels: int = 3
    width: int = 64
    layers: int = 3
    norm: Literal["instance", "none"] = "instance"
    spectral: bool = False

    def __post_init__(self) -> None:
        if self.layers < 1 or self.width < 1:
            name = "layers" if self.layers < 1 else "width"
            raise InputError(f"discriminator.{name}", getattr(self, name), "at least 1")
        if self.size >> self.layers < 3:  # two more convolutions take one pixel each, and one must be left
            raise InputError("discriminator.layers", self.layers, f"fewer for pictures of {self.size} pixels: "
                             "size / 2^layers must be at least 3", f"pass {max(1, self._deepest())}")

    def _deepest(self) -> int:
        return (self.size // 3).bit_length() - 1

    @property
    def patch(self) -> int:
        """Width and height, in pixels, of what each logit sees: 70 for three layers."""
        seen = 2 * (_KERNEL - 1) + 1  # the two last convolutions, of stride 1
        for _ in range(self.layers):
            seen = 2 * (seen - 1) + _KERNEL
        return seen

    @property
    def patches(self) -> int:
        """Width and height of the map of logits."""
        return (self.size >> self.layers) - 2


class PatchDiscriminator(nn.Module):
    """(B, C, S, S) → logits (B, 1, P, P), one for each of P² overlapping patches; positive means real.

    Convolutions of 4 × 4 with LeakyReLU of slope 0.2: `layers` of stride 2, one of stride 1 and one of stride 1 to one
    channel. P = ⌊S / 2^layers⌋ − 2, and each logit sees `shape.patch` pixels. Initial weights are N(0, 0.02²).
    [Isola et al. 2017, § 3.2.2 and App. 6.1.2]

    No sample's logits depend on the others. With `spectral` the estimate u of the largest singular vector moves by one
    power iteration in each training call and is frozen in `eval`, so that judging twice gives the same answer.
    """

    def __init__(self, shape: PatchShape) -> None:
        super().__init__()
        self.shape = shape
        widths = [shape.width * min(2**i, _MOST) for i in range(shape.layers + 1)]
        layers: list[nn.Module] = []
        for i, width in enumerate(widths):
            normed = i > 0 and shape.norm == "instance"
            stride = 2 if i < shape.layers else 1
            layers.append(_convolution(widths[i - 1] if i else shape.channels, width, stride, bias=not normed))
            layers += [nn.InstanceNorm2d(width, affine=True)] if normed else []
            layers.append(nn.LeakyReLU(_SLOPE))
        layers.append(_convolution(widths[-1], 1, 1, bias=True))
        wrap: Callable[[nn.Module], nn.Module] = spectral_norm if shape.spectral else lambda layer: layer
        self.layers = nn.Sequential(*(wrap(layer) if isinstance(layer, nn.Conv2d) else layer for layer in layers))

    def forward(self, x: Tensor) -> Tensor:
        """The logits of x."""
        logits: Tensor = self.layers(x)
        return logits


def _convolution(channels: int, width: int, stride: int, *, bias: bool) -> nn.Conv2d:
    layer = nn.Conv2d(channels, width, _KERNEL, stride, padding=1, bias=bias)
    nn.init.normal_(layer.weight, std=0.02)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
