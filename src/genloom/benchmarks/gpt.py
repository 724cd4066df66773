"""`genloom bench gpt`: a small GPT, trained and made to write by genloom, by transformers and by a plain loop.

All hold the same network with the same initial weights, see the same batches, and follow the same recipe of learning
rates, weight decay and clipping. Each side first looks for its own best setting; then the two of a comparison are run
in turns. Each run is `python -m genloom.benchmarks.gpt_sides SIDE TASK` in a process of its own.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from genloom.benchmarks.sides import Best, Comparison, Search, best, compare, run
from genloom.errors import GenloomError, MissingExtra

if TYPE_CHECKING:
    from genloom.report.results import Page

SEED, VOCABULARY, CONTEXT, BATCH = 0, 1024, 64, 32
WIDTH, BLOCKS, HEADS = 192, 6, 6
WRITTEN, ROOM = 200, 256
"""Tokens that are written, and the context of the network that writes them: transformers cannot go beyond it."""
DROPOUTS = (0.0, 0.1)
GROWTH = (64, 128, 256, 512, 1024)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How one side computes.

    bf16        under bfloat16 autocast instead of float32
    compiled    by torch.compile
    attention   transformers' implementation: eager or sdpa; "" where there is one alone
    fused       the optimizer in one call; genloom's always is
    threads     CPU threads; 0 is torch's choice
    allocator   with the C library's memory thresholds that genloom always sets
    """

    bf16: bool = False
    compiled: bool = False
    attention: str = ""
    fused: bool = False
    threads: int = 0
    allocator: bool = False

    def __str__(self) -> str:
        words = ["bf16" if self.bf16 else "fp32"] + [self.attention] * bool(self.attention)
        words += ["fused AdamW"] * self.fused + ["compiled"] * self.compiled + ["allocator set"] * self.allocator
        return ", ".join(words + [f"{self.threads} thread" + "s" * (self.threads > 1)] * bool(self.threads))


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a side does.

    context   of the network; batches have as many tokens at every context
    dropout   of the network in training
    prompt    tokens that are read before the first is written
    written   tokens that are written
    cached    whether keys and values are kept while writing
    """

    setting: Setting
    context: int = CONTEXT
    dropout: float = 0.0
    prompt: int = 4
    written: int = WRITTEN
    cached: bool = True

    @classmethod
    def read(cls, text: str) -> "Task":
        """The task of its JSON."""
        found: dict[str, Any] = json.loads(text)
        return cls(**{**found, "setting": Setting(**found["setting"])})


_BOTH = (False, True)
_KINDS = ("eager", "sdpa")
SEARCHES = {
    "train-genloom": Search([Setting(bf16=bf16) for bf16 in _BOTH], [{"compiled": True}]),
    "train-layers": Search([Setting(bf16=bf16) for bf16 in _BOTH], [{"fused": True}, {"compiled": True}]),
    "train-transformers": Search([Setting(bf16=bf16, attention=kind) for bf16 in _BOTH for kind in _KINDS],
                                 [{"fused": True}, *({"compiled": True, "attention": kind} for kind in _KINDS)]),
    "write-genloom": Search([Setting(threads=threads) for threads in (1, 0)], []),
    "write-transformers": Search([Setting(threads=threads, attention=kind) for threads in (1, 0) for kind in _KINDS],
                                 []),
}


class Trained(NamedTuple):
    """Training with one dropout: the best of each side, and the comparisons by the peer's name."""

    dropout: float
    best: dict[str, Best[Setting]]
    against: dict[str, Comparison]


class Wrote(NamedTuple):
    """Writing: the best of each side, against transformers as it is, and compiled where that could be."""

    best: dict[str, Best[Setting]]
    plain: Comparison
    compiled: Comparison | None


class Grown(NamedTuple):
    """What each side answers at one context, by "train", "write" and "write without cache" and the side."""

    context: int
    answers: dict[tuple[str, str], dict[str, Any]]


def bench(pairs: int, tell: Callable[[str], None]) -> "Page":
    """Training with and without dropout, writing, and what both cost as the context grows.

    Errors: `MissingExtra` without transformers.
    """
    from genloom.benchmarks.gpt_page import page

    if find_spec("transformers") is None:
        raise MissingExtra("transformers", "bench", "this benchmark")
    trained = [_train(dropout, pairs, tell) for dropout in DROPOUTS]
    wrote = _write(pairs, tell)
    bests = {"train": trained[0].best, "write": wrote.best}
    return page(trained, wrote, [_grow(context, bests, tell) for context in GROWTH], pairs)


def fastest(side: str, task: Task, tell: Callable[[str], None]) -> Best[Setting]:
    """The best setting of a side for a task.

    Errors: as of `sides.best`.
    """
    return best(side, SEARCHES[side], lambda setting: command(side, replace(task, setting=setting)), tell)


def command(side: str, task: Task) -> list[str]:
    """What `python -m` is given for it."""
    return ["genloom.benchmarks.gpt_sides", side, json.dumps(asdict(task))]


def _train(dropout: float, pairs: int, tell: Callable[[str], None]) -> Trained:
    sides = ("genloom", "transformers", "layers")
    base = Task(setting=Setting(), dropout=dropout)
    found = {side: fastest(f"train-{side}", base, tell) for side in sides}
    theirs = found["transformers"].setting
    peers = {"transformers": ("transformers", theirs), "layers": ("layers", found["layers"].setting),
             "plain loop": ("layers", Setting()),
             "transformers, allocator set": ("transformers", replace(theirs, allocator=True))}
    against = {}
    for name, (side, setting) in peers.items():
        tell(f"dropout {dropout:g}: {found['genloom'].setting} against {name}, {setting}")
        against[name] = compare(command("train-genloom", replace(base, setting=found["genloom"].setting)),
                                command(f"train-{side}", replace(base, setting=setting)), pairs, tell)
    return Trained(dropout, found, against)


def _write(pairs: int, tell: Callable[[str], None]) -> Wrote:
    base = Task(setting=Setting(), context=ROOM)
    found = {side: fastest(f"write-{side}", base, tell) for side in ("genloom", "transformers")}

    def against(setting: Setting) -> Comparison:
        tell(f"writing, {found['genloom'].setting} against {setting}")
        return compare(command("write-genloom", replace(base, setting=found["genloom"].setting)),
                       command("write-transformers", replace(base, setting=setting)), pairs, tell)

    theirs = found["transformers"].setting
    plain = against(theirs)
    try:
        return Wrote(found, plain, against(replace(theirs, compiled=True)))
    except GenloomError as error:
        tell(f"transformers compiled does not write: {error}")
        return Wrote(found, plain, None)


def _grow(context: int, bests: dict[str, dict[str, Best[Setting]]], tell: Callable[[str], None]) -> Grown:
    """One process each; what is written are the last tokens of the context."""
    answers = {}
    for work, side, cached in (("train", "genloom", True), ("train", "transformers", True), ("write", "genloom", True),
                               ("write", "transformers", True), ("write without cache", "genloom", False)):
        verb = work.partition(" ")[0]
        task = Task(setting=bests[verb][side].setting, context=context, prompt=context - 16, written=16, cached=cached)
        answers[work, side] = run(command(f"{verb}-{side}", task))
    tell(f"context {context}: {', '.join(_told(key, answer) for key, answer in answers.items())}")
    return Grown(context, answers)


def _told(key: tuple[str, str], answer: dict[str, Any]) -> str:
    return f"{' '.join(key)} {float(answer['marginal' if 'marginal' in answer else 'seconds']) * 1e3:.2f} ms"


if __name__ == "__main__":
    sys.exit("this module is run by `genloom bench gpt`")
