"""What goes wrong with a game of two networks, read from the log of the run, in plain words and with one remedy.

Rows of the log are those that `Playing` makes: "told_apart", "game/discriminator", "logit_real", "logit_fake". Rows of
evaluations may have "spread", the mean over coordinates of the standard deviation over samples, divided by that of the
data, and "modes", how many classes or modes were seen among the samples.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import Literal, NamedTuple

Row = Mapping[str, float | None]

Kind = Literal["overpowered", "collapse", "divergence"]

_LONG = 200  # steps over which something must hold before it is said,
_ROWS = 20  # and rows at least
_PAUSE = 10  # steps between looks at the log: each costs as much as a small step of training
_SURE = 0.99  # share of pairs told apart,
_NOTHING = 0.05  # and what is then left of the loss of telling nothing
_ALIKE = 0.3  # spread of samples in units of the data's
_LARGE, _LARGE_GAP = 100.0, 1000.0  # logits, and their gap where the loss is the gap and has no scale
_RISING, _NOTABLE = 1.5, 0.2  # growth over half of `_LONG` steps, and the share of large from which it matters


class Finding(NamedTuple):
    """Something that is wrong.

    kind     overpowered: the discriminator is never wrong; collapse: samples are alike; divergence: logits grow on
    said     what was seen, in one sentence
    remedy   the flag to try first, with a verb before it
    """

    kind: Kind
    said: str
    remedy: str


def diagnose(rows: Sequence[Row], tie: float, modes: int = 0) -> tuple[Finding, ...]:
    """What is wrong at the end of these rows, said at most once each.

    overpowered   over the last 200 steps (and 20 rows), 99 % of pairs are told apart and the discriminator's loss is
                  under 5 % of `tie`; not asked of a critic, whose loss is no probability and whose tie is 0
    collapse      the last evaluation, not before step 200, has spread < 0.3 or less than half of the modes
    divergence    mean logits beyond ±100 (for a critic, their gap beyond 1000) over 20 rows; or for 400 steps they grow
                  by half every 100 and have come a fifth of that way

    rows    of the log and of evaluations, in any order; None where the log has no number
    tie     the discriminator's loss when it tells nothing apart: `Adversarial.tie`
    modes   how many there are, where they are counted
    """
    ordered = sorted(rows, key=_step)
    log = [row for row in ordered if "told_apart" in row]
    judged = [row for row in ordered if _is_judged(row) and _step(row) >= _LONG]
    found = (_overpowered(log, tie), _collapse(judged, log, tie, modes), _divergence(log, tie))
    return tuple(finding for finding in found if finding is not None)


class Watch:
    """Shown the rows of a run one by one, says each finding once, and again only if it was gone for 200 steps.

    tie, modes   as for `diagnose`

    >>> watch = Watch(tie=0.5)
    >>> watch({"step": 3000, "spread": 0.01})
    ("samples are alike: at step 3000 their spread is 1 % of the data's; penalise ... with --penalty.kind r1",)
    >>> watch({"step": 3100, "spread": 0.01})
    ()
    """

    def __init__(self, tie: float, modes: int = 0) -> None:
        self._tie, self._modes = tie, modes
        self._log: deque[Row] = deque()
        self._judged: list[Row] = []
        self._looked = -math.inf
        self._now: frozenset[Kind] = frozenset()
        self._found: dict[Kind, float] = {}  # the step at which each was last found

    def __call__(self, row: Row) -> tuple[str, ...]:
        """Sentences to say after this row."""
        return tuple(f"{finding.said}; {finding.remedy}" for finding in self.findings(row))

    def findings(self, row: Row) -> tuple[Finding, ...]:
        """The findings that are new with this row."""
        step = _step(row)
        if _is_judged(row):
            self._judged = [row]
        elif "told_apart" in row:
            self._log.append(row)
            while len(self._log) > _ROWS and _step(self._log[0]) <= step - 2 * _LONG:
                self._log.popleft()
            if step < self._looked + _PAUSE:
                return ()
            self._looked = step
        else:
            return ()
        found = diagnose([*self._log, *self._judged], self._tie, self._modes)
        new = tuple(finding for finding in found if finding.kind not in self._now
                    and step - self._found.get(finding.kind, -math.inf) > _LONG)
        self._now = frozenset(finding.kind for finding in found)
        self._found |= dict.fromkeys(self._now, step)
        return new


def history(rows: Sequence[Row], tie: float, modes: int = 0) -> Iterator[tuple[int, Finding]]:
    """What a `Watch` would have said of a whole run, with the step at which it was said."""
    watch = Watch(tie, modes)
    for row in sorted(rows, key=_step):
        for finding in watch.findings(row):
            yield int(_step(row)), finding


def _overpowered(log: Sequence[Row], tie: float) -> Finding | None:
    last = _last(log)
    told, losses = _numbers(last, "told_apart"), _numbers(last, "game/discriminator")
    if tie <= 0 or min(len(told), len(losses)) < _ROWS or min(told) < _SURE or max(losses) >= _NOTHING * tie:
        return None
    said = (f"the discriminator is hardly ever wrong: since step {_step(last[0]):.0f} it tells 99 % of pairs apart and "
            f"its loss is {fmean(losses):.2g}, where telling nothing is {tie:.2g}; the generator learns little from it")
    return Finding("overpowered", said, _remedy(log, tie, "discriminator"))


def _collapse(judged: Sequence[Row], log: Sequence[Row], tie: float, modes: int) -> Finding | None:
    if not judged:
        return None
    spread, seen = _number(judged[-1], "spread"), _number(judged[-1], "modes")
    signs = []
    if spread < _ALIKE:  # which NaN is not
        signs.append(f"their spread is {100 * spread:.0f} % of the data's")
    if seen < modes / 2:
        signs.append(f"they show {seen:.0f} of {modes} modes")
    if not signs:
        return None
    said = f"samples are alike: at step {_step(judged[-1]):.0f} {' and '.join(signs)}"
    return Finding("collapse", said, _remedy(log, tie, "generator"))


def _divergence(log: Sequence[Row], tie: float) -> Finding | None:
    large = _LARGE if tie > 0 else _LARGE_GAP
    sizes = [(_step(row), size) for row in log if math.isfinite(size := _size(row, tie))]
    last = [size for _, size in sizes[-_ROWS:]]
    if len(last) < _ROWS or not (min(last) > large or _grows(sizes, _NOTABLE * large)):
        return None
    what = "mean logits are now" if tie > 0 else "gap between real and fake is now"
    said = f"the discriminator diverges: its {what} {last[-1]:.3g} in size"
    return Finding("divergence", said, _remedy(log, tie, "discriminator"))


def _grows(sizes: Sequence[tuple[float, float]], notable: float) -> bool:
    """Whether the last 400 steps are four parts, each by half above the one before, and the last one is notable."""
    end = sizes[-1][0]
    parts = [[size for step, size in sizes if end - (k + 1) * _LONG / 2 < step <= end - k * _LONG / 2]
             for k in reversed(range(4))]
    if sum(map(len, parts)) < _ROWS or not all(parts):
        return False
    middles = [median(part) for part in parts]
    return middles[-1] > notable and all(after > _RISING * before for before, after in pairwise(middles))


def _size(row: Row, tie: float) -> float:
    real, fake = _number(row, "logit_real"), _number(row, "logit_fake")
    return max(abs(real), abs(fake)) if tie > 0 else abs(real - fake)


def _remedy(log: Sequence[Row], tie: float, network: str) -> str:
    """A penalty, under which the game converges [Mescheder et al. 2018], or, where there is one, a lower learning rate.

    On eight points in a ring, with a generator of four times the discriminator's rate, three runs of three collapsed;
    with R1 none did, with the generator's rate at a quarter one, and at a half all.
    """
    if not _numbers(_last(log), "penalty"):
        return f"penalise the discriminator's slope with --penalty.kind {'r1' if tie > 0 else 'unit-slope'}"
    rates = _numbers(log, f"lr/{network}")
    flag = f"--{network}.lr {max(rates) / 4:.3g}" if rates else f"--{network}.lr"
    return f"lower the {network}'s learning rate with {flag}"


def _is_judged(row: Row) -> bool:
    return "spread" in row or "modes" in row


def _last(log: Sequence[Row]) -> Sequence[Row]:
    """The rows of the last 200 steps, and 20 at least where there are as many."""
    recent = sum(_step(row) > _step(log[-1]) - _LONG for row in log)
    return log[-max(recent, _ROWS) :]


def _numbers(rows: Sequence[Row], name: str) -> list[float]:
    return [value for row in rows if math.isfinite(value := _number(row, name))]


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    return math.nan if value is None else value


def _step(row: Row) -> float:
    return _number(row, "step")
