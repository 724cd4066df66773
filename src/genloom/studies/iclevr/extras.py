"""S1.23: what every choice is worth, in one table: prediction, schedule, conditioning, and the scale of guidance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from genloom.metrics.interval import Interval
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr import ablation
from genloom.studies.iclevr.ablation import Row
from genloom.studies.iclevr.axes import plain_log
from genloom.studies.iclevr.by_level import linear_errors, relative
from genloom.studies.iclevr.guided import FREE, Point, points
from genloom.studies.iclevr.judged import cell
from genloom.studies.iclevr.work import ddpm
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BOTH = 2  # the recipe's way to be told, and the other one


@deliverable("S1.23", "Extra experiments",
             question="Discuss your extra implementations and experiments: what is each choice worth?")
def ablations(context: Context) -> Answer:
    """Every variant on one budget, and guidance on the finished model."""
    found, told, scales = ablation.rows(context), ablation.rows(context, "conditioning"), points(context, FREE)
    return Answer(
        text=(ablation.budget(context), *_told(told), _order(found) + ablation.broken(context),
              "The scale of classifier-free guidance needs no training: its rows are of the finished model, by DDIM, "
              "as in S1.9. Further experiments follow: `swaps` changes one attribute and keeps the noise, `unseen` "
              "leaves label sets out of the training, `cost` counts minutes and joules, `copies` looks for copies."),
        figures=(_figure(context, found),),
        tables=(ablation.table(context, [_named(each) for each in found], "All variants of the recipe."),
                _scales(scales)),
        results=(*_difference(told), *ablation.results(context, told)),
        source="S1.7 to S1.9; Ho & Salimans 2022",
    )


def _told(told: Sequence[Row]) -> tuple[str, ...]:
    if len(told) < _BOTH:
        return ()
    words = {"tokens": "the sum and a token for each label", "labels": "the sum of the labels alone"}
    (first, one), (second, other) = ((words[each.variant.recipe.network.conditioning], each.judged.micro.value)
                                     for each in told)
    return (f"Told {first}, the recipe has {one:.3f} on this budget; told {second}, {other:.3f}.",)


def _order(found: Sequence[Row]) -> str:
    ranked = sorted(found, key=lambda each: -each.judged.micro.value)
    best, worst = ranked[0], ranked[-1]
    least = min(ranked, key=lambda each: each.errors[-1])
    return (f"Of {len(ranked)} trainings the most labels are found with {best.variant.said}, "
            f"{best.judged.micro.value:.3f}, the fewest with {worst.variant.said}, {worst.judged.micro.value:.3f}. The "
            f"least error of x̂0 at the highest noise, where it is decided what is there, has {least.variant.said}.")


def _difference(told: Sequence[Row]) -> tuple[Result, ...]:
    """Tokens against the sum, with the error of a difference of two independent shares."""
    if len(told) < _BOTH:
        return ()
    first, second = sorted(told, key=lambda each: each.variant.recipe.network.conditioning, reverse=True)
    gain = first.judged.micro.value - second.judged.micro.value
    half = sum((_half(each.judged.micro)) ** 2 for each in told) ** 0.5
    return (Result(name="label accuracy: tokens minus the sum alone", value=gain, known=0.0, known_name="no difference",
                   interval=(gain - half, gain + half), n=first.judged.micro.n),)


def _half(share: Interval) -> float:
    return (share.high - share.low) / 2


def _scales(scales: Sequence[Point]) -> Table:
    rows = tuple((f"{each.scale:g}", cell(each.by_judge.micro)) for each in scales)
    return Table(header=("scale of classifier-free guidance", "label accuracy"), rows=rows,
                 caption="The finished model, both lists, one seed, judged by evaluator b.")


def _figure(context: Context, found: Sequence[Row]) -> Figure:
    known = linear_errors(context, found[0].run.experiment)
    figure, axes = canvas(9.4, 0.36 * len(found) + 1.1, 1, 2, sharey=True)
    _dots(axes[0], found, [each.judged.micro for each in found])
    axes[0].axvline(found[0].judged.chance.micro, color=KNOWN, linewidth=1.1, linestyle=DASHED)
    axes[0].set_xlabel("label accuracy (dashed: chance)")
    errors = [relative(each.errors, known) for each in found]
    _dots(axes[1], found, [Interval(value, value, value, 1) for value in errors])
    axes[1].axvline(1.0, color=KNOWN, linewidth=1.1, linestyle=DASHED)
    axes[1].set(xlabel="error of x̂0 (dashed: best linear denoiser)", xscale="log")
    plain_log(axes[1].xaxis)
    return context.figure(figure, "ablations", run=ddpm(context).trained,
                          caption="Every variant of the recipe on one budget: labels that the judge finds, with 95 % "
                                  "intervals, and the error of x̂0 on kept-back pictures.",
                          alt="; ".join(f"{_name(each)}: accuracy {each.judged.micro.value:.3f}, error "
                                        f"{number(value, 3)}" for each, value in zip(found, errors, strict=True)))


_GROUPS = ("recipe", "schedule", "prediction", "conditioning")


def _name(each: Row) -> str:
    return each.variant.said if each.variant.group == "recipe" else f"{each.variant.group}: {each.variant.said}"


def _named(each: Row) -> Row:
    return each._replace(variant=each.variant._replace(said=_name(each)))


@styled()
def _dots(axes: "Axes", found: Sequence[Row], shares: Sequence[Interval]) -> None:
    for place, (each, share) in enumerate(zip(found, shares, strict=True)):
        axes.errorbar([share.value], [-place], xerr=[[share.value - share.low], [share.high - share.value]], marker="o",
                      color=COLORS[_GROUPS.index(each.variant.group)], elinewidth=0.9)
    axes.set_yticks([-place for place in range(len(found))], [_name(each) for each in found])
    axes.set_ylim(-len(found) + 0.5, 0.5)
