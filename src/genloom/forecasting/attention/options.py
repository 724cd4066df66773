"""What an attention may be told beside queries, keys and values."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from genloom.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Options:
    """Numbers that some kinds need; a kind takes its own and leaves the others.

    dropout    share of the weights that is hidden while `training`, of the kinds that have `drops`
    training   whether a network trains: dropout, and what published kinds do in training alone
    window     local: steps to each side, ≥ 1; 0 is √L rounded
    stride     strided and fixed: l, ≥ 1; 0 is √L rounded
    summary    fixed: c, the last places of each block of l that later blocks may look at; 0 is l/8 rounded, at least 1
    part       strided and fixed: "both" sets for every head, "near" or "far" alone, or "heads": near for the even
               heads and far for the odd
    features   performer: random features m; 0 is d·ln d rounded up
    factor     probsparse and autocorrelation: c of c·ln L queries, keys or delays
    seed       of random features and of sampled keys
    """

    dropout: float = 0.0
    training: bool = False
    window: int = 0
    stride: int = 0
    summary: int = 0
    part: Literal["both", "near", "far", "heads"] = "both"
    features: int = 0
    factor: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise InputError("attention.dropout", self.dropout, "in [0, 1)")
        for name in ("window", "stride", "summary", "features"):
            if getattr(self, name) < 0:
                raise InputError(f"attention.{name}", getattr(self, name), "at least 0, where 0 chooses by the length")
        if self.part not in ("both", "near", "far", "heads"):
            raise InputError("attention.part", self.part, "both, near, far or heads")
        if not self.factor > 0:
            raise InputError("attention.factor", self.factor, "above 0")


class Setting(NamedTuple):
    """How queries look at keys in one call.

    causal    a query looks at no later key; the queries are the last ones of the keys: j ≤ i + Lk − Lq
    mask      bool, to (B, H, Lq, Lk) by broadcasting, True where a query may look; None hides nothing
    """

    causal: bool = False
    mask: Tensor | None = None
    options: Options = Options()

    @property
    def dropout(self) -> float:
        """The share of weights that is hidden now."""
        return self.options.dropout if self.options.training else 0.0
