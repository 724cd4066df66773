"""One attention of a network: its kind by name, and which pairs of steps may see one another."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from genloom.errors import InputError, UnknownName
from genloom.forecasting.attention.kinds import KINDS, attend, weights
from genloom.forecasting.attention.options import Options

_FEW = 256


class Attending(nn.Module):
    """What is mixed from values: (B, heads, Lq, d), (B, heads, Lk, d), (B, heads, Lk, d) → (B, heads, Lq, d).

    kind      a name of `attention.kinds.KINDS`
    causal    no step sees a later one
    seen      a mask of one's own, bool (Lq, Lk), True where a query may see a key, for kinds that take any. Shorter
              inputs are held against its upper left corner
    options   of the kind

    Errors: `UnknownName` for another kind; `InputError` for what the kind cannot do.
    """

    seen: Tensor | None

    def __init__(self, kind: str = "full", *, causal: bool = False, seen: Tensor | None = None,
                 options: Options | None = None) -> None:
        super().__init__()
        _check(kind, causal, seen)
        self.kind, self.causal = kind, causal
        self._options = replace(options or Options(), training=False)
        self._training = replace(self._options, training=True)
        self.register_buffer("seen", seen, persistent=False)

    @property
    def plain(self) -> bool:
        """Whether keys and values of earlier steps can be kept: full attention to all that is past."""
        return self.kind in ("full", "materialised") and self.causal and self.seen is None

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """The mixed values."""
        return attend(self._fastest(query, key), query, key, value, causal=self.causal, mask=self._corner(query, key),
                      options=self._training if self.training else self._options)

    def weights(self, query: Tensor, key: Tensor) -> Tensor:
        """The weights that `forward` applies, (B, heads, Lq, Lk)."""
        return weights(self.kind, query, key, causal=self.causal, mask=self._corner(query, key),
                       options=self._training if self.training else self._options)

    def extra_repr(self) -> str:
        """The kind and the mask."""
        return f"{self.kind}, {'own mask' if self.seen is not None else 'causal' if self.causal else 'no mask'}"

    def _fastest(self, query: Tensor, key: Tensor) -> str:
        """Written out where it is full and keys are few, in bfloat16, in training, on a CPU: there the backward pass of
        torch 2.13's fused attention takes 3 times as long for 96 keys."""
        few = key.shape[2] <= _FEW and query.device.type == "cpu" and torch.is_grad_enabled()
        return "materialised" if few and self.kind == "full" and query.dtype == torch.bfloat16 else self.kind

    def _corner(self, query: Tensor, key: Tensor) -> Tensor | None:
        if self.seen is None:
            return None
        corner = self.seen[: query.shape[2], : key.shape[2]]
        if corner.shape != (query.shape[2], key.shape[2]):
            raise InputError("mask", tuple(self.seen.shape), f"at least {query.shape[2]} × {key.shape[2]}")
        return corner


def _check(kind: str, causal: bool, seen: Tensor | None) -> None:
    if kind not in KINDS:
        raise UnknownName("network.attention", kind, tuple(KINDS))
    if causal and not KINDS[kind].causal:
        raise InputError("network.attention", kind, "a kind that can be causal, or the mask none",
                         "pass --network.mask none")
    if seen is not None and not KINDS[kind].masks:
        raise InputError("network.attention", kind, "a kind that takes any mask, such as full",
                         "pass --network.attention full")
    if seen is not None and (seen.dtype != torch.bool or seen.ndim != 2):
        raise InputError("mask", f"{tuple(seen.shape)} of {seen.dtype}", "truth values (Lq, Lk)")
