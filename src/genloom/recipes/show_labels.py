"""Pictures with the labels that they were asked for, as marks and words; what a judge does not find stands out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from genloom.data.images.labelsets import SHAPES
from genloom.errors import GenloomError
from genloom.metrics.label_accuracy import label_accuracy
from genloom.recipes.judge_labels import HOW
from genloom.recipes.label_lists import Judged, Told, drawn_lists, has_lists, judge_of, judged, not_the_guide
from genloom.recipes.show_evaluator import confusion_figure
from genloom.recipes.show_pictures import write_samples
from genloom.report.figures import INK, canvas, save_figure, styled
from genloom.report.grids import save_grid
from genloom.report.numbers import fixed
from genloom.report.results import Figure, Item, Table
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

COLUMNS = 8
"""Pictures of a row, as in the course's grids."""
SHOWN = 32
"""Pictures of a sheet at most: eight to a row, four rows."""

_TINTS = {"gray": "#808080", "red": "#c22f2f", "blue": "#3458d8", "green": "#23743a", "brown": "#8a5a2b",
          "purple": "#8e36b5", "cyan": "#2fb7b7", "yellow": "#e0c92e"}
_MARKS = dict(zip(SHAPES, ("s", "o", "H"), strict=True))  # a cylinder is neither square nor round
_WRONG = "#D55E00"
_CELL, _LINE = 1.14, 0.135  # inches of a picture with what surrounds it, and of a line of words
_PICTURE = 0.94  # of the cell's width


def save_plain(pictures: Tensor, path: Path, provenance: dict[str, str]) -> Path:
    """The course's grid: eight pictures to a row, nothing else."""
    return save_grid(pictures, path, provenance, columns=COLUMNS)


@styled()
def labels_canvas(pictures: Tensor, sets: Tensor, names: Sequence[str], said: Tensor | None = None) -> "Canvas":
    """Pictures (N, C, H, W), eight to a row, each with the names of its set (N, K) under it.

    said   what a judge names in each picture, bool (N, K): a label that is not among it is crossed out, and the picture
           is framed
    """
    rows, lines = -(-len(pictures) // COLUMNS), int(sets.sum(1).max())
    columns = min(COLUMNS, len(pictures))
    tall = _CELL + _LINE * lines + 0.06
    figure, (axes,) = canvas(_CELL * columns, tall * rows)
    figure.set_layout_engine("none")
    axes.set_position((0, 0, 1, 1))
    axes.set(xlim=(0, _CELL * columns), ylim=(tall * rows, 0))
    axes.set_axis_off()
    for number, picture in enumerate(pictures):
        row, column = divmod(number, COLUMNS)
        missed = None if said is None else sets[number].bool() & ~said[number]
        _cell(axes, picture, (column * _CELL, row * tall), [
            (names[k], missed is not None and bool(missed[k])) for k in sets[number].nonzero()[:, 0].tolist()])
    return figure


def _cell(axes: "Axes", picture: Tensor, corner: tuple[float, float], labels: list[tuple[str, bool]]) -> None:
    from matplotlib.patches import Rectangle

    side = _CELL * _PICTURE
    left, top = corner[0] + (_CELL - side) / 2, corner[1] + (_CELL - side) / 2
    pixels = picture.permute(1, 2, 0).expand(-1, -1, 3).numpy()
    axes.imshow(pixels, extent=(left, left + side, top + side, top), interpolation="auto", aspect="auto", zorder=2)
    if any(wrong for _, wrong in labels):
        axes.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=_WRONG, linewidth=3, zorder=3))
    for line, (name, wrong) in enumerate(labels):
        y = corner[1] + _CELL + (line + 0.35) * _LINE
        colour, _, shape = name.partition(" ")
        axes.scatter(left + 0.05, y, s=22, marker=_MARKS.get(shape, "D"), color=_TINTS.get(colour, INK),
                     edgecolors=INK, linewidths=0.4)
        axes.text(left + 0.13, y, f"✗ {name}" if wrong else name, fontsize=6.6, va="center_baseline",
                  color=_WRONG if wrong else INK, weight="bold" if wrong else "normal")


def labels_figure(pictures: Tensor, sets: Tensor, names: Sequence[str], path: Path, provenance: dict[str, str], *,
                  caption: str, said: Tensor | None = None, folder: Path | None = None) -> Figure:
    """`labels_canvas` as a file; `said` is explained under the caption."""
    if said is None:
        told = "Nobody judged them."
        alt = ""
    else:
        right, asked = int((said & sets.bool()).sum()), int(sets.sum())
        told = f"A judge names {right} of the {asked} labels; ✗ marks those that it does not find."
        alt = f"; {right} of {asked} labels are found"
    return save_figure(labels_canvas(pictures, sets, names, said), path, provenance, folder=folder,
                       caption=f"{caption} {told}", alt=f"A grid of {len(pictures)} pictures with their labels{alt}")


