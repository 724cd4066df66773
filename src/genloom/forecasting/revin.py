"""Series on a level and scale of their own window, and forecasts back to where they came from."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

Kind = Literal["none", "last", "mean", "instance"]
_EPSILON = 1e-5


class Affine(NamedTuple):
    """The way back of a window: forecast · scale + shift, (B, 1, C) each."""

    shift: Tensor
    scale: Tensor


class InstanceNorm(nn.Module):
    """Reversible normalisation of windows x (B, L, C) by what each one and each channel shows by itself.

        last       x − x_L                                              [NLinear: Zeng et al. 2023, section 3]
        mean       x − m,  m mean over the window
        instance   (x − m) / s,  m mean and s² = variance + 10⁻⁵ over the window     [RevIN: Kim et al. 2022, Eq. 2–4]
        none       x

    affine   then · exp(g) + b, learned for each channel, 1 and 0 at the start; the exponential keeps its sign, so that
             the way back exists and quantiles stay in order
    """

    def __init__(self, kind: Kind = "instance", channels: int = 0, *, affine: bool = False) -> None:
        super().__init__()
        self.kind: Kind = kind
        self.gain = nn.Parameter(torch.zeros(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x: Tensor) -> tuple[Tensor, Affine]:
        """The normalised window, and the way back."""
        back = self._back(x)
        return self.apply_to(x, back), back

    @staticmethod
    def apply_to(x: Tensor, back: Affine) -> Tensor:
        """Values (B, T, C) on the level and scale of a window, such as the truth that a decoder is given."""
        return (x - back.shift) / back.scale

    def _back(self, x: Tensor) -> Affine:
        shift, scale = _statistics(self.kind, x)
        if self.gain is None or self.bias is None:
            return Affine(shift, scale)
        whole = scale * (-self.gain).exp()
        return Affine(shift - self.bias * whole, whole)

    def extra_repr(self) -> str:
        """The kind."""
        return self.kind + (", affine" if self.gain is not None else "")


def _statistics(kind: Kind, x: Tensor) -> tuple[Tensor, Tensor]:
    """Level and scale, which training does not differentiate: they are functions of the data alone."""
    one = x.new_ones(1, 1, x.shape[2])
    if kind == "none":
        return torch.zeros_like(one), one
    if kind == "last":
        return x[:, -1:], one
    if kind == "mean":
        return x.mean(1, keepdim=True), one
    return x.mean(1, keepdim=True), (x.var(1, correction=0, keepdim=True) + _EPSILON).sqrt()
