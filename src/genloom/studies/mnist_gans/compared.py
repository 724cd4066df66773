"""All losses on one budget: the convolutional pair, several seeds each."""

import math
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean

from genloom.metrics.interval import mean_interval
from genloom.recipes.gan_losses import LOSSES, updates
from genloom.report.numbers import at_most, fixed, measured, near, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.mnist_gans.compared_figures import pictures, points, told
from genloom.studies.mnist_gans.judges import REAL, STABLE, Judged, about, distance, floor, learned, limit, untrained
from genloom.studies.mnist_gans.rows import Row, findings, rows
from genloom.studies.mnist_gans.work import Played
from genloom.studies.study import Answer, deliverable

_MINUTES = 15.0
"""Of training for each loss, all seeds together, that a laptop should need at most."""


@deliverable("losses", "All losses on one budget",
             question="Train the convolutional pair with every loss on one budget, each with several seeds. How good "
                      "are the pictures, which digits are missing, and which losses are stable?")
def losses(context: Context) -> Answer:
    """One table of all losses: distance, digits, balance, stability, time."""
    found = rows(context)
    some = next(played for row in found for played, _ in row.finished)
    ranked = sorted((row for row in found if row.distances), key=lambda row: fmean(row.distances))
    return Answer(
        text=(_budget(some, found), _ranking(some, ranked), f"A run is called stable if {STABLE}. {_stability(found)}",
              *_said(found)),
        figures=(points(context, found, some), pictures(context, found), told(context, found)),
        tables=(_table(context, found, some), _options()),
        results=(_equal(found), *_stable_results(found), *_distances(context, found, some), *_times(context, found)),
        source="Lucic et al. 2018; the losses' own papers in the second table",
    )


def _budget(some: Played, found: Sequence[Row]) -> str:
    critics = max(row.options.loss.critic_steps for row in found)
    return (f"Every run has {updates(some.recipe):,} updates of its two networks together, with batches of "
            f"{some.recipe.engine.batch_size}: a loss with one update of the discriminator for each of the generator "
            f"takes {updates(some.recipe) // 2:,} steps, one with {critics} takes "
            f"{updates(some.recipe) // (critics + 1):,}, and its generator moves as often. Networks, noise and data "
            "are the same; penalties cost time beyond the updates, which the table tells. Critic steps, "
            "clipping and penalties are those of each loss's paper; learning rates are higher than there, for so small "
            "a budget, and others were looked at for three losses only: one that is far behind may be so by its rate.")


def _ranking(some: Played, ranked: Sequence[Row]) -> str:
    best, last = ranked[0], ranked[-1]
    apart: dict[bool, list[str]] = {True: [], False: []}
    for row in ranked[1:]:
        apart[worse(row, best)].append(row.options.said)
    said = [f"of {_list(apart[True])} it lies above 0"] if apart[True] else []
    said += [f"of {_list(apart[False])} it does not: these are not told from the least"] if apart[False] else []
    return (f"The least mean {distance(some)} has {best.options.said}, {number(fmean(best.distances), 3)}; the largest "
            f"{last.options.said}, {number(fmean(last.distances), 3)}. Points of one loss differ by their seed alone. "
            f"Student's 95 % interval of the difference from the least was taken over {len(best.distances)} seeds, "
            f"seed by seed; {'; '.join(said) or 'there is no other loss'}. The least was chosen by these very numbers, "
            "which favours it a little. For orientation: Lucic et al. 2018 have FIDs of 6.7 to 9.8 on MNIST, in the "
            "features of Inception and after a search over many options of each loss; numbers in other features are "
            "on another scale.")


def worse(row: Row, best: Row) -> bool:
    """Whether a loss is behind another one by more than its seeds explain, paired by seed."""
    common = sorted(set(row.by_seed) & set(best.by_seed))
    return len(common) > 1 and mean_interval([row.by_seed[k] - best.by_seed[k] for k in common]).low > 0


