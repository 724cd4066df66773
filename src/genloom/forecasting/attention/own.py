"""genloom's own kinds of attention, each compared with the definition of its paper in plain loops."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genloom.forecasting.attention import performer, probsparse, reference
from genloom.forecasting.attention.kinds import KINDS, attend, weights
from genloom.forecasting.attention.options import Options, Setting
from genloom.forecasting.attention.reference import Array
from genloom.rng import generator

_BATCH, _HEADS, _LENGTH, _SIZE = 2, 2, 48, 8
_SIZES = Options(window=7, stride=7, summary=2, features=32, factor=1.0)


@dataclass(frozen=True)
class Own:
    """What was found for a kind.

    relative_error  of `attend` in float32 against the definition in float64: ‖found − right‖ / ‖right‖
    matrix_error    of `weights` @ v against the same
    future          largest relative change of outputs before half the length, where all after it is changed
    full            how far the definition is from full attention: ‖kind − full‖ / ‖full‖
    """

    kind: str
    causal: bool
    relative_error: float
    matrix_error: float
    future: float
    full: float

    @property
    def right(self) -> bool:
        """Whether it is its definition to float32's rounding, and shows the future only where its paper's form does."""
        hidden = not self.causal or self.future == 0 or KINDS[self.kind].leaks
        return max(self.relative_error, self.matrix_error) < 1e-5 and hidden


def check_kinds() -> list[Own]:
    """Every kind, with and without causality where it can be causal."""
    return [check_kind(name, causal) for name, kind in KINDS.items() for causal in (False, True)
            if kind.causal or not causal]


def check_kind(name: str, causal: bool) -> Own:
    """Compare a kind with its definition for normal queries, keys and values, (2, 2, 48, 8), in float32."""
    draws = generator(11)
    q, k, v = (torch.randn(_BATCH, _HEADS, _LENGTH, _SIZE, generator=draws) for _ in range(3))
    found = attend(name, q, k, v, causal=causal, options=_SIZES)
    applied = weights(name, q, k, causal=causal, options=_SIZES) @ v
    right = definition(name, q, k, v, causal)
    full = definition("full", q, k, v, causal)
    later = [torch.cat((x[:, :, : _LENGTH // 2], 3 - 2 * x[:, :, _LENGTH // 2 :]), dim=2) for x in (q, k, v)]
    change = (attend(name, *later, causal=causal, options=_SIZES) - found)[:, :, : _LENGTH // 2].abs().max()
    return Own(name, causal, reference.relative_error(found.numpy(), right),
               reference.relative_error(applied.numpy(), right), float(change / found.abs().max()),
               reference.relative_error(right, full))


def definition(name: str, q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Array:
    """What the kind's paper defines, in float64; of genloom's own it takes the random draws alone."""
    a, b, c = (np.asarray(x.double().numpy(), dtype=np.float64) for x in (q, k, v))
    length, size = a.shape[2:]
    if name in ("full", "materialised"):
        return reference.attention(a, b, c, np.tril(np.ones((length, length), dtype=bool)) if causal else None)
    if name in ("local", "strided", "fixed", "logsparse"):
        return reference.sparse(name, a, b, c, causal=causal, options=_SIZES)
    if name in ("performer", "linear"):
        w = performer.directions(_SIZES.features, size, _SIZES.seed).numpy()
        one, other = (reference.random_features(x, w) if name == "performer" else reference.elu_features(x)
                      for x in (a, b))
        return reference.kernel(one, other, c, causal=causal)
    if name.startswith("autocorrelation"):
        return reference.lags(a, b, c, factor=_SIZES.factor)
    published, most = name.endswith("published"), probsparse.count_of(length, Setting(options=_SIZES))
    drawn = probsparse.drawn_keys(length, length, most, causal and not published, _SIZES.seed, "cpu")
    return reference.standing_out(a, b, c, drawn.numpy(), most=most, causal=causal, published=published)
