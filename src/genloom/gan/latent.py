"""What a generator starts from: noise, and codes that it is meant to make visible."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.errors import InputError


class Code(NamedTuple):
    """The part of z that the discriminator is asked to read from the picture.

    category   int64 (B,), or None
    values     float (B, n) in [−1, 1], or None
    """

    category: Tensor | None
    values: Tensor | None


@dataclass(frozen=True, kw_only=True)
class Latent:
    """z = (noise, one-hot category, values), made from standard normal numbers, so that one stream draws all of it.

    size         coordinates of the noise
    law          uniform in [−1, 1], z = 2 Φ(n) − 1, or normal
    categories   of InfoGAN's categorical code; 0 is none [Chen et al. 2016, §7.2]
    values       number of InfoGAN's codes that are uniform in [−1, 1]

    Errors: `InputError` for sizes that cannot be.
    """

    size: int = 96
    law: Literal["uniform", "normal"] = "uniform"
    categories: int = 0
    values: int = 0

    def __post_init__(self) -> None:
        for name, least in (("size", 1), ("categories", 0), ("values", 0)):
            if getattr(self, name) < least:
                raise InputError(f"latent.{name}", getattr(self, name), f"at least {least}")
        if self.categories == 1:
            raise InputError("latent.categories", 1, "0, or at least 2")

    @property
    def width(self) -> int:
        """Coordinates of z."""
        return self.size + self.categories + self.values

    @property
    def drawn(self) -> int:
        """Standard normal numbers that one z takes."""
        return self.size + bool(self.categories) + self.values

    @property
    def read(self) -> int:
        """Outputs by which a discriminator tells the code: a logit for each category, a mean for each value."""
        return self.categories + self.values

    def of(self, normal: Tensor) -> Tensor:
        """z (B, width) of normal numbers (B, drawn)."""
        noise = normal[:, : self.size]
        parts = [noise if self.law == "normal" else _uniform(noise)]
        if self.categories:
            share = (_uniform(normal[:, self.size]) + 1) / 2
            category = (share * self.categories).long().clamp(0, self.categories - 1)
            parts.append(F.one_hot(category, self.categories).to(normal.dtype))
        if self.values:
            parts.append(_uniform(normal[:, -self.values :]))
        return torch.cat(parts, 1) if len(parts) > 1 else parts[0]

    def code(self, z: Tensor) -> Code:
        """The codes in z (B, width)."""
        end = self.size + self.categories
        return Code(z[:, self.size : end].argmax(1) if self.categories else None, z[:, end:] if self.values else None)

    def surprise(self, told: Tensor, z: Tensor) -> Tensor:
        """−E log Q(c | x) of z's codes, where `told` (B, read) is what the discriminator reads: a scalar.

        Categories by cross-entropy, values as normal around what is read, with variance 1 and without the constant.
        E log Q(c | x) + H(c) is at most the mutual information of c and x. [Chen et al. 2016, Eq. 5]
        """
        code, told = self.code(z), told.float()
        total = told.new_zeros(())
        if code.category is not None:
            total = total + F.cross_entropy(told[:, : self.categories], code.category)
        if code.values is not None:
            total = total + (told[:, self.categories :] - code.values).square().sum(1).mean() / 2
        return total


def _uniform(normal: Tensor) -> Tensor:
    return torch.erf(normal / math.sqrt(2))
