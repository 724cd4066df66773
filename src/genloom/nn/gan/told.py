"""How networks are told labels: beside the noise, as a factor of it, through a norm, or as planes of the picture."""

from typing import cast

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.layout import spread


class Start(nn.Module):
    """What enters a generator: (z (B, Z), y (B, K) or None) → (B, `width`).

    concatenate   (z, y)
    multiply      z ⊙ (1 + M y), so that untrained labels change nothing   [Perez et al. 2018, without the shift]
    norm, none    z; `ConditionalNorm` is told y where it is norm
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        self.labels, self.told = shape.labels, shape.told
        self.width = shape.latent + (shape.labels if shape.told == "concatenate" else 0)
        self.factor = nn.Linear(shape.labels, shape.latent, bias=False) if shape.told == "multiply" else None
        if self.factor is not None:
            nn.init.zeros_(self.factor.weight)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Noise and labels in one vector.

        Errors: `InputError` for labels that are missing or of another shape.
        """
        if self.told == "none":
            return z
        if y is None or y.shape != (len(z), self.labels):
            raise InputError("y", None if y is None else tuple(y.shape), f"labels of shape ({len(z)}, {self.labels})")
        if self.factor is not None:
            return z * (1 + cast(Tensor, self.factor(y)))
        return torch.cat((z, y.to(z.dtype)), 1) if self.told == "concatenate" else z


class ConditionalNorm(nn.Module):
    """Batch normalisation of a generator, (B, C) or (B, C, H, W), whose scale and shift may be functions of labels.

        γ(y) = γ + Γ y,   β(y) = β + B y   [de Vries et al. 2017, Eq. 4; Γ and B start at 0]

    told   otherwise it is batch norm, and y is not looked at
    """

    def __init__(self, shape: GanShape, channels: int) -> None:
        super().__init__()
        self.told = shape.told == "norm"
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.statistics = nn.BatchNorm1d(channels, affine=False)
        self.table = nn.Linear(shape.labels, 2 * channels, bias=False) if self.told else None
        if self.table is not None:
            nn.init.zeros_(self.table.weight)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Normalised x, scaled and shifted."""
        statistics = self.statistics
        if self.table is None:
            return _normalise(statistics, x, self.weight, self.bias)
        if y is None:
            raise InputError("y", None, "labels (B, K): the norms of this generator depend on them")
        scale, shift = cast(Tensor, self.table(y)).chunk(2, 1)
        plain = _normalise(statistics, x, None, None)
        factor, offset = self.weight + scale, self.bias + shift
        if x.ndim == 2:
            return torch.addcmul(offset.to(plain.dtype), plain, factor.to(plain.dtype))
        return torch.addcmul(spread(offset, plain), plain, spread(factor, plain))


def _normalise(statistics: nn.BatchNorm1d, x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """One call of torch's batch norm, with the running statistics that live in `statistics`."""
    if statistics.training and statistics.num_batches_tracked is not None:
        statistics.num_batches_tracked.add_(1)
    return nn.functional.batch_norm(x, statistics.running_mean, statistics.running_var, weight, bias,
                                    statistics.training, statistics.momentum or 0.0, statistics.eps)


class LabelPlanes(nn.Module):
    """The labels as one more channel of the picture: (x (B, C, S, S), y (B, K)) → (B, C + 1, S, S).

    The plane is a linear function of y with S² outputs. Without `planes` x passes unchanged.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        self.size = shape.size
        self.plane = nn.Linear(shape.labels, shape.size**2, bias=False) if shape.judging == "planes" else None
        self.channels = shape.channels + (self.plane is not None)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The picture with its plane.

        Errors: `InputError` where labels are needed and not given.
        """
        if self.plane is None:
            return x
        if y is None:
            raise InputError("y", None, "labels (B, K): this discriminator sees them as a plane")
        return torch.cat((x, self.plane(y).view(-1, 1, self.size, self.size).to(x.dtype)), 1)
