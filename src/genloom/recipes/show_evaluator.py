"""Figures of an evaluator: what it takes for what, how well it knows each object, and its surest mistakes."""

from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from genloom.data.images.augment import centre
from genloom.metrics.interval import Interval
from genloom.metrics.label_confusion import merged
from genloom.recipes.judge_evaluator import Mistakes, Seen, seen, surest
from genloom.recipes.show_classifiers import MOST_MISTAKES, draw_matrix, mistakes_figure
from genloom.report.figures import SEQUENTIAL, canvas, save_figure, styled
from genloom.report.numbers import fixed
from genloom.report.plots import colorbar
from genloom.report.results import Figure, Item, Table
from genloom.report.run_page import training_item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from genloom.metrics.label_confusion import Attributes
    from genloom.recipes.build_evaluator import EvaluatorExperiment


def run_items(experiment: "EvaluatorExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report: its loss, confusions, each object, and the surest mistakes."""
    folder, found = run / "figures", seen(experiment, networks)
    return (training_item(run, provenance, number="1"),
            confusion_item(found, folder / "confusion.png", provenance),
            objects_item(found, folder / "objects.png", provenance),
            mistakes_item(experiment, found, folder / "mistakes.png", provenance))


def confusion_item(found: Seen, path: Path, provenance: dict[str, str], number: str = "2") -> Item:
    """Colours and shapes of labels (rows) and of the answers that stand for them (columns), and the four shares."""
    title, mistakes = "Which colours and shapes are taken for which", found.mistakes
    if mistakes is None:
        return Item(number=number, title=title, text=("These objects have no names of a colour and a shape.",))
    share, evenly = mistakes.shares, mistakes.blind
    named = ("right", "colour right, shape wrong", "shape right, colour wrong", "both wrong")
    rows = tuple((name, fixed(value, 4), fixed(blind, 4))
                 for name, value, blind in zip(named, share, evenly, strict=True))
    table = Table(header=("labels that are", "share", "if wrong answers fell evenly on all other objects"), rows=rows,
                  caption=f"Of {int(mistakes.counts.sum()):,} labels the colour of {fixed(share.colour, 4)} and the "
                          f"shape of {fixed(share.shape, 4)} is named.")
    return Item(number=number, title=title, tables=(table,),
                figures=(confusion_figure(mistakes, path, provenance, "kept-back pictures"),))


def confusion_figure(mistakes: Mistakes, path: Path, provenance: dict[str, str], pictures: str) -> Figure:
    """Two matrices, of colours and of shapes; `pictures` says in words whose labels they are."""
    known = mistakes.known
    figure, (left, right) = canvas(9.2, 4.6, 1, 2, width_ratios=(8, 4))
    draw_matrix(left, merged(mistakes.counts, known.colour, len(known.colours)), known.colours, "label", slanted=True)
    draw_matrix(right, merged(mistakes.counts, known.shape, len(known.shapes)), known.shapes, "label", slanted=True)
    total = int(mistakes.counts.sum())
    return save_figure(
        figure, path, provenance, folder=path.parent.parent,
        caption=f"Answers (columns) for {total:,} labels (rows) of {pictures}. Missed labels of a picture are "
                "paired with its wrong answers such that as many colours and shapes as possible agree. Colours are "
                "shares of the row, on a logarithmic scale.",
        alt=f"Two matrices of counts, for {len(known.colours)} colours and {len(known.shapes)} shapes, of {total:,} "
            f"labels of which {fixed(mistakes.shares.right, 4)} are named")


def objects_item(found: Seen, path: Path, provenance: dict[str, str], number: str = "3") -> Item:
    """The accuracy of each object, and that of pictures with one, two, … objects."""
    each, accuracy = found.accuracy.by_object(), found.accuracy
    rows = tuple((name, _with_interval(share), str(share.n))
                 for name, share in zip(found.names, each, strict=True) if share is not None)
    counts = tuple((str(k), _with_interval(share), f"{share.n:,}") for k, share in accuracy.by_count().items())
    tables = (Table(header=("objects in a picture", "label accuracy", "labels"), rows=counts,
                    caption="95 % intervals: bootstrap over pictures and Wilson's together."),
              Table(header=("object", "named where it is there", "pictures"), rows=rows,
                    caption="95 % Wilson intervals."))
    known = found.mistakes.known if found.mistakes else None
    figures = () if known is None else (_objects_figure(each, known, path, provenance),)
    return Item(number=number, title="How well each object is known", figures=figures, tables=tables)


def _objects_figure(each: tuple[Interval | None, ...], known: "Attributes", path: Path,
                    provenance: dict[str, str]) -> Figure:
    figure, (axes,) = canvas(7.2, 2.6)
    _draw_objects(figure, axes, each, known)
    there = [share.value for share in each if share is not None]
    return save_figure(
        figure, path, provenance, folder=path.parent.parent,
        caption="Share of the kept-back pictures with an object in which it is named.",
        alt=f"A table in colours of {len(there)} objects, from {min(there):.3f} to {max(there):.3f}")


@styled()
def _draw_objects(figure: "Canvas", axes: "Axes", each: tuple[Interval | None, ...], known: "Attributes") -> None:
    raster = [[float("nan")] * len(known.colours) for _ in known.shapes]
    places = zip(known.shape.tolist(), known.colour.tolist(), each, strict=True)
    there = [(row, column, share.value) for row, column, share in places if share is not None]
    least = min(value for _, _, value in there)
    for row, column, value in there:
        raster[row][column] = value
        axes.text(column, row, fixed(value, 3), ha="center", va="center", fontsize=8,
                  color="white" if value < (1 + least) / 2 else "black")
    shown = axes.imshow(raster, cmap=SEQUENTIAL, vmin=min(least, 0.99), vmax=1.0, aspect="auto")
    axes.grid(visible=False)
    axes.set_xticks(range(len(known.colours)), known.colours)
    axes.set_yticks(range(len(known.shapes)), known.shapes)
    colorbar(figure, shown, axes, "accuracy")


def mistakes_item(experiment: "EvaluatorExperiment", found: Seen, path: Path, provenance: dict[str, str],
                  number: str = "4") -> Item:
    """The pictures with a wrong answer of which the evaluator is surest."""
    title, order = "The surest mistakes", surest(found)[:MOST_MISTAKES]
    if not order:
        return Item(number=number, title=title, text=("All labels of all kept-back pictures are named.",))
    pictures = centre(experiment.kept.pictures[order], experiment.recipe.data.size)
    shown = mistakes_figure(pictures, path, provenance,
                            f"The {len(order)} pictures with the surest wrong answers, in reading order.")
    there, said = found.sets.bool(), found.accuracy.said
    rows = tuple((str(k + 1), _listed(there[i], found.names), _listed(said[i] & ~there[i], found.names),
                  fixed(found.logits[i][said[i] & ~there[i]].max().sigmoid().item(), 4)) for k, i in enumerate(order))
    table = Table(header=("picture", "labels", "wrong answers", "highest probability of one"), rows=rows)
    return Item(number=number, title=title, figures=(shown,), tables=(table,))


def _listed(which: Tensor, names: tuple[str, ...]) -> str:
    return ", ".join(names[j] for j in which.nonzero()[:, 0].tolist())


def _with_interval(share: Interval) -> str:
    return f"{fixed(share.value, 4)} [{fixed(share.low, 4)}, {fixed(share.high, 4)}]"
