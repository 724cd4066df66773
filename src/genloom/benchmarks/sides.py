"""Two sides of a comparison, each in processes of its own, taken in turns: a ratio for each pair, and their median.

Before that, each side may look for the setting in which it is fastest.

Two runs of one program differ more than repeats inside one, and a machine's speed drifts; pairs that follow each other
share the drift, so the ratio is what is quoted.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from genloom.errors import GenloomError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

S = TypeVar("S", bound="DataclassInstance")

Command = Sequence[str] | Callable[[int], Sequence[str]]
"""What `python -m` is given, or a function of the pair's number, for sides that take another seed each time."""


class Pair(NamedTuple):
    """What the two sides answered when they ran one after the other."""

    ours: dict[str, Any]
    theirs: dict[str, Any]

    @property
    def ratio(self) -> float:
        """Their seconds over ours: above 1 genloom is faster."""
        return float(self.theirs["seconds"]) / float(self.ours["seconds"])


class Comparison(NamedTuple):
    """All pairs of one comparison."""

    pairs: tuple[Pair, ...]

    @property
    def ratio(self) -> float:
        """Median of the pairs' ratios."""
        return median(pair.ratio for pair in self.pairs)

    @property
    def spread(self) -> tuple[float, float]:
        """Smallest and largest ratio."""
        ratios = [pair.ratio for pair in self.pairs]
        return min(ratios), max(ratios)

    def middle(self, side: str, key: str) -> float:
        """Median of a number that one side ("ours" or "theirs") reported."""
        return median(float(getattr(pair, side)[key]) for pair in self.pairs)


class Search(NamedTuple, Generic[S]):
    """Settings that a side tries first, and what is changed of the fastest so far, one after the other."""

    first: Sequence[S]
    then: Sequence[dict[str, Any]]


class Best(NamedTuple, Generic[S]):
    """The fastest setting of a side, what each answered that was tried, and why others did not."""

    setting: S
    tried: dict[S, dict[str, Any]]
    failed: dict[S, str]


def best(side: str, search: Search[S], command: Callable[[S], Sequence[str]], tell: Callable[[str], None], *,
         unit: str = "", key: str = "seconds") -> Best[S]:
    """The fastest setting that a search finds; one that cannot run is told and left out.

    side      its name, for what is told
    command   what `python -m` is given for a setting
    unit      of what the seconds are: "a step"
    key       of the seconds in an answer

    Errors: `GenloomError` where none can run.
    """
    tried: dict[S, dict[str, Any]] = {}
    failed: dict[S, str] = {}

    def attempt(setting: S) -> None:
        if setting in tried or setting in failed:
            return
        try:
            tried[setting] = run(command(setting))
        except GenloomError as error:
            failed[setting] = str(error)
            tell(f"{side}, {setting}: not to be had: {error}")
        else:
            tell(f"{side}, {setting}: {float(tried[setting][key]) * 1e3:.2f} ms {unit}".rstrip())

    def fastest() -> S:
        if not tried:
            raise GenloomError(f"{side} cannot be run: {next(iter(failed.values()), 'no setting is named')}")
        return min(tried, key=lambda setting: float(tried[setting][key]))

    for setting in search.first:
        attempt(setting)
    for change in search.then:
        attempt(replace(fastest(), **change))
    return Best(fastest(), tried, failed)


def compare(ours: Command, theirs: Command, pairs: int, tell: Callable[[str], None]) -> Comparison:
    """Run the two commands in turns, the first side alternating, and collect the JSON line that each prints last."""
    found = []
    for i in range(pairs):
        order = (ours, theirs) if i % 2 == 0 else (theirs, ours)
        answers = [run(command(i) if callable(command) else command) for command in order]
        pair = Pair(*answers) if i % 2 == 0 else Pair(answers[1], answers[0])
        tell(f"pair {i + 1} of {pairs}: {pair.ours['seconds']:.2f} s against {pair.theirs['seconds']:.2f} s, "
             f"ratio {pair.ratio:.2f}")
        found.append(pair)
    return Comparison(tuple(found))


def run(command: Sequence[str]) -> dict[str, Any]:
    """The JSON object on the last line of what `python -m …` prints.

    Errors: `GenloomError` with its last line of stderr when the process fails.
    """
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise GenloomError(f"{' '.join(command)} ended with {done.returncode}: {reason}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
