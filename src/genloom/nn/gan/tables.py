"""The pair of two given tables: 593 parameters judge what 107,777 make of 64 numbers, at 28 pixels."""

from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.told import LabelPlanes, Start
from genloom.nn.gan.verdict import Head, Verdict, wrapped
from genloom.nn.layout import double, for_convolutions

_LEAST = 12  # pixels: two halvings and a convolution without padding leave one
_BEFORE_PICTURES = 2  # layers of the generator whose outputs are vectors


class Upsample(nn.Module):
    """(B, C, H, W) → (B, C, 2H, 2W): each place four times, `nn.Upsample(scale_factor=2)` with a quicker gradient."""

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged picture."""
        return double(x)


class TablesGenerator(nn.Module):
    """z (B, Z), y (B, K) or None → pictures (B, C, S, S) in [0, 1], each a function of its own z and y alone.

    `layers` are the ten of Table 2 in its order: linear to 32·(S/4)² and as (32, S/4, S/4); then twice doubled and
    convolved by 3 × 3 to 16 and to 8 channels, LeakyReLU of slope .2 after each; a convolution of 3 × 3 to C channels;
    sigmoid. First weights are Kaiming-uniform, biases 0.

    Errors: `InputError` for a size that is no multiple of 4 from 12 on, and for what has no place in it.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        _check(shape)
        shape.plainly_told("tables")
        wrap = wrapped(shape, generator=True)
        start = Start(shape)
        side = shape.size // 4
        self.small = (32, side, side)
        self.layers = nn.Sequential(
            wrap(_begun(nn.Linear(start.width, 32 * side**2))),
            nn.LeakyReLU(0.2, inplace=True),
            Upsample(),
            wrap(_begun(nn.Conv2d(32, 16, 3, padding=1))),
            nn.LeakyReLU(0.2, inplace=True),
            Upsample(),
            wrap(_begun(nn.Conv2d(16, 8, 3, padding=1))),
            nn.LeakyReLU(0.2, inplace=True),
            wrap(_begun(nn.Conv2d(8, shape.channels, 3, padding=1))),
            nn.Sigmoid(),
        )
        self.start = None if shape.told == "none" else start

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The pictures."""
        h = z if self.start is None else self.start(z, y)
        for i, layer in enumerate(self.layers):
            h = layer(h if i != _BEFORE_PICTURES else for_convolutions(h.unflatten(1, self.small)))
        return h


class TablesDiscriminator(nn.Module):
    """x (B, C, S, S) in [0, 1], y (B, K) or None → `Verdict`, each a function of its own x and y alone.

    `layers` and the linear `head` are the nine of Table 1 in its order: convolutions of 3 × 3 to 2, 4 and 8 channels
    with ReLU, the first two padded and followed by the largest of each 2 × 2; linear 1 (from 8·5² at 28 pixels). First
    weights are Kaiming-uniform, biases 0.

    Errors: `InputError` for a size that is no multiple of 4 from 12 on, and for what has no place in it.
    """

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        _check(shape)
        wrap = wrapped(shape)
        planes = LabelPlanes(shape)
        self.layers = nn.Sequential(
            wrap(_begun(nn.Conv2d(planes.channels, 2, 3, padding=1))),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            wrap(_begun(nn.Conv2d(2, 4, 3, padding=1))),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            wrap(_begun(nn.Conv2d(4, 8, 3))),
            nn.ReLU(inplace=True),
        )
        self.head = Head(shape, 8 * (shape.size // 4 - 2) ** 2, _begun)
        self.planes = planes if shape.judging == "planes" else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        """The verdict."""
        h = for_convolutions(x if self.planes is None else self.planes(x, y))
        verdict: Verdict = self.head(self.layers(h).flatten(1), y)
        return verdict


def _begun(layer: nn.Linear | nn.Conv2d) -> nn.Module:
    nn.init.kaiming_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _check(shape: GanShape) -> None:
    shape.without("tables", attention=(), width=GanShape.width)
    if shape.size % 4 or shape.size < _LEAST:
        raise InputError("data.size", shape.size, f"a multiple of 4, at least {_LEAST}, for the pair 'tables'",
                         "pass --data.size 28")