def _list(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _stability(found: Sequence[Row]) -> str:
    total = len(found[0].runs)
    always = [row.options.said for row in found if row.stable == total]
    others = [f"{row.options.said} in {row.stable} of {total}" for row in found if row.stable < total]
    said = f"In all {total} seeds that holds for {', '.join(always) or 'none'}"
    return f"{said}; for {', '.join(others)}." if others else f"{said}."


def _said(found: Sequence[Row]) -> Iterator[str]:
    """What the diagnosis said while each loss trained: the first of each kind."""
    for row in found:
        first = {finding.kind: (step, finding) for played, _ in reversed(row.finished)
                 for step, finding in reversed(findings(played))}
        for step, finding in first.values():
            yield f"{row.options.said}, at step {step}: {finding.said}. Remedy: {finding.remedy}."


def _mean(values: Sequence[float]) -> str:
    """A mean over seeds with Student's interval, for a cell."""
    if not values:
        return "—"
    found = mean_interval(values)
    ends = (found.low, found.high) if math.isfinite(found.low) else None
    return measured(Result(name="", value=found.value, interval=ends))


def _table(context: Context, found: Sequence[Row], some: Played) -> Table:
    real, total = floor(context, some), len(found[0].runs)
    body = [(row.options.said, _mean(row.distances), ", ".join(number(value, 3) for value in row.distances) or "—",
             ", ".join(str(each.classes.seen) for _, each in row.finished) or "—",
             *(_column(row, take, places) for take, places in _COLUMNS), f"{row.stable} of {total}",
             fixed(row.minutes, 1)) for row in found]
    body.append(("real digits", fixed(real.scores.frechet, 2), "—", str(real.classes.seen),
                 *(fixed(take(real), places) for take, places in _COLUMNS), "—", "—"))
    return Table(header=("loss", distance(some), "each seed", "digits seen", "KL", "coverage", "stable", "minutes"),
                 rows=tuple(body),
                 caption=f"{real.scores.n:,} pictures of each run; ± is Student's 95 % interval over seeds. KL of the "
                         f"classes from the data's in nats, {number(real.classes.expected, 2)} for fair draws; minutes "
                         "of training are those of all seeds.")


_COLUMNS: tuple[tuple[Callable[[Judged], float], int], ...] = (
    (lambda each: each.classes.divergence, 3), (lambda each: each.scores.coverage, 2))


def _column(row: Row, take: Callable[[Judged], float], places: int) -> str:
    return fixed(fmean(take(each) for _, each in row.finished), places) if row.finished else "—"


def _options() -> Table:
    body = []
    for name, each in LOSSES.items():
        penalty = "—" if each.penalty.kind == "none" else f"{each.penalty.kind}, {each.penalty.weight:g}"
        every = f", every {each.penalty.every} steps" if each.penalty.every > 1 else ""
        adam = each.optimizer
        body.append((each.said, name, str(each.loss.critic_steps), f"{each.loss.clip:g}" if each.loss.clip else "—",
                     penalty + every, f"{adam.lr:g}, {adam.beta1:g}, {adam.beta2:g}", each.source))
    return Table(header=("loss", "name", "critic steps", "clip", "penalty", "Adam: rate, β1, β2", "source"),
                 rows=tuple(body), caption="The options of each loss: LOSSES in genloom.recipes.gan_losses.")


def _equal(found: Sequence[Row]) -> Result:
    budgets = [updates(played.recipe) for row in found for played, _ in row.finished]
    return near(Result(name="updates of both networks: largest over smallest", value=max(budgets) / min(budgets),
                       known=1.0, known_name="one budget", n=len(budgets)), 0.01)


def _stable_results(found: Sequence[Row]) -> Iterator[Result]:
    for row in found:
        total, seeds = len(row.runs), tuple(row.runs)
        result = Result(name=f"stable seeds: {row.options.said}", value=row.stable, n=total, seeds=seeds, known=total,
                        known_name="all", tolerance="all or none: what is stable once is stable always")
        yield near(result, 0) if row.stable else result


def _distances(context: Context, found: Sequence[Row], some: Played) -> Iterator[Result]:
    real, fresh = floor(context, some).scores, untrained(context, some)
    for row in found:
        if row.distances:
            value = mean_interval(row.distances)
            yield at_most(Result(
                name=f"{distance(some)}: {row.options.said}", value=value.value, known=real.frechet, known_name=REAL,
                n=row.finished[0][1].scores.n, seeds=tuple(row.by_seed), source=row.options.source,
                interval=(value.low, value.high) if value.n > 1 else None, tolerance=learned(fresh),
                formula=about(some, row.finished[0][1].scores) if row is found[0] else ""), limit(fresh))


def _times(context: Context, found: Sequence[Row]) -> Iterator[Result]:
    trainings = [(minutes, row.options.said) for row in found for minutes in row.trainings]
    if not trainings:
        return
    longest, said = max(trainings)
    result = Result(name=f"longest training of one seed, {said}", value=longest, unit="min", known=_MINUTES,
                    known_name="laptop, at most", n=len(trainings),
                    formula="wall clock, and longer where the machine has other work")
    yield at_most(result, _MINUTES) if context.tier == "laptop" else result
