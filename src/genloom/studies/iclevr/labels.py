"""S1.1: the pictures and their label sets, as files and as vectors of zeros and ones."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import to_floats
from genloom.data.images.labelsets import COLOURS, SHAPES, multi_hot, named
from genloom.data.store import locate
from genloom.metrics.label_accuracy import LabelAccuracy
from genloom.report.figures import canvas, styled
from genloom.report.grids import rows_of
from genloom.report.numbers import at_least, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr import work
from genloom.studies.iclevr.judged import kept, rendered
from genloom.studies.iclevr.work import LISTS, asked, judge, labels_of, names, pictures, sets_of, unread
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES, SCENES, OBJECTS = 18_009, 6_003, 24
"""i-CLEVR's, as its own description counts them."""
IN_TRAINING = {"test": 31, "new_test": 32}
"""Label sets of each list that training pictures show, of 32."""
_SHOWN = 8
_RENDERS = 6


class Counted(NamedTuple):
    """What is in the pictures, training and kept-back ones together.

    sets     how many pictures show each label set
    objects  how many pictures show each object, (24,)
    scenes   number of scenes, and `grown` of those in which each frame has all objects of the one before and one more
    """

    sets: Counter[frozenset[str]]
    objects: Tensor
    scenes: int
    grown: int

    @property
    def pictures(self) -> int:
        """All of them."""
        return sum(self.sets.values())

    def of_size(self, k: int) -> tuple[int, int]:
        """Different label sets of k objects, and the pictures of them."""
        found = [count for each, count in self.sets.items() if len(each) == k]
        return len(found), sum(found)


@deliverable("S1.1", "Pictures and label sets",
             question="Write the loader: pictures in [−1, 1] with the 24-dimensional vector of their labels.")
def loader(context: Context) -> Answer:
    """Counts beside those of the files, names to vectors and back, and examples beside rendered scenes."""
    found = context.once("counted", lambda: counted(context))
    twice = at_hand_is_real(context)
    return Answer(
        text=(_what(context, found), _split(context),
              "A label vector is multi-hot: 1 at the place of each object of the picture, 0 elsewhere, in the order of "
              "objects.json (all cubes, all spheres, all cylinders, each in eight colours). It has no order of its own "
              "and cannot say an object twice; neither can a picture, in which no object occurs twice. The text calls "
              "it one-hot, which it is for pictures of one object alone.",
              *((_plain(context),) if twice else ()), _renderer(context)),
        figures=(_examples(context),), tables=(_table(context, found),),
        results=(*_counts(context, found), *_vectors(context), *_lists(context, found), *_range(context),
                 _even(found), _rendered(context)),
        formula="y ∈ {0, 1}²⁴,   y_k = 1 where the picture shows object k", source="the data's readme.txt; El-Nouby et "
                                                                                  "al. 2019 (i-CLEVR)",
    )


def at_hand_is_real(context: Context) -> bool:
    """Whether the pictures are i-CLEVR's own."""
    return work.ddpm_recipe(context).data.source == "iclevr"


def counted(context: Context) -> Counted:
    """Count what all pictures show."""
    parts = pictures(context)
    labels = torch.cat([labels_of(part) for part in parts])
    words = [frozenset(each) for each in named(labels, names(context))]
    scenes, grown = 0, 0
    for part in parts:
        assert part.groups is not None
        each: dict[int, list[Tensor]] = {}
        for group, row in zip(part.groups.tolist(), labels_of(part), strict=True):
            each.setdefault(group, []).append(row)
        scenes += len(each)
        grown += sum(_grows(torch.stack(rows)) for rows in each.values())
    return Counted(Counter(words), labels.long().sum(0), scenes, grown)


def _grows(rows: Tensor) -> bool:
    ordered = rows[rows.sum(1).argsort()].long()
    steps = ordered.diff(dim=0)
    return len(ordered) == len(SHAPES) and bool((steps >= 0).all()) and bool((steps.sum(1) == 1).all())


