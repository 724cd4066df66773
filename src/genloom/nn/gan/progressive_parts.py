"""What progressive growing trains with in place of batch norm: scaled weights, pixel norm, a look at the variation."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

_GROUP = 4  # samples whose variation is taken together, as in the authors' program


def equalised(layer: nn.Linear | nn.Conv2d, gain: float = 2**0.5) -> nn.Module:
    """The layer with weights w = c ŵ, where ŵ ~ N(0, 1) is what is trained and c = gain / √fan-in, and biases of 0.

    An optimizer that divides by a gradient's size then moves all layers at one relative speed. A gain of √2 is for
    layers before a ReLU, which keeps half of the mean square. [Karras et al. 2018, §4.1; c: He et al. 2015, Eq. 10]
    """
    nn.init.normal_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    parametrize.register_parametrization(layer, "weight", _Scaled(gain / layer.weight[0].numel() ** 0.5))
    return layer


class _Scaled(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def extra_repr(self) -> str:
        """For `print`."""
        return f"{self.factor:.4g}"

    def forward(self, weight: Tensor) -> Tensor:
        """c ŵ."""
        return weight * self.factor


def pixel_norm(x: Tensor) -> Tensor:
    """x / √(mean x² + 1e-8), the mean over channels, of (B, C) or (B, C, H, W). [Karras et al. 2018, §4.2]"""
    # in float32 at least, since half precision would lose digits; torch's norm is its quickest sum of squares
    norm: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.promote_types(x.dtype, torch.float32))
    return x * (norm.square() / x.shape[1] + 1e-8).rsqrt().to(x.dtype)


def with_variation(x: Tensor) -> Tensor:
    """x and, as one more channel, how much its samples differ: (B, C, H, W) → (B, C + 1, H, W).

    The standard deviation over four successive samples of each channel at each place, averaged over these; over the
    whole batch where it is no multiple of four. Samples without variety look different from data by this number.
    [Karras et al. 2018, §3]
    """
    size = _GROUP if len(x) % _GROUP == 0 else len(x)
    grouped = x.to(torch.promote_types(x.dtype, torch.float32)).view(-1, size, *x.shape[1:])
    variance = (grouped - grouped.mean(1, keepdim=True)).square().mean(1)  # `var` takes 15 times as long
    mean = (variance + 1e-8).sqrt().mean((1, 2, 3))  # the root has no derivative at 0
    plane = mean.repeat_interleave(size)[:, None, None, None].expand(-1, 1, *x.shape[2:])
    return torch.cat((x, plane.to(x.dtype)), 1)


def leaky(x: Tensor) -> Tensor:
    """The activation of every hidden layer: LeakyReLU of slope 0.2. [Karras et al. 2018, App. A.1]"""
    return F.leaky_relu(x, 0.2)
