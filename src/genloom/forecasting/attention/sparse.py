"""Factorised attention in the strided and the fixed pattern, in blocks whose cost falls to O(L √L).

The sets of keys of query i for a stride l, counted from 0; "near" is A⁽¹⁾ and "far" is A⁽²⁾:
    strided  near |i − j| ≤ l             far (i − j) mod l = 0
    fixed    near ⌊i / l⌋ = ⌊j / l⌋       far j mod l ≥ l − c, and j = i, so that no query looks at nothing
Where attention is causal, j ≤ i too, as in the paper; without it the sets reach to both sides.
[Child et al. 2019, section 4.3; "both" is the merged head of its Eq. 7, "heads" its section 4.2]
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention import full
from genloom.forecasting.attention.local import around, distance, in_blocks, near, split
from genloom.forecasting.attention.options import Setting


class Part(NamedTuple):
    """One set of keys: the scores of padded queries (B, H, P, K), which of them count (P, K), and what weights
    (B, H, P, K) take from values (B, H, P, e)."""

    scores: Tensor
    seen: Tensor
    mix: Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Grid:
    """A sequence of `length` steps as blocks of `stride` steps, of which the last may be padded."""

    length: int
    stride: int
    summary: int
    causal: bool
    device: torch.device

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return -(-self.length // self.stride)

    @property
    def steps(self) -> Tensor:
        """Positions of the padded sequence, (P,)."""
        return torch.arange(self.blocks * self.stride, device=self.device)

    def sound(self, seen: Tensor, keys: Tensor) -> Tensor:
        """`seen` (P, K) without keys behind the end or, where causal, in the future; padded queries look at all."""
        query = self.steps[:, None]
        ok = seen & (keys < self.length)
        return (ok & (keys <= query) if self.causal else ok) | (query >= self.length)


def strided(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, L, d), (B, H, L, d), (B, H, L, e) → (B, H, L, e): neighbours and every l-th step."""
    return _in_parts(q, k, v, setting, _neighbours, _columns)


def fixed(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, L, d), (B, H, L, d), (B, H, L, e) → (B, H, L, e): the own block and the last places of every block."""
    return _in_parts(q, k, v, setting, _block, _summaries)


def strided_weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, L, L) of `strided`."""
    return _masked(q, k, setting, strided_pattern)