class Plain(NamedTuple):
    """What train.json says by itself: how many pictures show each label set, and objects that are listed twice."""

    sets: Counter[frozenset[str]]
    twice: int


def plain(context: Context) -> Plain:
    """The file read with the standard library alone."""
    listed = json.loads(locate("iclevr", context.data_root)["train.json"].read_text(encoding="utf-8"))
    return Plain(Counter(frozenset(each) for each in listed.values()),
                 sum(len(each) - len(set(each)) for each in listed.values()))


def _what(context: Context, found: Counted) -> str:
    sizes = ", ".join(f"{number(found.of_size(k)[1])} of {word}" for k, word in ((1, "one"), (2, "two"), (3, "three")))
    return (f"{number(found.pictures)} pictures of {number(found.scenes)} scenes: {sizes} objects. A scene has three "
            "pictures, each of which adds an object to the one before, so that all three go to one side of every "
            "split. "
            f"There are {len(names(context))} objects, {len(COLOURS)} colours of {len(SHAPES)} shapes.")


def _split(context: Context) -> str:
    parts, others = pictures(context), unread(context)
    more = (f"; the evaluators keep {number(len(others))} back, those among them" if len(others) > len(parts.kept) else
            ", and from the evaluators")
    return (f"{number(len(parts.train))} pictures are for training. {number(len(parts.kept))} of other scenes are kept "
            f"back from the models{more}.")


def _plain(context: Context) -> str:
    return ("The counts were made twice: from the loaded vectors, and from train.json with Python's standard library "
            f"alone, which has {number(sum(plain(context).sets.values()))} names of pictures in it.")


def _renderer(context: Context) -> str:
    origin = "trained on i-CLEVR's pictures alone" if at_hand_is_real(context) else "trained on other rendered scenes"
    return ("The second row of the figure shows scenes that genloom renders for the same label sets; with them the "
            f"whole lab works without files. The judge of this report, {origin}, names "
            f"{fixed(_named(context).micro.value, 3)} of their labels: so far are they one world to a network.")


def _table(context: Context, found: Counted) -> Table:
    rows = [(f"pictures of {k}", number(found.of_size(k)[1]), number(found.of_size(k)[0]), number(possible))
            for k, possible in ((1, 24), (2, 276), (3, 2024))]
    for listed in LISTS:
        each = asked(context, listed)
        rows.append((listed, number(len(each)), number(len(set(map(frozenset, each)))), "—"))
    return Table(header=("", "pictures or conditions", "different label sets", "possible ones"), rows=tuple(rows),
                 caption="Pictures by their number of objects, and the two lists of conditions that models are judged "
                         "on.")


def _counts(context: Context, found: Counted) -> Iterator[Result]:
    scenes, real = found.scenes, at_hand_is_real(context)
    yield near(Result(name="pictures", value=found.pictures, known=PICTURES if real else 3 * scenes,
                      known_name="the data's readme" if real else "three of each scene"), 0)
    if real:
        yield near(Result(name="scenes", value=scenes, known=SCENES, known_name="a third of the pictures"), 0)
    yield near(Result(name="objects", value=len(names(context)), known=OBJECTS, known_name="8 colours × 3 shapes"), 0)
    yield near(Result(name="scenes in which each frame adds one object", value=found.grown, known=scenes,
                      known_name="all scenes"), 0)
    if real:
        file = plain(context)
        apart = sum(abs(found.sets[each] - file.sets[each]) for each in found.sets.keys() | file.sets.keys())
        yield near(Result(name="pictures that are counted under another label set than train.json has", value=apart,
                          known=0, known_name="the file itself", n=found.pictures), 0)


