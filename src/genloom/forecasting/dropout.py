"""Dropout whose draws cost a fraction of torch's on a CPU."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError

_LEVELS = 1 << 16


class Dropout(nn.Module):
    """x_i · [u_i ≥ p] / (1 − p) in training, with u_i uniform; x as it is in use. [Srivastava et al. 2014]

    On a CPU torch draws a number for each entry. Here 64 bits make four: u_i are 16-bit integers, so that p is rounded
    to 1/65536, and what is kept is scaled by exactly what that leaves. Elsewhere it is torch's own.

    Errors: `InputError` for p outside [0, 1).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise InputError("network.dropout", p, "in [0, 1)", "pass --network.dropout 0.1")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        if not self.training or self.p == 0:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.p)
        return x * kept(x, self.p)

    def extra_repr(self) -> str:
        """The share that is hidden."""
        return f"p={self.p:g}"


def kept(like: Tensor, p: float) -> Tensor:
    """What an input is multiplied by: 0 with probability p, rounded to 1/65536, else the inverse of what is kept."""
    hidden = round(p * _LEVELS)
    count = like.numel()
    bits = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None)
    chosen = bits.view(torch.int16)[:count] >= hidden - _LEVELS // 2
    return chosen.to(like.dtype).mul_(_LEVELS / (_LEVELS - hidden)).view(like.shape)
