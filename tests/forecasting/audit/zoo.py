"""Forecasters with one fault each, as they are met in the wild, and sound ones beside them."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.forecasting.attending import Attending

L, H, C, M, D = 24, 12, 3, 4, 16
"""Lookback, horizon, channels, marks, and the width of the decoders."""


class Linear(nn.Module):
    """Sound: the last value and a linear map of what it is not."""

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Linear(L, H)

    def forward(self, x: Tensor) -> Tensor:
        last = x[:, -1:]
        return last + cast(Tensor, self.map((x - last).transpose(1, 2))).transpose(1, 2)


class Dropping(nn.Module):
    """Sound: dropout, in training alone; takes everything and uses the marks."""

    def __init__(self, always: bool = False) -> None:
        super().__init__()
        self.inner, self.marks, self.always = Linear(), nn.Linear(M, C), always

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        read = F.dropout(x, 0.3, training=self.training or self.always)
        return cast(Tensor, self.inner(read) + self.marks(y_marks))


class BatchNorm(nn.Module):
    """Sound: batch norm of the window's channels, by running statistics in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.inner = nn.BatchNorm1d(C), Linear()

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.inner(self.norm(x.transpose(1, 2)).transpose(1, 2)))


class Taught(nn.Module):
    """Sound: a decoder that reads the last value and then y, shifted by a step, and sees what is past.

    mix       how tokens (B, H, D) look at one another
    shifted   whether it reads y up to the step before; else it reads the answer
    """

    def __init__(self, mix: nn.Module, shifted: bool = True) -> None:
        super().__init__()
        self.read, self.mix, self.tell, self.shifted = nn.Linear(C + M, D), mix, nn.Linear(D, C), shifted

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        if y is not None:
            before = torch.cat((x[:, -1:], y[:, :-1]), 1) if self.shifted else y
            return self._decoded(before, y_marks)
        known = x[:, -1:]
        for step in range(1, H + 1):
            known = torch.cat((known, self._decoded(known, y_marks[:, :step])[:, -1:]), 1)
        return known[:, 1:]

    def _decoded(self, before: Tensor, marks: Tensor) -> Tensor:
        return cast(Tensor, self.tell(self.mix(self.read(torch.cat((before, marks), 2)))))


class Recurrent(nn.Module):
    """Sound: what is past reaches a step through a state alone."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.GRU(D, D, batch_first=True)

    def forward(self, tokens: Tensor) -> Tensor:
        return cast(Tensor, self.cells(tokens)[0])


class Attention(nn.Module):
    """Softmax attention of one head, with or without a causal mask."""

    def __init__(self, causal: bool = True) -> None:
        super().__init__()
        self.parts, self.causal = nn.Linear(D, 3 * D), causal

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = self.parts(tokens).chunk(3, 2)
        return tokens + F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)


class MaskedTooLate(nn.Module):
    """Broken: the mask is applied to weights after the softmax, whose sum has seen the future."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.Linear(D, 3 * D)

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = self.parts(tokens).chunk(3, 2)
        return cast(Tensor, tokens + (q @ k.transpose(1, 2) / D**0.5).softmax(2).tril() @ v)


class ProbSparse(nn.Module):
    """Broken: Informer's causal ProbSparse attention as published, which picks its active queries over all time."""

    def __init__(self, active: int = 3) -> None:
        super().__init__()
        self.parts, self.active = nn.Linear(D, 3 * D), active

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = self.parts(tokens).chunk(3, 2)
        scores = q @ k.transpose(1, 2) / D**0.5
        sparsity = scores.amax(2) - scores.mean(2)
        chosen = sparsity.topk(min(self.active, scores.shape[1]), 1).indices
        seen = torch.ones_like(scores, dtype=torch.bool).tril()
        attended = scores.masked_fill(~seen, -torch.inf).softmax(2) @ v
        is_chosen = torch.zeros_like(sparsity, dtype=torch.bool).scatter(1, chosen, True)
        return tokens + torch.where(is_chosen[..., None], attended, v.cumsum(1))


