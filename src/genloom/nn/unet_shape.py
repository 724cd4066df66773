"""The architecture of the U-Net, checked before anything is built."""

from dataclasses import dataclass
from typing import Literal

from genloom.errors import InputError, InputErrors

_TOLD = 4  # the embedding of the time is so many times as wide as its features [Ho et al. 2020, published code]


@dataclass(frozen=True, kw_only=True)
class UNetShape:
    """The architecture of a `UNet`.

    Errors: `InputError`, or `InputErrors` with all of them, for what cannot be built.
    """

    size: int = 32
    """Width and height of the pictures."""
    channels: int = 3
    """Channels of the pictures."""
    out_channels: int | None = None
    """Channels of the output; None is those of the pictures, and twice as many carry a learned variance as well."""
    width: int = 16
    """Channels of level i are width · multipliers[i]."""
    multipliers: tuple[int, ...] = (1, 2, 4, 8)
    """One for each level, from the full size down; each level halves the size of the one above."""
    blocks: int = 2
    """Residual blocks of each level on the way down; one more on the way up."""
    attention: tuple[int, ...] = (8,)
    """Sizes, in pixels, at which each block is followed by attention; 0 is none of them."""
    heads: int = 4
    """Heads of each attention."""
    head_channels: int | None = None
    """Channels of each head; then the number of heads follows from the channels, and `heads` is not used."""
    middle_attention: bool = True
    """Attention between the two middle blocks."""
    middle_norm: bool = True
    """Normalisation before the middle attention; diffusers leaves it out of its scale-shift networks."""
    scale_shift: bool = True
    """The time scales and shifts the normalised features, instead of being added before the normalisation."""
    resample: Literal["convolution", "residual"] = "convolution"
    """Sizes change by a convolution, or inside a residual block (guided-diffusion's resblock_updown)."""
    one_sided: bool = False
    """The halving convolution pads right and below only (diffusers' downsample_padding = 0)."""
    dropout: float = 0.0
    """Share of the features before each block's second convolution that is hidden in training."""
    classes: int = 0
    """Number of classes; the class after the last is "none"."""
    label_set: int = 0
    """Number of labels of which a sample has any set; instead of classes."""
    cross_attention: bool = False
    """The places of a picture look at the labels of the set wherever they look at one another."""
    groups: int = 8
    """Groups of the normalisation: the largest divisor of the channels up to this. DDPM and wide networks have 32,
    which of 16 channels would leave groups of one channel."""
    epsilon: float = 1e-5
    """Added to the variance of a group."""
    time_features: int | None = None
    """Sines and cosines of the time; None is `width`. The embedding is four times as wide."""
    cosine_first: bool = True
    """Order of the time's features (diffusers' flip_sin_to_cos)."""
    frequency_shift: int = 0
    """0 or 1; see `Sinusoidal`."""

    def __post_init__(self) -> None:
        errors = list(_impossible(self))
        if errors:
            raise errors[0] if len(errors) == 1 else InputErrors(errors)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level."""
        return tuple(self.width * multiplier for multiplier in self.multipliers)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Size of each level in pixels."""
        return tuple(self.size >> level for level in range(len(self.multipliers)))

    @property
    def told(self) -> int:
        """Size of the embedding that each block is told."""
        return _TOLD * (self.time_features or self.width)

    def heads_at(self, channels: int) -> int:
        """Heads of an attention over so many channels."""
        return channels // self.head_channels if self.head_channels else self.heads


def _impossible(shape: UNetShape) -> list[InputError]:
    errors = []

    def need(good: bool, name: str, value: object, allowed: str, remedy: str = "") -> None:
        if not good:
            errors.append(InputError(f"network.{name}", value, allowed, remedy))

    levels = len(shape.multipliers)
    need(min(shape.multipliers, default=0) > 0, "multipliers", shape.multipliers, "one or more, each ≥ 1")
    for name in ("size", "channels", "width", "blocks", "groups"):
        need(getattr(shape, name) >= 1, name, getattr(shape, name), "at least 1")
    if errors:
        return errors
    unit = 2 ** (levels - 1)
    need(shape.size % unit == 0, "size", shape.size, f"a multiple of {unit} for {levels} levels",
         "choose another size of the pictures or fewer multipliers")
    unknown = [size for size in shape.attention if size and size not in shape.sizes]
    need(not unknown, "attention", shape.attention, f"among the levels' sizes {shape.sizes}, or 0 for none")
    attending = [c for c, size in zip(shape.widths, shape.sizes, strict=True) if size in shape.attention]
    for channels in dict.fromkeys(attending + ([shape.widths[-1]] if shape.middle_attention else [])):
        each = shape.head_channels or shape.heads
        need(each >= 1 and channels % each == 0, "head_channels" if shape.head_channels else "heads", each,
             f"a divisor of the {channels} channels that attend")
    features = shape.time_features or shape.width
    need(features % 2 == 0 and features // 2 > shape.frequency_shift, "time_features", features,
         f"even and more than {2 * shape.frequency_shift}", "choose an even width")
    need(0 <= shape.dropout < 1, "dropout", shape.dropout, "in [0, 1)")
    need(not (shape.classes and shape.label_set), "label_set", shape.label_set, "0 beside classes")
    need(not shape.cross_attention or shape.label_set > 0, "cross_attention", True, "False without a label_set")
    need(shape.frequency_shift in (0, 1), "frequency_shift", shape.frequency_shift, "0 or 1")
    return errors
