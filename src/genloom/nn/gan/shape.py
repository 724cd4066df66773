"""Sizes of a generator and its discriminator, and how they are told what to make."""

from dataclasses import dataclass
from typing import Literal

from genloom.errors import InputError

Told = Literal["none", "concatenate", "multiply", "norm"]
Judging = Literal["none", "planes", "projection", "auxiliary", "projection+auxiliary"]


@dataclass(frozen=True, kw_only=True)
class GanShape:
    """Sizes of a pair; each pair uses those that it has a place for and refuses others.

    size, channels   of the pictures
    latent           coordinates of z, codes included
    width            channels of the widest level's unit: what it means, each pair says
    attention        sizes, in pixels, at which both attend
    norm             of the discriminator: batch, or none, as penalties on single samples' gradients need it
    spectral         whose weights are divided by their largest singular value [Miyato et al. 2018, Eq. 8]
    labels           K of the float multi-hot labels (B, K) that a condition comes as; 0 for none
    told             how the generator is told: concatenate y to z; multiply z by a vector of y; scale and shift of its
                     batch norms as linear functions of y [de Vries et al. 2017, Eq. 4]
    judging          how the discriminator is: planes beside the picture (a conditional GAN [Mirza & Osindero 2014]);
                     projection, + ⟨e(y), φ(x)⟩ [Miyato & Koyama 2018, Eq. 3]; auxiliary, logits of the labels
                     [Odena et al. 2017]
    read             numbers that the discriminator reads for InfoGAN's codes
    """

    size: int = 28
    channels: int = 1
    latent: int = 96
    width: int = 64
    attention: tuple[int, ...] = ()
    norm: Literal["batch", "none"] = "batch"
    spectral: Literal["none", "discriminator", "both"] = "none"
    labels: int = 0
    told: Told = "none"
    judging: Judging = "none"
    read: int = 0

    def __post_init__(self) -> None:
        for name, least in (("size", 4), ("channels", 1), ("latent", 1), ("width", 1), ("labels", 0), ("read", 0)):
            if getattr(self, name) < least:
                raise InputError(f"network.{name}", getattr(self, name), f"at least {least}")
        if self.labels == 0 and (self.told != "none" or self.judging != "none"):
            name = "told" if self.told != "none" else "judging"
            raise InputError(f"network.{name}", getattr(self, name), "none for data without classes",
                             "take data with classes, such as mnist or a folder with sub-folders")

    @property
    def doublings(self) -> int:
        """How often 4 pixels are doubled.

        Errors: `InputError` for a size that is no power of two times 4.
        """
        count = (self.size // 4).bit_length() - 1
        if self.size != 4 << count:
            raise InputError("data.size", self.size, "4, 8, 16, 32, … pixels for this network", "pass --data.size 32")
        return count

    def without(self, pair: str, **unused: object) -> None:
        """Refuse what a pair has no place for: `unused` are the values that it must be left at.

        Errors: `InputError` that names the field.
        """
        for name, value in unused.items():
            if getattr(self, name) != value:
                raise InputError(f"network.{name}", getattr(self, name), f"{value!r} for the pair {pair!r}",
                                 "leave it out, or take another network.kind")

    def plainly_told(self, pair: str) -> None:
        """Refuse to tell a generator through batch norms that it does not have.

        Errors: `InputError` that names the field.
        """
        if self.told == "norm":
            raise InputError("network.told", "norm", f"concatenate or multiply: the generator of the pair {pair!r} has "
                             "no norms", "pass --network.told concatenate")
