"""What a discriminator says, and the last layers that say it."""

from collections.abc import Callable
from typing import NamedTuple, cast

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape


class Verdict(NamedTuple):
    """Of pictures (B, C, S, S).

    logits   (B,), positive means real
    labels   logits of the labels, (B, K), or None
    code     what is read of the codes, (B, R), or None
    """

    logits: Tensor
    labels: Tensor | None = None
    code: Tensor | None = None


def wrapped(shape: GanShape, *, generator: bool = False) -> Callable[[nn.Module], nn.Module]:
    """Spectral normalisation where the shape asks for it, or the layer itself.

    The estimate u of the largest singular vector moves by one power iteration in each call in training and is frozen in
    `eval`, so that judging twice gives the same answer.
    """
    chosen = shape.spectral == "both" or (shape.spectral == "discriminator" and not generator)
    return spectral_norm if chosen else lambda layer: layer


class Head(nn.Module):
    """Features φ (B, F) → a `Verdict`.

        logit = w · φ + b + ⟨e(y), φ⟩,   e(y) = Σ_k y_k e_k   [Miyato & Koyama 2018, Eq. 3, for sets of labels]

    Labels y are float multi-hot (B, K), one-hot for classes.

    begin   gives a layer its first weights, in place, before a spectral normalisation sees them
    """

    def __init__(self, shape: GanShape, features: int, begin: Callable[[nn.Linear], nn.Module] = lambda layer: layer
                 ) -> None:
        super().__init__()
        wrap = wrapped(shape)
        projected, auxiliary = "projection" in shape.judging, "auxiliary" in shape.judging
        self.logit = wrap(begin(nn.Linear(features, 1)))
        self.embedding = wrap(begin(nn.Linear(shape.labels, features, bias=False))) if projected else None
        self.labels = wrap(begin(nn.Linear(features, shape.labels))) if auxiliary else None
        self.code = begin(nn.Linear(features, shape.read)) if shape.read else None

    def forward(self, features: Tensor, y: Tensor | None = None) -> Verdict:
        """The verdict on features, with labels y where they are projected on.

        Errors: `InputError` where labels are needed and not given.
        """
        logits = self.logit(features).squeeze(1)
        if self.embedding is not None:
            if y is None:
                raise InputError("y", None, "labels (B, K): this discriminator projects on them")
            logits = logits + (self.embedding(y) * features).sum(1)
        return Verdict(logits, None if self.labels is None else cast(Tensor, self.labels(features)),
                       None if self.code is None else cast(Tensor, self.code(features)))
