"""The scoring tables, and sentences that several items say."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from genloom.metrics.interval import Interval
from genloom.report.numbers import at_most, fixed, measured, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.guided_sampling.judges import REAL, Judge, Real, Scored, about, clean_judge, real
from genloom.studies.guided_sampling.work import Drawn, digits, drawn

_NORMAL = 1.96  # standard errors of a 95 % interval


class Row(NamedTuple):
    """A sampler at a number of steps, its pictures and their scores."""

    name: str
    steps: int
    drawn: Drawn
    scored: Scored


def row(context: Context, name: str, sampler: str, steps: int, eta: float = 0.0) -> Row:
    """A sampler's row: drawn and scored once."""
    found = drawn(context, sampler, steps, eta)
    scored = context.once(("scored", sampler, steps, eta), lambda: clean_judge(context).score(found))
    return Row(name, steps, found, scored)


def floor(context: Context) -> Real:
    """Real test digits, as many as a sampler draws."""
    return real(context, clean_judge(context), digits(context).sizes.samples)


def scoring_table(rows: Sequence[Row], judge: Judge, known: Real, *, named: bool = False) -> Table:
    """One row for each number of steps, the real digits' below, and a column for the reader.

    named   begin each row with the sampler's name
    """
    first = ("sampler",) if named else ()
    header = (*first, "steps", "calls", judge.distance, judge.kernel, "precision", "coverage", "class, %", "ms",
              "yours")
    body = [(*((each.name,) if named else ()), str(each.steps), f"{each.drawn.calls:g}", *_cells(each.scored),
             fixed(1000 * each.drawn.seconds, 1), "") for each in rows]
    real_name = ("real test digits", "—") if named else ("real",)
    body.append((*real_name, "—", *_real_cells(known), "—", ""))
    return Table(header=header, rows=tuple(body), caption=_caption(rows, judge, known))


def _cells(each: Scored) -> tuple[str, ...]:
    return (with_interval(Interval(each.scores.frechet, *(each.scores.frechet_interval or (0.0, 0.0)), each.scores.n)),
            number(each.scores.kid, 2), fixed(each.scores.precision, 2), fixed(each.scores.coverage, 2),
            fixed(100 * each.agreement.value, 1))


def _real_cells(known: Real) -> tuple[str, ...]:
    return (fixed(known.mean("frechet"), 2), number(known.mean("kid"), 2), fixed(known.mean("precision"), 2),
            fixed(known.mean("coverage"), 2), fixed(100 * known.agreement.value, 1))


def _caption(rows: Sequence[Row], judge: Judge, known: Real) -> str:
    n = rows[0].scored.scores.n
    return (f"{n} pictures in each row, compared with {rows[0].scored.scores.references:,} training digits in the "
            f"features of {judge.extractor.name}; the last row is the mean of {len(known.sets)} sets of"
            f" {known.sets[0].scores.n} real test digits. ± is a 95 % interval; calls are of the network; class is how "
            "often the judge sees the class that was asked for; ms are per image. The last column is for your score.")


def with_interval(interval: Interval) -> str:
    """A number ± its interval, for a cell."""
    return measured(Result(name="", value=interval.value, interval=(interval.low, interval.high)))


def percent(interval: Interval) -> str:
    """A share with its interval in percent, for a cell."""
    return (f"{fixed(100 * interval.value, 1)} [{fixed(100 * interval.low, 1)}, {fixed(100 * interval.high, 1)}]")


def distance_results(context: Context, rows: Sequence[Row]) -> list[Result]:
    """The Fréchet distance of each row beside that of real digits, without a verdict; the first says what it is in."""
    return [_distance(context, each, first=each is rows[0]) for each in rows]


def kernel_no_worse(context: Context, each: Row, other: Row) -> Result:
    """The kernel distance of a row, which is to be at most that of another and the error of their difference.

    The Fréchet distance of some hundred pictures hangs on a few odd ones: its intervals hold everything. The kernel
    distance has no bias, and its error is small enough to tell samplers apart.
    """
    judge, mine, theirs = clean_judge(context), each.scored.scores, other.scored.scores
    error = _NORMAL * math.hypot(mine.kid_error, theirs.kid_error)
    return at_most(Result(name=f"{judge.kernel} of {each.name} at {each.steps} steps", value=mine.kid,
                          known=theirs.kid, known_name=f"{other.name} at {other.steps} steps",
                          interval=(mine.kid - _NORMAL * mine.kid_error, mine.kid + _NORMAL * mine.kid_error),
                          n=mine.n, seeds=(context.seed,),
                          tolerance="no worse: above it by at most 1.96 standard errors of the difference"),
                   theirs.kid + error)


def _distance(context: Context, each: Row, *, first: bool) -> Result:
    judge, known, scores = clean_judge(context), floor(context), each.scored.scores
    return Result(name=f"{judge.distance}: {each.name}, {each.steps} steps", value=scores.frechet,
                  known=known.mean("frechet"), known_name=REAL, interval=scores.frechet_interval, n=scores.n,
                  seeds=(context.seed,), formula=about(judge, scores) if first else "")
