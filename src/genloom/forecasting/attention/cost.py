"""Seconds and memory of each kind of attention as the length grows, and where one becomes cheaper than another."""

import math
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from genloom.errors import InputError
from genloom.forecasting.attention.kinds import KINDS, attend
from genloom.forecasting.attention.options import Options
from genloom.rng import generator

LENGTHS = (96, 192, 384, 768, 1536, 3072, 6144, 8192)
"""From a lookback of ETTh1 to lengths at which L² hurts."""
COMPARED = tuple(name for name, kind in KINDS.items() if not kind.leaks)
"""The kinds that are worth comparing."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is timed: normal queries, keys and values (batch, heads, L, size), and, where `backward`, the gradients of
    the sum of the output for all three.

    repeats  how often it is timed after one call that is not; the median counts
    """

    batch: int = 1
    heads: int = 8
    size: int = 64
    causal: bool = False
    backward: bool = True
    options: Options = field(default_factory=Options)
    repeats: int = 3
    device: str = "cpu"
    dtype: torch.dtype = torch.float32

    def __post_init__(self) -> None:
        for name in ("batch", "heads", "size", "repeats"):
            if getattr(self, name) < 1:
                raise InputError(name, getattr(self, name), "at least 1")


@dataclass(frozen=True)
class Cost:
    """What one call takes.

    seconds  median of the repeats
    bytes    most memory in use at a time beyond the inputs, with what is kept for the gradient
    """

    kind: str
    length: int
    seconds: float
    bytes: int


def measure(kind: str, length: int, work: Work | None = None) -> Cost:
    """The cost of one call of `attend` at one length.

    Errors: `UnknownName` for another kind; `InputError` for what it cannot do.
    """
    work = work or Work()
    call = _call(kind, length, work)
    call()
    seconds = []
    for _ in range(work.repeats):
        _wait(work)
        start = time.perf_counter()
        call()
        _wait(work)
        seconds.append(time.perf_counter() - start)
    return Cost(kind, length, median(seconds), peak_bytes(call, work.device))


def costs(kinds: Sequence[str] = COMPARED, lengths: Sequence[int] = LENGTHS, work: Work | None = None, *,
          most_bytes: float = 8e9, tell: Callable[[Cost], None] | None = None) -> list[Cost]:
    """The costs of many kinds and lengths, all kinds of one length after one another, since a machine's speed drifts.

    most_bytes  a kind is left out from the length on at which it would take more, if its memory grew with L²
    tell        is given each cost when it is known
    """
    found: dict[str, list[Cost]] = {kind: [] for kind in kinds}
    out = set()
    for length in sorted(lengths):
        for kind in kinds:
            past = found[kind]
            if kind in out or (past and past[-1].bytes * (length / past[-1].length) ** 2 > most_bytes
                               and _growth_of_bytes(past) > 1.5):
                out.add(kind)
                continue
            past.append(measure(kind, length, work))
            if tell:
                tell(past[-1])
    return [cost for each in found.values() for cost in each]


def peak_bytes(call: Callable[[], object], device: str = "cpu") -> int:
    """Most memory of tensors that a call has in use at a time, beyond what there was before it.

    On a CPU every storage that an operation makes is followed until it is gone; buffers inside of one operation are not
    seen.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        torch.cuda.synchronize(device)
        return int(torch.cuda.max_memory_allocated(device) - before)
    with _Storages() as seen:
        call()
    return int(seen.most)


class _Storages(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch has no types for it
    """Adds up the storages that operations make while it is active."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # the same
        self.used = self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for given in tree_leaves((args, kwargs)):
            self._take(given, new=False)
        made = func(*args, **(kwargs or {}))
        for one in tree_leaves(made):
            self._take(one, new=True)
        return made

    def _take(self, value: Any, *, new: bool) -> None:
        if not isinstance(value, Tensor):
            return
        storage = value.untyped_storage()
        key, size = id(storage), storage.nbytes() if new else 0
        if key in self._known:
            return
        self._known.add(key)
        self.used += size
        self.most = max(self.most, self.used)
        weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.used -= size


def crossing(lengths: Sequence[int], ours: Sequence[float], theirs: Sequence[float]) -> float:
    """From which length on ours is cheaper, with straight lines between the points in log–log.

    The first length where it is cheaper throughout; ∞ where it is not cheaper at the last one.

    >>> crossing([100, 400], [2.0, 8.0], [1.0, 16.0])
    200.0

    Errors: `InputError` unless there are as many positive numbers as rising lengths.
    """
    if not (len(lengths) == len(ours) == len(theirs) > 0 and min(*lengths, *ours, *theirs) > 0
            and list(lengths) == sorted(set(lengths))):
        raise InputError("lengths", list(lengths), "rising, with one positive number for each on both sides")
    gaps = [math.log(a / b) for a, b in zip(ours, theirs, strict=True)]
    if gaps[-1] > 0:
        return math.inf
    later = [i for i, gap in enumerate(gaps) if gap > 0]
    if not later:
        return float(lengths[0])
    i = later[-1]
    share = gaps[i] / (gaps[i] - gaps[i + 1])
    return float(round(lengths[i] * (lengths[i + 1] / lengths[i]) ** share, 6))


def growth(lengths: Sequence[int], values: Sequence[float]) -> float:
    """The power p of values ≈ c·L^p, by least squares in log–log.

    >>> round(growth([10, 20, 40], [3.0, 12.0, 48.0]), 6)
    2.0
    """
    x, y = ([math.log(value) for value in row] for row in (lengths, values))
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return float(slope / sum((a - middle_x) ** 2 for a in x))


def _growth_of_bytes(past: Sequence[Cost]) -> float:
    """How its memory has grown from length to length; 2 where that is not known."""
    return growth([cost.length for cost in past[-2:]], [cost.bytes for cost in past[-2:]]) if len(past) > 1 else 2.0


def _call(kind: str, length: int, work: Work) -> Callable[[], object]:
    draws = generator(0, length)
    shape = (work.batch, work.heads, length, work.size)
    q, k, v = (torch.randn(shape, generator=draws).to(device=work.device, dtype=work.dtype) for _ in range(3))

    def forward() -> Tensor:
        return attend(kind, q, k, v, causal=work.causal, options=work.options)

    def both() -> object:
        given = [x.detach().requires_grad_() for x in (q, k, v)]
        out = attend(kind, *given, causal=work.causal, options=work.options)
        return torch.autograd.grad(out.sum(), given, allow_unused=True)

    return both if work.backward else torch.no_grad()(forward)


def _wait(work: Work) -> None:
    if torch.device(work.device).type == "cuda":
        torch.cuda.synchronize(work.device)
