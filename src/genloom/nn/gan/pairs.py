"""The pairs of a generator and its discriminator, by name; free of torch until one is made."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from genloom.errors import UnknownName

if TYPE_CHECKING:
    from torch import nn

    from genloom.nn.gan.shape import GanShape


class Pair(NamedTuple):
    """Where two networks that belong together are, and what their makers must know of them.

    generator       "module:class" in this package: (z (B, Z), y (B, K) or None) → (B, C, S, S)
    discriminator   the same: (x (B, C, S, S), y (B, K) or None) → `Verdict`
    unit            pictures are in [0, 1], and otherwise in [−1, 1]
    grows           both have a buffer `growth`, and compute pictures of fewer pixels at first
    normed          the discriminator has batch norms unless `GanShape.norm` is none; the others never have any
    """

    generator: str
    discriminator: str
    unit: bool = False
    grows: bool = False
    normed: bool = False


PAIRS = {
    "mlp": Pair("mlp:MlpGenerator", "mlp:MlpDiscriminator"),
    "course": Pair("course:CourseGenerator", "course:CourseDiscriminator"),
    "tables": Pair("tables:TablesGenerator", "tables:TablesDiscriminator", unit=True),
    "dcgan": Pair("dcgan:DcganGenerator", "dcgan:DcganDiscriminator", normed=True),
    "residual": Pair("residual:ResidualGenerator", "residual:ResidualDiscriminator"),
    "progressive": Pair("progressive:ProgressiveGenerator", "progressive:ProgressiveDiscriminator", grows=True),
}
"""The pairs by name."""


def pair(kind: str, shape: "GanShape") -> "tuple[nn.Module, nn.Module]":
    """A generator and its discriminator, with weights that are functions of torch's seed.

    Errors: `UnknownName`; `InputError` for what has no place in this pair.
    """
    if kind not in PAIRS:
        raise UnknownName("network.kind", kind, tuple(PAIRS))
    return _made(PAIRS[kind].generator, shape), _made(PAIRS[kind].discriminator, shape)


def _made(where: str, shape: "GanShape") -> "nn.Module":
    module, _, name = where.partition(":")
    made: Any = getattr(import_module(f"genloom.nn.gan.{module}"), name)
    network: nn.Module = made(shape)
    return network
