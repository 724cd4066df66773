"""Counting, measured: as many objects as were asked for?"""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.interval import Interval
from genloom.recipes.show_labels import labels_canvas
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import at_least, fixed
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import cell
from genloom.studies.iclevr.work import ddpm, ddpm_recipe, names, unread
from genloom.studies.study import Answer, deliverable
from genloom.studies.text_to_image.own_model import HOW, Seen, drawn, real, sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KNOWN = (1, 2, 3)  # objects of the pictures of training
_BEYOND = 4
_MOST = 6  # objects from which on they are not told apart
_REAL = 1500  # pictures of the evaluator's own count


class Counted(NamedTuple):
    """How many objects an evaluator sees, and how many there should be, (N,) each."""

    seen: Seen
    said: Tensor
    asked: Tensor

    def exact(self, k: int | None = None) -> Interval:
        """Share of pictures, of k objects or of all, in which as many are seen as were asked for."""
        return self._share(self.said == self.asked, k)

    def mean(self, k: int) -> float:
        """Objects that are seen where k were asked for."""
        return float(self.said[self.asked == k].double().mean())

    def row(self, k: int) -> list[float]:
        """Shares of pictures of k objects in which 0, 1, … `_MOST` and more are seen."""
        counts = torch.bincount(self.said[self.asked == k].clamp(max=_MOST), minlength=_MOST + 1)
        return [float(each) / max(1, int(counts.sum())) for each in counts]

    def _share(self, which: Tensor, k: int | None) -> Interval:
        rows = torch.ones_like(which) if k is None else self.asked == k
        return Seen(self.seen.pictures[rows], self.seen.sets[rows], self.seen.groups[rows],
                    self.seen.logits[rows]).share(which[rows])


@deliverable("counts", "Counting", question="Ask for one, two or three objects: are there as many in the picture?")
def counts(context: Context) -> Answer:
    """The number of objects that an evaluator finds likelier than not, beside that in real pictures."""
    made, known = counted(context), context.once("real counts", lambda: _of_real(context))
    return Answer(
        text=(
            HOW,
            "An object counts as seen where the evaluator gives it more than one half. One who always draws as many is "
            f"right in a third of the pictures; the model is in {made.exact().value:.1%}, and real pictures are in "
            f"{known.exact().value:.1%}. " + "; ".join(
                f"asked for {k}, it shows {fixed(made.mean(k), 2)} on average" for k in _KNOWN) + ".",
            _verdict(made, known),
            _beyond(context),
            "Nor can it be asked for two red cubes: its words name kinds, a kind is there or not, and no training "
            "picture has a kind twice. A text can say it, and a model of texts then has to count.",
        ),
        figures=(_bars(context, made, known), _pictures(context, made)),
        tables=(_table(made, known),),
        results=tuple(_results(made, known)),
        source="Paiss et al. 2023; Binyamin et al. 2025",
    )


def sets_of(context: Context, k: int, count: int) -> Tensor:
    """Random label sets of k different objects, (count, K)."""
    things, random = len(names(context)), generator(context.seed, 0x636F756E74, k)
    chosen = torch.zeros(count, things, dtype=torch.uint8)
    for row in chosen:
        row[torch.randperm(things, generator=random)[:k]] = 1
    return chosen


def counted(context: Context) -> Counted:
    """What the evaluator counts in the model's pictures."""
    def work() -> Counted:
        sets = torch.cat([sets_of(context, k, sizes(context).counted) for k in _KNOWN])
        return count(drawn(context, sets, 1, "one, two and three objects"))

    return context.once("counts", work)


def count(seen: Seen) -> Counted:
    """Objects whose probability is above one half, which a logit of 0 is."""
    return Counted(seen, (seen.logits > 0).sum(1), seen.sets.sum(1).long())


def _of_real(context: Context) -> Counted:
    """Real pictures as they come that no evaluator was trained on; of scenes, rendered ones of the model's sets."""
    from genloom.data.images.augment import centre
    from genloom.studies.iclevr.work import judge, labels_of

    data = ddpm_recipe(context).data
    if data.source == "scenes":
        return count(real(context, torch.cat([sets_of(context, k, sizes(context).counted) for k in _KNOWN])))
    there = unread(context)
    pictures, sets = centre(there.pictures[:_REAL], data.size), labels_of(there)[:_REAL]
    return count(Seen(pictures, sets, torch.arange(len(sets)), judge(context).judged(pictures)))