def write_labelled(experiment: Told, pictures: Tensor, sets: Tensor, folder: Path, provenance: dict[str, str],
                   guide: Any = None) -> list[Path]:
    """samples.png in rows of eight, samples.zip, and labels.png: the first pictures with the labels of their sets.

    Who judges is written into labels.png; where nobody can, or the judge guided, nothing is marked in it.
    """
    first, shown = pictures[:SHOWN], sets[:SHOWN]
    said, who = None, "nobody: no evaluator of such pictures is at hand"
    try:
        judge = judge_of(experiment)
        if judge is not None:
            not_the_guide(judge, guide)
            said, who = label_accuracy(judge.judged(first), shown).said, f"{judge.place}, sha256 {judge.digest}"
    except GenloomError as error:  # that nobody can judge them is no reason to draw none
        who = f"nobody: {error}"
    names = experiment.data.class_names if guide is None else guide.class_names
    labels_figure(first, shown, names, folder / "labels.png", {**provenance, "judge": who}, caption="Samples.",
                  said=said)
    return [*write_samples(pictures, folder, provenance, COLUMNS), folder / "labels.png"]


def lists_figures(found: Judged, name: str, path: Callable[[str], Path], provenance: dict[str, str],
                  folder: Path) -> tuple[Figure, ...]:
    """The first seed's pictures of a list, with labels, and the course's grid of them."""
    pictures, seen = found.drawn.of(name), found.seen(name, found.drawn.seeds[0])
    sets = found.lists.sets[found.lists.rows[name]]
    plain = save_plain(pictures, path(name), provenance)
    caption = f"Pictures of the {len(pictures)} label sets of {name}, in their order, none left out."
    return (labels_figure(pictures, sets, found.lists.labels, path(f"{name}-labels"), provenance, caption=caption,
                          said=seen.accuracy.said, folder=folder),
            Figure(path=plain.relative_to(folder).as_posix(), caption=f"The same in the course's layout, {COLUMNS} to "
                   "a row.", alt=f"A grid of {len(pictures)} generated pictures"))


def accuracy_table(found: Judged) -> Table:
    """A row for each list: all its labels, and those of pictures with one, two, … of them, and each seed."""
    counts = sorted({k for name in found.lists.names for k in found.seen(name).accuracy.counts.tolist()})
    rows = []
    for name in found.lists.names:
        share, by_count = found.accuracy(name).micro, found.seen(name).accuracy.by_count()
        each = (f"{fixed(by_count[k].value, 3)} ({by_count[k].n})" if k in by_count else "—" for k in counts)
        seeds = ", ".join(fixed(value, 3) for value in found.of_seeds(name))
        rows.append((name, f"{fixed(share.value, 3)} [{fixed(share.low, 3)}, {fixed(share.high, 3)}]", *each, seeds))
    header = ("list", "label accuracy", *(f"of {k} label{'s' * (k > 1)} (n)" for k in counts), "by seed")
    return Table(header=header, rows=tuple(rows), caption=f"{HOW}.")


def labels_item(experiment: Told, networks: Networks, folder: Path, provenance: dict[str, str],
                number: str) -> Item | None:
    """The section of a run's report on the lists of label sets; None for models that are told none.

    folder   of the run

    Drawn anew with the seeds of the numbers, so that both are of the same pictures.
    """
    if not has_lists(experiment):
        return None
    title = "What was asked for"
    judge = judge_of(experiment)
    if judge is None:
        return Item(number=number, title=title, text=(
            "No evaluator of such pictures comes with genloom; one that `genloom train evaluator-iclevr` makes judges "
            "them with `--evaluation.judge RUN`.",))
    seeds = tuple(range(experiment.recipe.evaluation.label_seeds))
    found = judged(drawn_lists(experiment, networks, seeds), judge, getattr(experiment, "guide", None))
    figures = [figure for name in found.lists.names for figure in lists_figures(
        found, name, lambda stem: folder / "figures" / f"{stem}.png", provenance, folder)]
    if found.all.mistakes is not None:
        figures.append(confusion_figure(found.all.mistakes, folder / "figures" / "confusion.png", provenance,
                                        "generated pictures"))
    return Item(number=number, title=title, tables=(accuracy_table(found),), figures=tuple(figures))