def fixed_weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, L, L) of `fixed`."""
    return _masked(q, k, setting, fixed_pattern)


def strided_pattern(grid: Grid) -> tuple[Tensor, Tensor]:
    """The near and the far set, bool (L, L) each."""
    ahead = distance(grid.length, grid.device)
    past = ahead <= 0 if grid.causal else ahead == ahead
    return past & (ahead.abs() <= grid.stride), past & (ahead % grid.stride == 0)


def fixed_pattern(grid: Grid) -> tuple[Tensor, Tensor]:
    """The near and the far set, bool (L, L) each."""
    ahead = distance(grid.length, grid.device)
    past = ahead <= 0 if grid.causal else ahead == ahead
    steps = torch.arange(grid.length, device=grid.device)
    block, place = steps // grid.stride, steps % grid.stride
    last = (place >= grid.stride - grid.summary).expand(grid.length, -1)
    return past & (block[:, None] == block), past & (last | (ahead == 0))


def grid_of(q: Tensor, setting: Setting) -> Grid:
    """The blocks of a sequence: a stride of √L and summaries of l/8 places where the options leave them open."""
    length, options = q.shape[2], setting.options
    stride = min(options.stride or max(1, round(length**0.5)), length)
    summary = min(options.summary or max(1, round(stride / 8)), stride)
    return Grid(length, stride, summary, setting.causal, q.device)


def _masked(q: Tensor, k: Tensor, setting: Setting, pattern: Callable[[Grid], tuple[Tensor, Tensor]]) -> Tensor:
    one, two = pattern(grid_of(q, setting))
    part = setting.options.part
    if part == "heads":
        even = torch.arange(q.shape[1], device=q.device)[:, None, None] % 2 == 0
        seen = torch.where(even, one, two)
    else:
        seen = {"both": one | two, "near": one, "far": two}[part]
    return full.weights(q, k, Setting(mask=seen))


Maker = Callable[[Tensor, Tensor, Grid, bool], Part]
"""(queries, keys in blocks (B, H, n, l, d), grid, whether it stands alone) → part; a far part that does not stand
alone leaves out what the near one has."""


def _in_parts(q: Tensor, k: Tensor, v: Tensor, setting: Setting, one: Maker, two: Maker) -> Tensor:
    if setting.options.part != "heads":
        makers = {"both": (one, two), "near": (one,), "far": (two,)}[setting.options.part]
        return _joint(q, k, v, setting, makers)
    order = torch.arange(q.shape[1], device=q.device)
    even, odd = order[::2], order[1::2]
    mixed = [_joint(q[:, at], k[:, at], v[:, at], setting, (maker,)) for at, maker in ((even, one), (odd, two))]
    return torch.cat(mixed, dim=1)[:, torch.cat((even, odd)).argsort()]


def _joint(q: Tensor, k: Tensor, v: Tensor, setting: Setting, makers: tuple[Maker, ...]) -> Tensor:
    """One softmax over the keys of all parts."""
    grid = grid_of(q, setting)
    queries, keys = (in_blocks(x, grid.stride) for x in (q * q.shape[3] ** -0.5, k))
    parts = [maker(queries, keys, grid, len(makers) == 1) for maker in makers]
    scores = torch.cat([part.scores.masked_fill(~part.seen, -torch.inf) for part in parts], dim=3)
    found = torch.split(F.dropout(scores.softmax(3), setting.dropout), [part.seen.shape[1] for part in parts], dim=3)
    values = in_blocks(v, grid.stride).flatten(2, 3)
    mixed = torch.stack([part.mix(weight, values) for part, weight in zip(parts, found, strict=True)]).sum(0)
    return mixed[:, :, : grid.length]


def _neighbours(q: Tensor, k: Tensor, grid: Grid, alone: bool) -> Part:
    seen = near(grid.blocks, grid.stride, grid.stride, grid.length, grid.causal, grid.device)

    def mix(weight: Tensor, v: Tensor) -> Tensor:
        values = around(in_blocks(v, grid.stride), grid.causal)
        return torch.matmul(split(weight, grid.stride), values).flatten(2, 3)

    scores = q @ around(k, grid.causal).transpose(3, 4)
    return Part(scores.flatten(2, 3), seen.flatten(0, 1), mix)


def _columns(q: Tensor, k: Tensor, grid: Grid, alone: bool) -> Part:
    """Every l-th step: the places of a block apart, each attends over the blocks."""
    block = torch.arange(grid.blocks, device=grid.device)
    mine, place = grid.steps[:, None] // grid.stride, grid.steps[:, None] % grid.stride
    seen = torch.ones_like(mine == block) if alone else (mine - block).abs() > 1

    def mix(weight: Tensor, v: Tensor) -> Tensor:
        apart = split(weight, grid.stride).transpose(2, 3)
        return torch.matmul(apart, in_blocks(v, grid.stride).transpose(2, 3)).transpose(2, 3).flatten(2, 3)

    scores = q.transpose(2, 3) @ k.transpose(2, 3).transpose(3, 4)
    return Part(scores.transpose(2, 3).flatten(2, 3), grid.sound(seen, block * grid.stride + place), mix)


def _block(q: Tensor, k: Tensor, grid: Grid, alone: bool) -> Part:
    keys = grid.steps[:, None] // grid.stride * grid.stride + torch.arange(grid.stride, device=grid.device)

    def mix(weight: Tensor, v: Tensor) -> Tensor:
        return torch.matmul(split(weight, grid.stride), in_blocks(v, grid.stride)).flatten(2, 3)

    return Part((q @ k.transpose(3, 4)).flatten(2, 3), grid.sound(keys == keys, keys), mix)


def _summaries(q: Tensor, k: Tensor, grid: Grid, alone: bool) -> Part:
    """The last places of every block, and behind them, where it stands alone, the query's own place."""
    keys = grid.steps.view(grid.blocks, grid.stride)[:, grid.stride - grid.summary :].flatten()
    query, flat = grid.steps[:, None], k.flatten(2, 3)
    other = keys != query if alone else keys // grid.stride != query // grid.stride
    seen, scores = grid.sound(other, keys), q.flatten(2, 3) @ flat[:, :, keys].transpose(2, 3)
    if not alone:
        return Part(scores, seen, lambda weight, v: weight @ v[:, :, keys])
    own = (q.flatten(2, 3) * flat).sum(3, keepdim=True)
    return Part(torch.cat((scores, own), dim=3), torch.cat((seen, torch.ones_like(query, dtype=torch.bool)), dim=1),
                lambda weight, v: weight[..., :-1] @ v[:, :, keys] + weight[..., -1:] * v)