def _verdict(made: Counted, known: Counted) -> str:
    own, limit = made.exact(), known.exact()
    if own.high >= limit.low:
        return "As far as the evaluator can tell it counts as well as real pictures do."
    wrong = max(_KNOWN, key=lambda k: known.exact(k).value - made.exact(k).value)
    way = "too few" if made.mean(wrong) < wrong else "too many"
    return (f"It counts less well than real pictures do, most of all where {wrong} were asked for: there are then "
            f"{way}, {fixed(made.mean(wrong), 2)} on average.")


def _beyond(context: Context) -> str:
    """What becomes of one object more than any training picture has."""
    try:
        found = context.once("beyond", lambda: count(drawn(context, sets_of(context, _BEYOND, sizes(context).counted),
                                                           1, "four objects")))
    except InputError as error:
        return (f"Four objects, one more than any training picture shows, it cannot even be asked for: {error}. What "
                "training never counts to, the model has no words for.")
    return (f"Asked for four objects, one more than any training picture shows, it draws "
            f"{fixed(found.mean(_BEYOND), 2)} on average, and exactly four in {found.exact().value:.1%}.")


def _table(made: Counted, known: Counted) -> Table:
    rows = []
    for name, each in (("the model", made), ("real pictures", known)):
        there = [k for k in _KNOWN if bool((each.asked == k).any())]
        rows += [(f"{name}, {k}", str(int((each.asked == k).sum())), cell(each.exact(k)), fixed(each.mean(k), 2),
                  *(fixed(value, 3) for value in each.row(k))) for k in there]
    head = (*(f"{k} seen" for k in range(_MOST)), f"{_MOST} or more")
    return Table(header=("asked for", "pictures", "exactly as many", "mean", *head), rows=tuple(rows),
                 caption="Objects that the evaluator finds likelier than not.")


def _results(made: Counted, known: Counted) -> list[Result]:
    n = len(made.said)
    limit = 1 / 3 + 4 * (2 / 9 / n) ** 0.5
    whole, found = made.exact(), [Result(
        name="real pictures with as many objects as they have", value=known.exact().value, known=1.0,
        known_name="a perfect evaluator", n=known.exact().n, interval=(known.exact().low, known.exact().high))]
    found.append(at_least(Result(
        name="pictures with as many objects as were asked for", value=whole.value, known=1 / 3, n=n,
        known_name="always as many", interval=(whole.low, whole.high),
        tolerance=f"above {fixed(limit, 3)}, four standard deviations"), limit))
    for k in _KNOWN:
        own = made.exact(k)
        beside = known.exact(k).value if bool((known.asked == k).any()) else None
        found.append(Result(name=f"the same where {k} {'was' if k == 1 else 'were'} asked for", value=own.value,
                            known=beside, known_name="real pictures", n=own.n, interval=(own.low, own.high)))
    return found


def _bars(context: Context, made: Counted, known: Counted) -> Figure:
    figure, axes = canvas(8.4, 2.7, 1, len(_KNOWN), sharey=True)
    _draw_bars(axes, made, known)
    return context.figure(figure, "counts", run=ddpm(context).trained,
                          caption="How many objects the evaluator sees where one, two and three were asked for: in the "
                                  "model's pictures and in real ones.",
                          alt="; ".join(f"asked for {k}: the model shows {fixed(made.mean(k), 2)} on average"
                                        for k in _KNOWN))


@styled()
def _draw_bars(axes: "list[Axes]", made: Counted, known: Counted) -> None:
    for place, k in zip(axes, _KNOWN, strict=True):
        where = torch.arange(_MOST + 1).double()
        place.bar(where - 0.2, made.row(k), 0.38, color=COLORS[0], label="the model")
        place.bar(where + 0.2, known.row(k), 0.38, color=COLORS[1], hatch="///", edgecolor="white", linewidth=0,
                  label="real pictures")
        place.set(title=f"asked for {k}", xlabel="objects seen", ylim=(0, 1.05))
        place.set_xticks(range(_MOST + 1))
    axes[0].set_ylabel("share of pictures")
    axes[-1].legend(loc="upper left")


def _pictures(context: Context, made: Counted) -> Figure:
    places = [int(k) for asked in _KNOWN for k in (made.asked == asked).nonzero()[:8, 0]]
    pictures, sets = made.seen.pictures[places], made.seen.sets[places]
    said = made.seen.logits[places] > 0
    return context.figure(labels_canvas(pictures, sets, names(context), said), "counts-pictures",
                          run=ddpm(context).trained,
                          caption="The first pictures of one, of two and of three objects; ✗ marks an object that the "
                                  "evaluator gives less than one half.",
                          alt=f"{len(places)} pictures with the names of the objects that were asked for")
