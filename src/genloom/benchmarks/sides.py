"""Two sides of a comparison, each in processes of its own, taken in turns: a ratio for each pair, and their median.

Two runs of one program differ more than repeats inside one, and a machine's speed drifts; pairs that follow each other
share the drift, so the ratio is what is quoted.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, NamedTuple

from genloom.errors import GenloomError

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
