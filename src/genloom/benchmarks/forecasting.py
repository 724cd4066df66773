"""`genloom bench forecasting`: training steps of the standard Transformer, and attention as the length grows.

All sides hold the same network with the same initial weights, see the same batches of windows, and follow the same
recipe: Adam, warm-up and clipping. One is genloom's; one is put together of torch's own Transformer layers; one writes
its attention out as Time-Series-Library does, in float32. genloom and torch's layers look for their best setting first;
then two sides are run in turns. Each run is `python -m genloom.benchmarks.forecasting_sides SIDE TASK` in a process of
its own.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from genloom.benchmarks.sides import Best, Comparison, Search, best, compare, run

if TYPE_CHECKING:
    from genloom.report.results import Page

GOALS = {"torch's layers": 1.5, "materialised attention, fp32": 4.0}
"""How many times as long a step of each peer takes, at least."""
DROPOUTS = (0.1, 0.0)
"""The published one, and none, where losses of equal weights must be equal."""
KINDS = ("full", "materialised", "performer", "strided", "fixed")
LENGTHS = (96, 192, 384, 768, 1536, 3072, 6144, 8192)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How one side computes.

    bf16        under bfloat16 autocast instead of float32
    compiled    by torch.compile
    fused       the optimizer in one call; genloom's always is
    allocator   with the C library's memory thresholds that genloom always sets
    """

    bf16: bool = False
    compiled: bool = False
    fused: bool = False
    allocator: bool = False

    def __str__(self) -> str:
        words = ["bf16" if self.bf16 else "fp32"] + ["fused Adam"] * self.fused + ["compiled"] * self.compiled
        return ", ".join(words + ["allocator set"] * self.allocator)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a side does.

    lookback, horizon, label   rows of a window
    width, hidden, layers      of the network
    steps, warm                training steps that are timed, and those before them
    lengths, repeats           at which attention is timed, and how often
    """

    setting: Setting
    dropout: float = 0.1
    lookback: int = 96
    horizon: int = 720
    label: int = 48
    width: int = 512
    hidden: int = 2048
    heads: int = 8
    layers: int = 2
    batch: int = 32
    steps: int = 8
    warm: int = 2
    lengths: tuple[int, ...] = LENGTHS
    repeats: int = 3

    @classmethod
    def read(cls, text: str) -> "Task":
        """The task of its JSON."""
        found: dict[str, Any] = json.loads(text)
        return cls(**{**found, "setting": Setting(**found["setting"]), "lengths": tuple(found["lengths"])})


_BOTH = tuple(Setting(bf16=bf16) for bf16 in (False, True))
SEARCHES = {"genloom": Search(_BOTH, [{"compiled": True}]),
            "layers": Search(_BOTH, [{"fused": True}, {"compiled": True}])}


class Trained(NamedTuple):
    """Training with one dropout: the best of each side, and the comparisons by the peer's name."""

    dropout: float
    best: dict[str, Best[Setting]]
    against: dict[str, Comparison]


def bench(pairs: int, tell: Callable[[str], None], task: Task | None = None) -> "Page":
    """Training against both peers, with the published dropout and without, and attention as the length grows.

    task   other sizes than the published ones
    """
    from genloom.benchmarks.forecasting_page import page

    base = task or Task(setting=Setting())
    trained = [train(replace(base, dropout=dropout), pairs, tell) for dropout in DROPOUTS]
    tell("attention as the length grows")
    return page(trained, run(command("attention", base)), base)


def train(task: Task, pairs: int, tell: Callable[[str], None]) -> Trained:
    """The best setting of genloom and of torch's layers, and genloom in turns with each peer."""
    found = {side: fastest(side, task, tell) for side in SEARCHES}
    ours, theirs = found["genloom"].setting, found["layers"].setting
    peers = {"torch's layers": ("layers", theirs), "materialised attention, fp32": ("materialised", Setting()),
             "torch's layers, allocator set": ("layers", replace(theirs, allocator=True))}
    against = {}
    for name, (side, setting) in peers.items():
        tell(f"dropout {task.dropout:g}: {ours} against {name}, {setting}")
        against[name] = compare(command("genloom", replace(task, setting=ours)),
                                command(side, replace(task, setting=setting)), pairs, tell)
    return Trained(task.dropout, found, against)


def fastest(side: str, task: Task, tell: Callable[[str], None]) -> Best[Setting]:
    """The best setting of a side for a task.

    Errors: as of `sides.best`.
    """
    return best(side, SEARCHES[side], lambda setting: command(side, replace(task, setting=setting)), tell,
                unit="a step")


def command(side: str, task: Task) -> list[str]:
    """What `python -m` is given for it."""
    return ["genloom.benchmarks.forecasting_sides", side, json.dumps(asdict(task))]


if __name__ == "__main__":
    sys.exit("this module is run by `genloom bench forecasting`")
