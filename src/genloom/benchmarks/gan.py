"""`genloom bench gan`: the course's convolutional pair, trained by genloom and by the loop that people write.

Both sides hold the same two networks with the same initial weights, the loop's of torch's own layers one after the
other, and follow the same recipe: batches, noise, losses and Adam. The loop computes in float32, as it is written;
genloom looks for its own best setting first. Then the two are run in turns, each time with another seed, and what they
trained is judged by its Fréchet distance after equally many steps. Each run is
`python -m genloom.benchmarks.gan_sides SIDE TASK` in a process of its own.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from genloom.benchmarks.sides import Best, Comparison, Search, best, compare

if TYPE_CHECKING:
    from genloom.metrics.interval import Interval
    from genloom.report.results import Item, Page, Result, Table

STEPS, TRIED = 1000, 60
"""Steps of a training that is judged, and of one that is only timed."""
GOAL = 2.0


@dataclass(frozen=True)
class Setting:
    """How one side computes.

    bf16        under bfloat16 autocast instead of float32
    last        channels last in memory
    compiled    by torch.compile
    allocator   with the C library's memory thresholds that genloom always sets
    """

    bf16: bool = False
    last: bool = False
    compiled: bool = False
    allocator: bool = False

    def __str__(self) -> str:
        words = ["bf16" if self.bf16 else "fp32", "channels last" if self.last else "contiguous"]
        return ", ".join(words + ["compiled"] * self.compiled + ["allocator set"] * self.allocator)


@dataclass(frozen=True)
class Task:
    """What a side does: `steps` training steps with this seed, whose result is judged or not."""

    setting: Setting
    steps: int
    seed: int = 0
    judged: bool = False

    @classmethod
    def read(cls, text: str) -> "Task":
        """The task of its JSON."""
        found: dict[str, Any] = json.loads(text)
        return cls(**{**found, "setting": Setting(**found["setting"])})


def bench(pairs: int, tell: Callable[[str], None]) -> "Page":
    """genloom in its best setting against the plain loop, `pairs` times."""
    from genloom import machine
    from genloom.report.results import Page

    found = fastest(tell)
    plain, fair = Setting(), replace(found.setting, allocator=True)
    tell(f"{found.setting} against the plain loop, {STEPS} steps each, and the distance of what they trained")
    whole = compare(_judged("genloom", found.setting), _judged("plain", plain), pairs, tell)
    tell(f"the same against the plain loop in {fair}")
    fairer = compare(_command("genloom", Task(found.setting, TRIED)), _command("plain", Task(fair, TRIED)), pairs, tell)
    about, first = machine.environment(), whole.pairs[0].ours
    facts = (("data", str(first["data"])), ("batch", f"{first['batch']} real pictures and as many fakes"),
             ("machine", f"{about['device']}, {about['cores']} cores"),
             ("versions", ", ".join(f"{name} {version}" for name, version in about["packages"].items())))
    return Page(title="genloom bench gan", kind="run", name="bench-gan", facts=facts,
                items=(_item(found, whole, fairer),))


def fastest(tell: Callable[[str], None]) -> Best[Setting]:
    """genloom's best setting: of fp32 and bf16 with either memory format, and of that compiled.

    Errors: as of `sides.best`.
    """
    first = [Setting(bf16=bf16, last=last) for bf16 in (False, True) for last in (False, True)]
    return best("genloom", Search(first, [{"compiled": True}]),
                lambda setting: _command("genloom", Task(setting, TRIED)), tell, unit="a step", key="step")


def _command(side: str, task: Task) -> list[str]:
    return ["genloom.benchmarks.gan_sides", side, json.dumps(asdict(task))]


def _judged(side: str, setting: Setting) -> Callable[[int], list[str]]:
    return lambda pair: _command(side, Task(setting, STEPS, seed=pair, judged=True))


def _item(found: Best[Setting], whole: Comparison, fairer: Comparison) -> "Item":
    from genloom.report.results import Item

    ours, theirs = whole.middle("ours", "step"), whole.middle("theirs", "step")
    text = (
        "A step is one update of the discriminator, on a real batch and on a batch of fakes, and one of the generator. "
        "The plain loop is the usual one: two Adams, binary cross-entropy of logits, fakes detached for the "
        "discriminator; its networks are stacks of torch's layers, and its pictures are in memory as floats. genloom "
        "runs a recipe: it prepares its batches, finds what is not finite before an optimizer moves, logs and saves.",
        f"Median over {len(whole.pairs)} pairs of processes: {ours * 1e3:.1f} ms a step by genloom in "
        f"{found.setting}, {theirs * 1e3:.1f} ms by the loop in fp32. The second ratio is against the loop in "
        "genloom's own setting, which says what genloom itself costs beside arithmetic and memory.",
        *_missed(whole))
    return Item(number="gan", title="The course's convolutional pair against a plain loop", text=text,
                results=tuple(_results(whole, fairer)), tables=(_tried(found),))


def _apart(whole: Comparison) -> "Interval":
    """The difference of the distances, ours less theirs, over pairs."""
    from genloom.metrics.interval import mean_interval

    return mean_interval([pair.ours["distance"] - pair.theirs["distance"] for pair in whole.pairs])


def _missed(whole: Comparison) -> tuple[str, ...]:
    """What a verdict of equal distances is worth: few pairs agree with much."""
    from genloom.report.numbers import number

    apart, count = _apart(whole), len(whole.pairs)
    if count < 2:
        return ("One pair of processes says nothing of whether both sides train equally well: pass --pairs 5.",)
    theirs = sum(pair.theirs["distance"] for pair in whole.pairs) / count
    return ("That the interval of a difference holds 0 does not say that there is none. "
            f"{count} pairs agree with any difference of the distances from {number(apart.low, 2)} to "
            f"{number(apart.high, 2)}, where the loop has {number(theirs, 2)} on average and more is worse for "
            "genloom. More pairs make it narrower.",)


def _results(whole: Comparison, fairer: Comparison) -> "list[Result]":
    from genloom.report.numbers import at_least, near
    from genloom.report.results import Result

    seeds, first = tuple(range(len(whole.pairs))), whole.pairs[0].ours
    how = "median over pairs of processes; in brackets the smallest and largest ratio"
    ratio = Result(name="step of both networks: time of the plain loop in fp32 over genloom's", value=whole.ratio,
                   known=GOAL, known_name="goal, at least", interval=whole.spread, n=len(whole.pairs), seeds=seeds,
                   unit="×", formula=how)
    same = Result(name="the same, the loop in genloom's setting", value=fairer.ratio, interval=fairer.spread,
                  n=len(fairer.pairs), seeds=(0,), unit="×")
    apart = _apart(whole)
    name, count = first["distance_name"], int(first["samples"])
    several = len(whole.pairs) > 1
    difference = Result(name=f"{name} after {STEPS} steps: genloom − plain loop", value=apart.value, known=0.0,
                        known_name="equal quality", n=len(whole.pairs), seeds=seeds,
                        interval=(apart.low, apart.high) if several else None,
                        tolerance="the interval of the difference over seeds holds 0")
    return [at_least(ratio, GOAL), same, near(difference, apart.high - apart.value) if several else difference,
            *(_distance(whole, side, said, name, count) for side, said in (("ours", "genloom"),
                                                                           ("theirs", "plain loop")))]


def _distance(whole: Comparison, side: str, said: str, name: str, count: int) -> "Result":
    from genloom.metrics.interval import mean_interval
    from genloom.report.results import Result

    found = mean_interval([float(getattr(pair, side)["distance"]) for pair in whole.pairs])
    first = whole.pairs[0].ours
    return Result(name=f"{name} after {STEPS} steps: {said}", value=found.value, known=float(first["floor"]),
                  known_name=f"{int(first['floor_n'])} other real pictures", n=count, seeds=tuple(range(found.n)),
                  interval=(found.low, found.high) if found.n > 1 else None, formula=str(first["about"]))


def _tried(found: Best[Setting]) -> "Table":
    from genloom.report.results import Table

    rows = [(str(setting), f"{answer['step'] * 1e3:.1f}") for setting, answer in found.tried.items()]
    rows += [(str(setting), f"not to be had: {reason[-160:]}") for setting, reason in found.failed.items()]
    return Table(header=("genloom's setting", "ms a step"), rows=tuple(rows),
                 caption="One process for each setting; the fastest is compared.")


if __name__ == "__main__":
    sys.exit("this module is run by `genloom bench gan`")
