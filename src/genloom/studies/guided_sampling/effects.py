"""S0.27: what guidance does to diversity, quality and class correspondence."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from genloom.metrics.interval import Interval
from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, canvas, styled
from genloom.report.numbers import at_least, at_most, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.guided_sampling.axes import plain_log
from genloom.studies.guided_sampling.judges import (
    Judge,
    Real,
    Scored,
    about,
    clean_judge,
    diversity,
    kept,
    noisy_judge,
    real,
    real_distances,
)
from genloom.studies.guided_sampling.tables import percent, with_interval
from genloom.studies.guided_sampling.ways import WAYS, Way, guided
from genloom.studies.guided_sampling.work import digits
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Point(NamedTuple):
    """A way at a scale.

    quality     Fréchet distance over that of as many real test digits
    diversity   within a class, over that of real digits
    """

    way: Way
    scale: float
    scored: Scored
    quality: Interval
    diversity: Interval


@deliverable("S0.27", "What guidance does",
             question="Describe the effect of the guidance's intensity on diversity, quality and class correspondence.")
def effects(context: Context) -> Answer:
    """Curves over the scale for every way, beside real test digits, and the table behind them."""
    found, known = points(context), _known(context, WAYS[0])
    return Answer(
        text=(
            _judges(context),
            _classes(found, known),
            _diversity(found),
            _quality(found),
            "Diversity is the mean distance between the features of two pictures of one class, over that of real ones: "
            "1 is as varied as real digits. Quality is the Fréchet distance over that of as many real test digits. "
            "Precision and density say how many pictures look real, recall and coverage how much of the real ones is "
            "reached: guidance moves the first two up and the last two down where it trades one for the other.",
        ),
        figures=(_figure(context, found, known),), tables=(_table(context, found),),
        results=(*_chance(context, found), *_verdicts(context, found), _real_diversity(context)),
        source="Dhariwal & Nichol 2021, §4.3 and Fig. 4; Ho & Salimans 2022, §4; Kynkäänniemi et al. 2019; "
               "Naeem et al. 2020",
    )


def judge_of(context: Context, way: Way) -> Judge:
    """The classifier that judges a way: never the one that guides it."""
    return noisy_judge(context) if way.key == "clean-classifier" else clean_judge(context)


def points(context: Context) -> list[Point]:
    """Every way at every scale."""
    return [context.once(("point", way.key, scale), partial(_point, context, way, scale))
            for way in WAYS for scale in digits(context).sizes.scales]


def _point(context: Context, way: Way, scale: float) -> Point:
    judge, found, floor = judge_of(context, way), guided(context, way, scale), _known(context, way).mean("frechet")
    scored = judge.score(found)
    low, high = scored.scores.frechet_interval or (math.nan, math.nan)
    quality = Interval(scored.scores.frechet / floor, low / floor, high / floor, scored.scores.n)
    return Point(way, scale, scored, quality,
                 diversity(judge, found.pictures, found.labels, real_distances(context, judge)))


def _known(context: Context, way: Way) -> Real:
    return real(context, judge_of(context, way), digits(context).sizes.guided)


def _at(found: Sequence[Point], key: str, scale: float) -> Point:
    return next(each for each in found if each.way.key == key and each.scale == scale)


def _top(found: Sequence[Point]) -> float:
    return max(each.scale for each in found)


def _judges(context: Context) -> str:
    sizes, clean, noisy = digits(context).sizes, clean_judge(context), noisy_judge(context)
    return (f"No guide judges itself. The classifier of clean digits ({clean.name}) judges every way but its own: "
            f"the classifier of noised digits ({noisy.name}), shown the pictures as all but free of noise, judges that "
            "one. The features in which distances and neighbours are taken are the judge's too, and so is the floor of "
            f"real digits that they stand beside. Each point is {sizes.guided} pictures, drawn in "
            f"{sizes.guided_steps} steps from the same starts.")


def _classes(found: Sequence[Point], known: Real) -> str:
    top = _top(found)
    parts = []
    for way in WAYS:
        low, high = (_at(found, way.key, scale).scored.agreement.value for scale in (0.0, top))
        parts.append(f"{way.name} from {fixed(100 * low, 0)} to {fixed(100 * high, 0)}")
    return (f"Class correspondence, in percent of pictures, from scale 0 to {top:g}: {'; '.join(parts)}. The judge "
            f"knows {fixed(100 * known.agreement.value, 1)} % of real test digits. Scale 0 of a classifier knows "
            "nothing of the class and is at chance; autoguidance is told the class at every scale.")


def _diversity(found: Sequence[Point]) -> str:
    top = _top(found)
    rows = sorted((_at(found, way.key, top).diversity.value, way.name) for way in WAYS)
    least, most = rows[0], rows[-1]
    free = [_at(found, "classifier-free", scale).diversity.value for scale in (1.0, top)]
    return (f"Diversity within a class at scale {top:g} is least for {least[1]}, {fixed(least[0], 2)} of real digits', "
            f"and greatest for {most[1]}, {fixed(most[0], 2)}. Classifier-free guidance goes from {fixed(free[0], 2)} "
            f"at scale 1 to {fixed(free[1], 2)}; within an interval alone it is "
            f"{fixed(_at(found, 'interval', top).diversity.value, 2)}.")


def _quality(found: Sequence[Point]) -> str:
    best = {way.name: min((each for each in found if each.way is way), key=lambda each: each.quality.value)
            for way in WAYS}
    said = ", ".join(f"{name} at {each.scale:g} ({number(each.quality.value, 3)})" for name, each in best.items())
    return (f"The scale at which each way comes nearest to real digits, with its distance over theirs: {said}. It is "
            "the scale of the least of several numbers, so the least itself flatters; the intervals in the figure say "
            "how much.")


def _chance(context: Context, found: Sequence[Point]) -> list[Result]:
    """Unguided pictures agree with classes that they were not told as often as chance says: 1/K."""
    chance, results = 1 / digits(context).classes, []
    for key in ("classifier-ddpm", "classifier-ddim"):
        each = _at(found, key, 0.0).scored.agreement
        result = Result(name=f"class agreement: {_at(found, key, 0.0).way.name}, scale 0", value=each.value,
                        known=chance, known_name="chance: the classes are asked for in turn",
                        interval=(each.low, each.high), n=each.n, tolerance="within 4 standard errors")
        results.append(near(result, 4 * math.sqrt(chance * (1 - chance) / each.n)))
    return results


def _verdicts(context: Context, found: Sequence[Point]) -> list[Result]:
    top, results = _top(found), []
    for way in WAYS[:-1]:
        each, before = _at(found, way.key, top), _at(found, way.key, 0.0)
        seen = each.scored.agreement
        results.append(at_least(Result(
            name=f"class agreement: {way.name}, scale {top:g}", value=seen.value,
            known=_known(context, way).agreement.value, known_name="real test digits", interval=(seen.low, seen.high),
            n=seen.n, tolerance="above the interval of scale 0"), before.scored.agreement.high))
    for key in ("classifier-free", "classifier-ddim"):
        each, before = _at(found, key, top), _at(found, key, 1.0)
        results.append(at_most(Result(name=f"diversity: {each.way.name}, scale {top:g}", value=each.diversity.value,
                                      known=1.0, known_name="real test digits",
                                      interval=(each.diversity.low, each.diversity.high), n=each.scored.scores.n,
                                      formula=about(judge_of(context, each.way), each.scored.scores),
                                      tolerance="below that of scale 1"), before.diversity.value))
    return results


def _real_diversity(context: Context) -> Result:
    """Other real digits, as many as are drawn, beside the real ones that diversity is measured by."""
    judge, whole, count = clean_judge(context), kept(digits(context)), digits(context).sizes.guided
    found = diversity(judge, whole.pictures[-count:], whole.labels[-count:], real_distances(context, judge))
    return near(Result(name="diversity of real test digits, as many", value=found.value, known=1.0,
                       known_name="real test digits", interval=(found.low, found.high), n=count), 0.15)


def _table(context: Context, found: Sequence[Point]) -> Table:
    rows = [(each.way.name, f"{each.scale:g}", percent(each.scored.agreement), with_interval(each.diversity),
             with_interval(each.quality), *(fixed(getattr(each.scored.scores, name), 2) for name in _SHARES))
            for each in found]
    for judge, words in ((clean_judge(context), "real test digits"),
                         (noisy_judge(context), "real, to the judge of the clean classifier")):
        known = real(context, judge, digits(context).sizes.guided)
        rows.append((words, "—", percent(known.agreement), "1", "1", *(fixed(known.mean(name), 2) for name in _SHARES)))
    return Table(header=("way", "scale", "class agreement, %", "diversity", "distance over real", *_SHARES),
                 rows=tuple(rows), caption=f"{digits(context).sizes.guided} pictures in each row, 95 % intervals.")


_SHARES = ("precision", "recall", "density", "coverage")
_PANELS = ("precision", "recall", "coverage")


def _figure(context: Context, found: Sequence[Point], known: Real) -> Figure:
    scales = digits(context).sizes.scales
    figure, axes = canvas(9.4, 7.0, 2, 3, sharex=True)
    panels: tuple[tuple[str, Callable[[Point], Interval], float], ...] = (
        ("class agreement", lambda point: point.scored.agreement, known.agreement.value),
        ("diversity within a class", lambda point: point.diversity, 1.0),
        ("Fréchet distance over real", lambda point: point.quality, 1.0),
        *((name, partial(_share, name), known.mean(name)) for name in _PANELS))
    for axis, (name, take, line) in zip(axes, panels, strict=True):
        _panel(axis, found, scales, take, line)
        axis.set_title(name)
    axes[2].set_yscale("log")
    plain_log(axes[2].yaxis)
    for axis in axes[3:]:
        axis.set_xlabel("scale")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4)
    return context.figure(figure, "guidance-effects", run=digits(context).trained,
                          caption="Every way over its scale, with 95 % intervals where there are any. Dashed: as many "
                                  "real test digits, seen by the classifier of clean digits.",
                          alt="Six panels over the scale with a curve for each way: class agreement, diversity, "
                              "distance, precision, recall and coverage, each with a dashed line of real digits")


def _share(name: str, each: Point) -> Interval:
    value = getattr(each.scored.scores, name)
    return Interval(value, value, value, each.scored.scores.n)


@styled()
def _panel(axis: "Axes", found: Sequence[Point], scales: Sequence[float], take: Callable[[Point], Interval],
           line: float) -> None:
    for k, way in enumerate(WAYS):
        rows = [take(_at(found, way.key, scale)) for scale in scales]
        values = [each.value for each in rows]
        bars = [[each.value - each.low for each in rows], [each.high - each.value for each in rows]]
        places = [i + 0.05 * (k - 2.5) for i in range(len(scales))]  # apart, so that bars can be told from one another
        axis.errorbar(places, values, yerr=None if bars[0] == bars[1] == [0.0] * len(rows) else bars, color=COLORS[k],
                      marker=MARKERS[k], markersize=4, linewidth=1.2, elinewidth=0.8, label=way.name)
    axis.axhline(line, color=KNOWN, linewidth=1.1, linestyle=DASHED, label="real test digits")
    axis.set_xticks(range(len(scales)), [f"{scale:g}" for scale in scales])
