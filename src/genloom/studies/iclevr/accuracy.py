"""S1.15 to S1.18: how many labels of both lists are found in the pictures of both models."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from genloom.data.images.labelsets import named
from genloom.metrics.interval import Interval
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_least, fixed
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import HOW, Judged, cell, judged, kept, real
from genloom.studies.iclevr.work import Diffusion, Model, ddpm, drawn, gan, guide, judge, names, seeds, sets_of
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOALS = {("GAN", "laptop"): 0.60, ("GAN", "gpu"): 0.80, ("DDPM", "laptop"): 0.80, ("DDPM", "gpu"): 0.95}
"""What a model of a tier is to reach on each list."""
FULL_MARKS = 0.80
_GRADES = ((0.8, 100), (0.7, 90), (0.6, 80), (0.5, 70), (0.4, 60))
_HARD = 6
_QUESTION = "Give the classification accuracy of the {} on {}.json by the evaluator."


@deliverable("S1.15", "Accuracy of the GAN on test", question=_QUESTION.format("GAN", "test"))
def gan_test(context: Context) -> Answer:
    """The GAN on test."""
    return accuracy(context, gan(context), "test")


@deliverable("S1.16", "Accuracy of the GAN on new_test", question=_QUESTION.format("GAN", "new_test"))
def gan_new_test(context: Context) -> Answer:
    """The GAN on new_test."""
    return accuracy(context, gan(context), "new_test")


@deliverable("S1.17", "Accuracy of the DDPM on test", question=_QUESTION.format("DDPM", "test"))
def ddpm_test(context: Context) -> Answer:
    """The DDPM on test."""
    return accuracy(context, ddpm(context), "test")


@deliverable("S1.18", "Accuracy of the DDPM on new_test", question=_QUESTION.format("DDPM", "new_test"))
def ddpm_new_test(context: Context) -> Answer:
    """The DDPM on new_test."""
    return accuracy(context, ddpm(context), "new_test")


def grade(score: float) -> int:
    """Percent of the marks that the course gives for an accuracy.

    >>> [grade(score) for score in (0.83, 0.8, 0.75, 0.39)]
    [100, 100, 90, 0]
    """
    return next((percent for least, percent in _GRADES if score >= least), 0)


def accuracy(context: Context, model: Model, listed: str) -> Answer:
    """The accuracy of a model on a list with every seed, beside real pictures of the same sets, chance and the goal."""
    found, known = judged(context, model, listed, judge(context)), real(context, listed, judge(context))
    return Answer(
        text=(HOW, _score(context, model, listed, found, known), _who(context, model, listed),
              _mistakes(context, found), _hard(context, listed, found)),
        figures=(_figure(context, model, listed, found),),
        tables=(_table(context, model, listed), _errors(context, found, known), _sets(context, listed, found)),
        results=tuple(_results(context, model, listed, found, known)),
        formula="accuracy = Σ |top-k of the evaluator ∩ labels| / Σ k,   k = number of labels",
        source="the course's evaluator.py; intervals: Davison & Hinkley 1997, §3.8",
    )


def _score(context: Context, model: Model, listed: str, found: Judged, known: Judged) -> str:
    share, luck = found.micro, found.chance
    each = ", ".join(f"{value:.3f}" for value in by_seed(context, model, listed))
    kind = "kept-back pictures" if known.sets < found.sets else "pictures"
    return (f"Over sampling seeds {', '.join(map(str, seeds(context)))} the {model.said} has {each}, in the mean "
            f"{share.value:.3f} [{share.low:.3f}, {share.high:.3f}]. In the course's table that is "
            f"{grade(share.value)} percent of the marks; full marks begin at {FULL_MARKS}. Who knows nothing of the "
            f"labels has {luck.micro:.3f}. The judge itself names {known.micro.value:.3f} of the labels of real {kind} "
            f"with {known.sets} of these {found.sets} sets, which it has never seen: more than that could not be told "
            "from a perfect model.")


def by_seed(context: Context, model: Model, listed: str) -> list[float]:
    """The accuracy of each sampling seed."""
    sets = sets_of(context, listed)
    return [judge(context).accuracy(drawn(context, model).of(listed, seed), sets).micro.value
            for seed in seeds(context)]


def read_in_training(context: Context, model: Model) -> bool:
    """Whether evaluator a had a part in the training."""
    return not isinstance(model, Diffusion) and model.experiment.guide is not None


def _who(context: Context, model: Model, listed: str) -> str:
    mine, other = (judged(context, model, listed, each(context)).micro for each in (judge, guide))
    own = kept(context, judge(context)).micro.value
    gap = 100 * (other.value - mine.value)
    part = ("Evaluator a read the GAN's pictures while it learned, and does not judge it" if
            read_in_training(context, model) else "Nobody guided these pictures")
    return (f"The judge is evaluator b, which names {own:.3f} of the labels of all real pictures that it was not "
            f"trained on, and has no part in any training or sampling. {part}; a sees {other.value:.3f} in the same "
            f"pictures, {fixed(abs(gap), 1)} points {'more' if gap >= 0 else 'less'} than b.")


def _mistakes(context: Context, found: Judged) -> str:
    share, _ = found.mistakes(names(context))
    counts = "; ".join(f"{each.value:.3f} of pictures with {k}" for k, each in found.by_count().items())
    return (f"By the number of labels: {counts}. Of the labels that are missed "
            f"{_part(share.shape_wrong, share.right)} are there in their colour and another shape, "
            f"{_part(share.colour_wrong, share.right)} in their shape and another colour, and "
            f"{_part(share.both_wrong, share.right)} in neither.")


def _part(share: float, right: float) -> str:
    return f"{share / (1 - right):.0%}" if right < 1 else "0%"


def _hard(context: Context, listed: str, found: Judged) -> str:
    rows = _by_set(context, listed, found)
    worst = [f"{{{', '.join(words)}}} {share:.2f}" for words, share in rows[:3]]
    perfect = sum(share == 1 for _, share in rows)
    return (f"All labels are found with every seed in {perfect} of {len(rows)} sets; the hardest are "
            f"{', '.join(worst)}.")


def _by_set(context: Context, listed: str, found: Judged) -> list[tuple[tuple[str, ...], float]]:
    """Each label set with its accuracy over all seeds, the hardest first."""
    words = named(sets_of(context, listed), names(context))
    shares = [float(found.found.part(found.groups == k).hits.double().mean()) / len(each)
              for k, each in enumerate(words)]
    return sorted(zip(words, shares, strict=True), key=lambda row: row[1])


def _table(context: Context, model: Model, listed: str) -> Table:
    who = {f"{model.said}, by b (the judge)": partial(judged, context, model, listed, judge(context)),
           f"{model.said}, by a" + (" (read it in training)" if read_in_training(context, model) else ""):
               partial(judged, context, model, listed, guide(context)),
           "real pictures, by b": partial(real, context, listed, judge(context)),
           "real pictures, by a": partial(real, context, listed, guide(context))}
    rows = []
    for words, work in who.items():
        found = work()
        counts = found.by_count()
        rows.append((words, str(len(found.groups)), str(found.sets), cell(found.micro), cell(found.share.macro),
                     cell(found.share.whole), *(f"{counts[k].value:.3f}" if k in counts else "—" for k in (1, 2, 3))))
    luck = judged(context, model, listed, judge(context)).chance
    rows.append(("chance", "—", "—", f"{luck.micro:.3f}", f"{luck.macro:.3f}", f"{luck.whole:.4f}",
                 *(f"{k / len(names(context)):.3f}" for k in (1, 2, 3))))
    return Table(header=("", "pictures", "sets", "micro", "macro", "all labels", "of 1", "of 2", "of 3"),
                 rows=tuple(rows), caption="Micro is over labels, macro over pictures, \"all labels\" the share of "
                                           "pictures of which all labels are found; each label set weighs once. Real "
                                           "pictures are of the same sets, as far as there are any that no evaluator "
                                           "was trained on.")


def _errors(context: Context, found: Judged, known: Judged) -> Table:
    (mine, even), (theirs, _) = (each.mistakes(names(context)) for each in (found, known))
    said = ("found", "colour right, shape wrong", "shape right, colour wrong", "both wrong")
    rows = tuple((name, *(fixed(value, 3) for value in values))
                 for name, *values in zip(said, mine, even, theirs, strict=True))
    return Table(header=("labels that are", "share", "mistakes evenly", "real pictures"), rows=rows,
                 caption="What becomes of labels; evenly: as many mistakes, fallen evenly on all other objects. Each "
                         "picture weighs once.")


def _sets(context: Context, listed: str, found: Judged) -> Table:
    rows = tuple((", ".join(words), fixed(share, 2)) for words, share in _by_set(context, listed, found)[:_HARD])
    return Table(header=("label set", "found"), rows=rows, caption=f"The {_HARD} hardest sets, over all seeds.")


def _results(context: Context, model: Model, listed: str, found: Judged, known: Judged) -> Iterator[Result]:
    goal, share, name = GOALS[model.said, context.tier], found.share, f"accuracy of the {model.said} on {listed}"
    used, who = tuple(seeds(context)), f"real pictures of {known.sets} of the {found.sets} sets, same judge"
    first = Result(name=name, value=share.micro.value, known=known.micro.value, known_name=who, n=share.micro.n,
                   seeds=used, interval=(share.micro.low, share.micro.high),
                   tolerance=f"at least {goal:.2f}, the goal of this tier")
    yield at_least(first, goal)
    yield Result(name=f"{name}, mean over pictures", value=share.macro.value, known=known.share.macro.value,
                 known_name=who, n=share.macro.n, seeds=used, interval=(share.macro.low, share.macro.high))
    luck = found.chance
    yield at_least(Result(name=f"{name}, beside chance", value=share.micro.value, known=luck.micro, seeds=used,
                          known_name="k²/24 of k labels", n=share.micro.n,
                          tolerance="above it by four standard deviations"), luck.micro + 4 * luck.spread)
    yield Result(name=f"{name}, marks in the course's table", value=grade(share.micro.value), unit="%", known=100,
                 known_name=f"from {FULL_MARKS} on")
    other = judged(context, model, listed, guide(context)).micro
    yield Result(name=f"the same as evaluator a sees it{', who read it' if read_in_training(context, model) else ''}",
                 value=other.value, known=share.micro.value, known_name="evaluator b, who judges", n=other.n,
                 seeds=used, interval=(other.low, other.high))
    own = kept(context, judge(context))
    yield at_least(Result(name="labels that the judge names in real pictures", value=own.micro.value,
                          known=own.chance.micro, known_name="chance", n=own.micro.n,
                          interval=(own.micro.low, own.micro.high),
                          tolerance="at least 0.98, to be a judge"), 0.98)


def _figure(context: Context, model: Model, listed: str, found: Judged) -> Figure:
    figure, (axes,) = canvas(7.6, 2.9)
    known = real(context, listed, judge(context))
    _bars(axes, {"all": (found.micro, known.micro), **{
        f"{k} label{'s' * (k > 1)}": (share, known.by_count().get(k)) for k, share in found.by_count().items()}})
    goal = GOALS[model.said, context.tier]
    axes.axhline(goal, color=KNOWN, linewidth=1.1, linestyle=DASHED, label=f"goal {goal:.2f}")
    luck = found.chance.micro
    axes.axhline(luck, color=KNOWN, linewidth=1.1, linestyle=":", label=f"chance {luck:.2f}")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center")
    return context.figure(figure, f"accuracy-{model.said.lower()}-{listed}", run=model.trained,
                          caption=f"Label accuracy of the {model.said} on {listed} by the number of labels, with 95 % "
                                  "intervals, beside real pictures of the same sets; dotted is chance for all of them.",
                          alt=f"Bars of accuracy: all {found.micro.value:.3f}, and by the number of labels "
                              f"{', '.join(f'{k}: {each.value:.3f}' for k, each in found.by_count().items())}")


@styled()
def _bars(axes: "Axes", shares: dict[str, tuple[Interval, Interval | None]]) -> None:
    for place, pair in enumerate(shares.values()):
        for k, share in enumerate(pair):
            if share is not None:
                axes.bar(place + 0.38 * (k - 0.5), share.value, 0.36, color=COLORS[(0, 5)[k]], alpha=(1, 0.75)[k],
                         yerr=[[share.value - share.low], [share.high - share.value]], ecolor="#555555",
                         label=("the model", "real pictures")[k] if place == 0 else None)
    axes.set_xticks(range(len(shares)), list(shares))
    axes.set(ylim=(0, 1.04), ylabel="label accuracy")