class Performer(nn.Module):
    """Random positive features, causal by prefix sums; broken where keys are stabilised by the maximum of all of them.

    What makes the maximum count is the ε of exp(s − m) + ε, which does not cancel, once keys are as large as training
    makes them.
    """

    def __init__(self, all_keys: bool) -> None:
        super().__init__()
        self.parts, self.all_keys = nn.Linear(D, 3 * D), all_keys
        nn.init.normal_(self.parts.weight, std=3 / D**0.5)
        self.register_buffer("directions", torch.randn(32, D, generator=torch.Generator().manual_seed(2)))

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = self.parts(tokens).chunk(3, 2)
        of_q, of_k = (side @ cast(Tensor, self.directions).T - side.square().sum(2, keepdim=True) / 2
                      for side in (q / D**0.25, k / D**0.25))
        of_q = (of_q - of_q.amax(2, keepdim=True)).exp() + 1e-4
        of_k = (of_k - (of_k.amax((1, 2), keepdim=True) if self.all_keys else 0.0)).clamp(max=30).exp() + 1e-4
        top = torch.einsum("btf,btfd->btd", of_q, torch.einsum("btf,btd->btfd", of_k, v).cumsum(1))
        return tokens + top / torch.einsum("btf,btf->bt", of_q, of_k.cumsum(1))[..., None]


class OverTime(nn.Module):
    """Broken: what the decoder has read is normalised over time, by the batch's statistics or by the window's."""

    def __init__(self, batch: bool) -> None:
        super().__init__()
        self.norm, self.cells = nn.BatchNorm1d(D) if batch else nn.InstanceNorm1d(D), Recurrent()

    def forward(self, tokens: Tensor) -> Tensor:
        if isinstance(self.norm, nn.InstanceNorm1d) and tokens.shape[1] < 2:
            return cast(Tensor, self.cells(tokens))
        return cast(Tensor, self.cells(self.norm(tokens.transpose(1, 2)).transpose(1, 2)))


class CentredAverage(nn.Module):
    """Broken: the trend is a centred moving average of the lookback and of what follows it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Linear()

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:
        whole = x if y is None else torch.cat((x, y), 1)
        trend = F.avg_pool1d(F.pad(whole.transpose(1, 2), (3, 3), mode="replicate"), 7, 1).transpose(1, 2)
        return cast(Tensor, self.inner(trend[:, :L]))


class NormalisedByOthers(nn.Module):
    """Broken: each window is normalised by the mean and deviation of its batch."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Linear()

    def forward(self, x: Tensor) -> Tensor:
        mean, deviation = x.mean((0, 1)), x.std((0, 1))
        return cast(Tensor, self.inner((x - mean) / deviation) * deviation + mean)


class Mixed(nn.Module):
    """Broken: a `reshape` in place of a transpose, which mixes channels with samples."""

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Linear(L, H)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.map(x.transpose(0, 2).reshape(len(x), C, L)).transpose(1, 2))


class Remembering(nn.Module):
    """Broken: a state goes from one call to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.calls = Linear(), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return cast(Tensor, self.inner(x) * (1 + 0.01 * self.calls))


class Masked(nn.Module):
    """Takes a mask of its input; broken where it does not use it."""

    def __init__(self, used: bool) -> None:
        super().__init__()
        self.parts, self.out, self.used = nn.Linear(C, 3 * D), nn.Linear(D, C), used

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k, v = self.parts(x).chunk(3, 2)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask if self.used else None)
        return cast(Tensor, self.out(mixed)[:, -2:-1].expand(-1, H, -1))


class Deaf(Attending):
    """Broken: says that it is causal, and is not."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(query, key, value)


class WithAttending(nn.Module):
    """A decoder's tokens look at one another by an attention of genloom's."""

    def __init__(self, attending: Attending) -> None:
        super().__init__()
        self.parts, self.attending = nn.Linear(D, 3 * D), attending

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = (part[:, None] for part in self.parts(tokens).chunk(3, 2))
        return tokens + cast(Tensor, self.attending(q, k, v))[:, 0]