def _vectors(context: Context) -> Iterator[Result]:
    labels, objects = torch.cat([labels_of(part) for part in pictures(context)]), names(context)
    back = multi_hot(named(labels, objects), objects)
    yield near(Result(name="vectors that change on the way to names and back", known=0, known_name="the same",
                      value=int((back != labels).any(1).sum()), n=len(labels)), 0)
    yield near(Result(name="numbers in them other than 0 and 1", value=int((labels > 1).sum()), known=0,
                      known_name="no object occurs twice", n=labels.numel()), 0)


def _lists(context: Context, found: Counted) -> Iterator[Result]:
    for listed in LISTS:
        each = asked(context, listed)
        there = sum(frozenset(one) in found.sets for one in each)
        result = Result(name=f"label sets of {listed} that pictures show", value=there, n=len(each))
        if at_hand_is_real(context):
            result = near(Result(name=result.name, value=there, n=len(each), known=IN_TRAINING[listed],
                                 known_name="the course's files"), 0)
        yield result


def _range(context: Context) -> Iterator[Result]:
    x = to_floats(pictures(context).train.pictures[:2000])
    yield near(Result(name="largest distance of a number of a picture from [−1, 1]", known=0, known_name="x/127.5 − 1",
                      value=float((x.abs() - 1).clamp(min=0).max()), n=x.numel()), 0)


def _even(found: Counted) -> Result:
    """Whether all objects are equally frequent: χ² of their counts, whose expectation is its degrees of freedom."""
    from scipy import stats

    counts = found.objects.double()
    chi2 = float(((counts - counts.mean()).square() / counts.mean()).sum())
    free = len(counts) - 1
    limit = float(stats.chi2.ppf(0.999, free))
    result = Result(name="χ² of the objects' frequencies", value=chi2, known=free, n=int(counts.sum()),
                    known_name="its expectation where all are equally frequent",
                    tolerance=f"below {limit:.0f}, as for 99.9 % of even draws")
    return near(result, limit - free)


def _named(context: Context) -> LabelAccuracy:
    """What the judge names in scenes that are rendered for the sets of test."""
    def said() -> LabelAccuracy:
        size = pictures(context).kept.size
        there = rendered(sets_of(context, "test"), names(context), size, _RENDERS, context.seed)
        return judge(context).accuracy(there.pictures, there.sets)

    return context.once("rendered", said)


def _rendered(context: Context) -> Result:
    found, own = _named(context), kept(context, judge(context))
    result = Result(name="labels of rendered scenes that the judge names", value=found.micro.value,
                    known=own.micro.value, known_name="its accuracy on kept-back pictures", n=found.micro.n,
                    interval=(found.micro.low, found.micro.high),
                    tolerance="above chance by four standard deviations")
    return at_least(result, found.chance.micro + 4 * found.chance.spread)


def _examples(context: Context) -> Figure:
    """Kept-back pictures with one, two and three objects, and scenes rendered for the same labels."""
    part = pictures(context).kept
    counts = labels_of(part).sum(1)
    rows = [int((counts == k).nonzero()[i, 0]) for k, times in ((1, 2), (2, 3), (3, 3)) for i in range(times)]
    sets = labels_of(part)[rows]
    own = rendered(sets, names(context), part.size, 1, context.seed + 1)
    words = ["\n".join(each) for each in named(sets, names(context))]
    first = "i-CLEVR" if at_hand_is_real(context) else "kept back"
    figure, (axes,) = canvas(9.6, 2.75)
    _draw(axes, {first: part.pictures[rows], "rendered": own.pictures}, words)
    return context.figure(figure, "examples",
                          caption=f"{_SHOWN} pictures that are kept from training, with their labels; below, scenes "
                                  "rendered for the same labels, at places of their own.",
                          alt=f"Two rows of {_SHOWN} pictures of coloured solids on a grey floor: "
                              f"{'; '.join(', '.join(each.splitlines()) for each in words)}")


@styled()
def _draw(axes: "Axes", rows: Mapping[str, Tensor], words: list[str]) -> None:
    rows_of(axes, rows, words)
    axes.tick_params(axis="x", labelsize=7)
