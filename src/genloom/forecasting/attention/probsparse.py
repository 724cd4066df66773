"""ProbSparse attention: full attention for the queries that stand out, the mean of the values for all others.

How much a query stands out is max_j − mean_j of its scores with c·⌈ln Lk⌉ keys drawn at random; the c·⌈ln Lq⌉ queries
that stand out most are active: O(L log L). [Zhou et al. 2021, Eq. 4 and Alg. 1]

As published, the causal form leaks: the drawn keys may be later ones, and whether a query is active depends on its rank
among all queries, later ones too; its other queries take the sum of the values so far and not their mean. The repair
draws the keys of query i from 0 … i, lets a query be active that is among the u = c·⌈ln L⌉ first of the queries so far,
and takes means. Of queries in a random order about u·ln(L / u) are so at their time: O(L log² L).
"""

from functools import lru_cache
from math import ceil, log
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.forecasting.attention.full import causal_mask, masked_softmax
from genloom.forecasting.attention.options import Setting
from genloom.rng import generator

_ROWS = 256  # queries whose drawn keys are in memory at once


class Active(NamedTuple):
    """The queries with full attention, and their weights.

    places   (B, H, u), positions; where fewer than u are active, others fill the rest
    valid    (B, H, u) bool, which of them are active
    weights  (B, H, u, Lk)
    """

    places: Tensor
    valid: Tensor
    weights: Tensor


def probsparse(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """(B, H, Lq, d), (B, H, Lk, d), (B, H, Lk, e) → (B, H, Lq, e), with the repair where it is causal."""
    found = _sound(q, k, setting)
    if setting.causal:
        steps = torch.arange(1, k.shape[2] + 1, device=v.device, dtype=v.dtype)
        return _placed(v.cumsum(2) / steps[:, None], found, found.weights @ v)
    return _placed(v.mean(2, keepdim=True).expand(-1, -1, q.shape[2], -1), found, found.weights @ v)


def weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, Lq, Lk) of `probsparse`."""
    found = _sound(q, k, setting)
    others = torch.ones(q.shape[2], k.shape[2], dtype=q.dtype, device=q.device)
    others = others.tril() if setting.causal else others
    return _placed((others / others.sum(1, keepdim=True)).expand(*q.shape[:2], -1, -1), found, found.weights)


def published(q: Tensor, k: Tensor, v: Tensor, setting: Setting) -> Tensor:
    """The same as the paper's code has it: where it is causal it leaks, and other queries take sums of values."""
    found = _published(q, k, setting)
    if setting.causal:
        return _placed(v.cumsum(2), found, found.weights @ v)
    return _placed(v.mean(2, keepdim=True).expand(-1, -1, q.shape[2], -1), found, found.weights @ v)


def published_weights(q: Tensor, k: Tensor, setting: Setting) -> Tensor:
    """The matrix (B, H, Lq, Lk) of `published`; rows of its causal form sum to i + 1 or to 1."""
    found = _published(q, k, setting)
    others = torch.ones(q.shape[2], k.shape[2], dtype=q.dtype, device=q.device)
    others = others.tril() if setting.causal else others / k.shape[2]
    return _placed(others.expand(*q.shape[:2], -1, -1), found, found.weights)


def _sound(q: Tensor, k: Tensor, setting: Setting) -> Active:
    queries, keys = q.shape[2], k.shape[2]
    drawn = drawn_keys(queries, keys, count_of(keys, setting), setting.causal, setting.options.seed, str(q.device))
    excess = _excess(q, k, drawn, over=drawn.shape[1])
    most = count_of(queries, setting)
    if not setting.causal:
        return _chosen(q, k, excess, most, setting)
    active = _leading(excess, most)
    index = active.to(torch.uint8).topk(int(active.sum(2).max()), dim=2).indices
    return _attention(q, k, index, active.gather(2, index), setting)


def _published(q: Tensor, k: Tensor, setting: Setting) -> Active:
    queries, keys = q.shape[2], k.shape[2]
    drawn = drawn_keys(queries, keys, count_of(keys, setting), False, setting.options.seed, str(q.device))
    # the published code divides the sum over the drawn keys by the number of all keys
    return _chosen(q, k, _excess(q, k, drawn, over=keys), count_of(queries, setting), setting)


def _chosen(q: Tensor, k: Tensor, excess: Tensor, most: int, setting: Setting) -> Active:
    index = excess.topk(most, dim=2).indices
    return _attention(q, k, index, torch.ones_like(index, dtype=torch.bool), setting)


def count_of(length: int, setting: Setting) -> int:
    """c·⌈ln L⌉, between 1 and L."""
    return max(1, min(int(setting.options.factor * ceil(log(length))), length))


@lru_cache(maxsize=64)
def drawn_keys(queries: int, keys: int, count: int, causal: bool, seed: int, device: str) -> Tensor:
    """Which keys stand for all in the measure of each query, (Lq, u): of the keys up to its own where it is causal."""
    with torch.inference_mode(False):
        share = torch.rand(queries, count, generator=generator(seed, queries, keys), dtype=torch.float64)
        room = torch.arange(1, queries + 1)[:, None] if causal else keys
        return (share * room).long().to(device)


@torch.no_grad()
def _excess(q: Tensor, k: Tensor, drawn: Tensor, over: int) -> Tensor:
    """max_j − Σ_j / `over` of the scores with the drawn keys, (B, H, Lq)."""
    found = []
    for start in range(0, q.shape[2], _ROWS):
        some = drawn[start : start + _ROWS]
        scores = torch.matmul(k[:, :, some], q[:, :, start : start + _ROWS, :, None])[..., 0]
        found.append(scores.amax(3) - scores.sum(3) / over)
    return torch.cat(found, dim=2)


def _leading(excess: Tensor, most: int) -> Tensor:
    """Which queries are among the first `most` of the queries up to them, bool (B, H, L)."""
    first = excess[:, :, :0]
    active = []
    for block in torch.split(excess, _ROWS, dim=2):
        # a query has to be above the `most`-th of those before it: in earlier blocks, and in its own
        so_far = torch.cat((first, block), dim=2)
        place = torch.arange(so_far.shape[2], device=excess.device)
        earlier = place[None, :] < place[first.shape[2] :, None]
        ahead = ((so_far[:, :, None, :] >= block[..., None]) & earlier).sum(3)
        active.append(ahead < most)
        first = so_far.topk(min(most, so_far.shape[2]), dim=2).values
    return torch.cat(active, dim=2)


def _attention(q: Tensor, k: Tensor, index: Tensor, valid: Tensor, setting: Setting) -> Active:
    chosen = q.gather(2, index[..., None].expand(-1, -1, -1, q.shape[3]))
    scores = (chosen * q.shape[3] ** -0.5) @ k.transpose(2, 3)
    if not setting.causal:
        return Active(index, valid, scores.softmax(3))
    return Active(index, valid, masked_softmax(scores, causal_mask(q.shape[2], k.shape[2], q.device)[index]))


def _placed(others: Tensor, found: Active, rows: Tensor) -> Tensor:
    """The rows of active queries in their places, those of all others from `others`, (B, H, Lq, ·)."""
    index = found.places[..., None].expand_as(rows)
    return others.scatter(2, index, torch.where(found.valid[..., None], rows, others.gather(2, index)))


