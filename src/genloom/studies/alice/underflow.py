"""Where a plain product of probabilities becomes 0, measured and predicted."""

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from genloom.autoregressive.products import product
from genloom.autoregressive.scoring import score
from genloom.metrics.interval import Interval, mean_interval
from genloom.report.numbers import fixed, near, number
from genloom.report.results import Result, Table
from genloom.studies.alice.work import model
from genloom.studies.context import Context

KINDS = ("float32", "float64")
_EXCERPT = 6000  # tokens of test text
_SHARE = 0.1  # of the predicted length
_ROOM = 4


class Lengths(NamedTuple):
    """After how many tokens products become 0, over stretches of test text one after the other.

    measured    by multiplying, `summed` by the sums of logarithms alone, in which nothing is rounded
    expected    limit/μ + E[x²]/(2 μ²), with x = −log p and μ its mean: the limit, and by how much the last token
                overshoots it [Feller 1971, XI.3]
    limit       nats below which a product is rounded to 0
    """

    kind: str
    measured: Interval
    summed: float
    expected: float
    limit: float


def limit(kind: str) -> float:
    """−log of half the smallest number there is, below which a product is rounded to 0.

    >>> round(limit("float32"), 3), round(limit("float64"), 3)
    (103.972, 745.133)
    """
    of = np.finfo(np.float32 if kind == "float32" else np.float64)
    return (of.nmant - of.minexp + 1) * math.log(2)  # the smallest is 2^(minexp − nmant), even where it is flushed to 0


def excerpt(context: Context) -> list[float]:
    """log p of the tokens of some of the test text, one after the other."""
    return context.once("excerpt", partial(_excerpt, context))


def _excerpt(context: Context) -> list[float]:
    made, found = model(context), list[float]()
    for each in made.experiment.test.stretches:
        ids = each[: _EXCERPT - len(found) + 1].tolist()
        if len(ids) > 1:
            found += score(made.gpt, ids[1:], ids[:1]).log_probs.tolist()
    return found


def lengths(context: Context) -> tuple[Lengths, ...]:
    """Of both kinds of numbers; one is left out of which the test text has no stretch that is long enough."""
    return context.once("lengths", lambda: tuple(
        found for kind in KINDS if (found := _lengths(excerpt(context), kind)) is not None))


def _lengths(logs: Sequence[float], kind: str) -> Lengths | None:
    costs, most = -np.asarray(logs), limit(kind)
    mean = float(costs.mean())
    measured, summed = multiplied(logs, kind), crossed(costs, most)
    if not measured or not summed:
        return None
    expected = most / mean + float((costs**2).mean()) / (2 * mean**2)
    return Lengths(kind, mean_interval([float(count) for count in measured]), sum(summed) / len(summed), expected, most)


def multiplied(logs: Sequence[float], kind: str) -> list[int]:
    """How many factors make each product 0: the next product begins where the one before it has ended.

    >>> multiplied([-50.0] * 10, "float32")
    [3, 3, 3]
    """
    found, start = list[int](), 0
    room = int(_ROOM * limit(kind) / max(1e-9, -sum(logs) / max(1, len(logs)))) + 64
    while (zero := product(logs[start : start + room], kind).zero) is not None:
        found.append(zero + 1)
        start += zero + 1
    return found


def crossed(costs: np.ndarray, most: float) -> list[int]:
    """The same by sums: how many costs go beyond the limit.

    >>> crossed(np.full(10, 50.0), 103.97)
    [3, 3, 3]
    """
    found, total, count = list[int](), 0.0, 0
    for cost in costs.tolist():
        total, count = total + cost, count + 1
        if total > most:
            found.append(count)
            total, count = 0.0, 0
    return found


def underflow_said(context: Context) -> str:
    """How long a text may be before its probability is 0 to the machine."""
    found = lengths(context)
    if not found:
        return "The test text is too short for a product to become 0."
    told = "; ".join(f"in {each.kind} after {fixed(each.measured.value, 1)} tokens on average, predicted "
                     f"{fixed(each.expected, 1)}" for each in found)
    return (f"Why logarithms: multiplied one after another, the probabilities of test text become 0 {told}. A product "
            f"loses digits before that, below the smallest number of full precision. The sum of logarithms of a whole "
            "book is an ordinary number.")


def product_results(logs: Sequence[float]) -> list[Result]:
    """The sentence's own product beside exp of its sum."""
    total, found = math.fsum(logs), []
    for kind in KINDS:
        each = product(logs, kind)
        result = Result(name=f"product of the sentence's probabilities in {kind}, over exp(sum)", known=1.0,
                        value=each.value / math.exp(total) if total > -700 else None, n=len(logs),
                        known_name="exp(Σ log p)")
        whole = each.loses is None and total > -700
        found.append(near(result, 1e-4 if kind == "float32" else 1e-11) if whole else result)
    return found


def underflow_results(context: Context) -> list[Result]:
    """Tokens until 0, measured, by sums, and by the mean."""
    rows = []
    for each in lengths(context):
        name, n = f"tokens until the product is 0 in {each.kind}", each.measured.n
        interval = (each.measured.low, each.measured.high)
        rows.append(near(Result(name=name, value=each.measured.value, known=each.expected, n=n, interval=interval,
                                known_name="limit/μ + E[x²]/(2 μ²)"), _SHARE * each.expected))
        rows.append(near(Result(name=f"{name}, beside sums", value=each.measured.value, known=each.summed, n=n,
                                known_name="where Σ −log p passes the limit"), max(1.0, 0.02 * each.summed)))
    return rows


def underflow_table(context: Context, logs: Sequence[float]) -> Table:
    """Both kinds of numbers: the sentence's product, and how long texts may be."""
    rows, by_kind = [], {each.kind: each for each in lengths(context)}
    for kind in KINDS:
        mine, each = product(logs, kind), by_kind.get(kind)
        state = ("0" if mine.value == 0 else number(mine.value)) + (
            f", digits lost from token {mine.loses + 1}" if mine.loses is not None else "")
        rows.append((kind, state, fixed(limit(kind), 2), *(("—", "—", "—") if each is None else (
            fixed(each.measured.value, 1), fixed(each.summed, 1), fixed(each.expected, 1)))))
    return Table(header=("numbers", "product of the sentence", "limit, nats", "tokens until 0, measured", "by sums",
                         "by the mean"), rows=tuple(rows),
                 caption=f"Plain products of probabilities; {len(excerpt(context)):,} tokens of test text.")
