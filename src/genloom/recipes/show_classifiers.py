"""Figures of a classifier: which classes it takes for which, its surest mistakes, and what noise leaves it to see."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.recipes.judge_classifiers import Answers, by_cloud, by_time, chance, clearest
from genloom.report.figures import DASHED, INK, KNOWN, SEQUENTIAL, canvas, save_figure, styled
from genloom.report.grids import show_grid
from genloom.report.numbers import fixed
from genloom.report.plots import known_line, lines
from genloom.report.results import Figure, Item, Table
from genloom.report.run_page import training_item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from genloom.recipes.build_classifiers import ClassifierExperiment

NOISE = "What noise leaves to see"
"""Title of the section that only a classifier of noised pictures has."""
MOST_MISTAKES = 18
"""Pictures that are shown at most."""
_COLUMNS = 9
_NAMED = 12  # classes whose numbers are written into the matrix


def run_items(experiment: "ClassifierExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report: its loss, confusions, surest mistakes, and accuracy at each time."""
    folder, clear = run / "figures", clearest(experiment, networks)
    items = (
        training_item(run, provenance, number="1"),
        Item(number="2", title="Which classes are taken for which",
             figures=(confusion_figure(experiment, clear, folder / "confusion.png", provenance),)),
        mistakes_item(experiment, clear, folder / "mistakes.png", provenance),
    )
    if experiment.process is None:
        return items
    return (*items, noise_item(experiment, by_time(experiment, networks), folder / "noise.png", provenance))


def confusion(experiment: "ClassifierExperiment", found: Answers) -> Tensor:
    """How many pictures of each class (row) are given each answer (column), (C, C) int64."""
    count = len(experiment.class_names)
    return torch.bincount(found.labels * count + found.logits.argmax(1), minlength=count**2).reshape(count, count)


def confusion_figure(experiment: "ClassifierExperiment", found: Answers, path: Path,
                     provenance: dict[str, str]) -> Figure:
    """The matrix of answers as shares of each class."""
    counts = confusion(experiment, found)
    figure, (axes,) = canvas(5.6, 4.9)
    draw_matrix(axes, counts, experiment.class_names)
    wrong = counts.clone().fill_diagonal_(0)
    true, said = divmod(int(wrong.argmax()), len(counts))
    names = experiment.class_names
    worst = f"; most often {names[true]} is taken for {names[said]}, {int(wrong.max())} times" if wrong.any() else ""
    count, right = len(found.labels), int(counts.trace())
    return save_figure(
        figure, path, provenance, folder=path.parent.parent,
        caption=f"Answers (columns) for {count:,} kept-back pictures of each class (rows); {count - right:,} are wrong"
                f"{worst}. Colours are shares of the class, on a logarithmic scale.",
        alt=f"A matrix of {len(counts)} by {len(counts)} counts, with {right:,} of {count:,} on the diagonal")


@styled()
def draw_matrix(axes: "Axes", counts: Tensor, names: tuple[str, ...], rows: str = "class", *,
                slanted: bool = False) -> None:
    """Counts (C, C) of the truth (rows) and the answer (columns), coloured by shares of the row.

    slanted   names of columns that are long
    """
    shares = counts / counts.sum(1, keepdim=True).clamp(min=1)
    axes.imshow((shares + 1e-3).log10().numpy(), cmap=SEQUENTIAL, vmin=-3, vmax=0)
    axes.grid(visible=False)
    axes.set(xlabel="answer", ylabel=rows)
    if len(names) > _NAMED:
        return
    axes.set_xticks(range(len(names)), names)
    if slanted:
        axes.tick_params("x", rotation=45)
    axes.set_yticks(range(len(names)), names)
    for i, row in enumerate(counts.tolist()):
        for j, count in enumerate(row):
            if count:
                axes.text(j, i, str(count), ha="center", va="center", fontsize=8,
                          color="white" if shares[i, j] < 0.03 else INK)


def mistakes_figure(pictures: Tensor, path: Path, provenance: dict[str, str], caption: str) -> Figure:
    """Pictures (N, C, S, S) in rows, as bytes."""
    columns = min(_COLUMNS, len(pictures))
    figure, (axes,) = canvas(0.8 * columns, 0.85 * -(-len(pictures) // columns))
    show_grid(axes, pictures, columns)
    return save_figure(figure, path, provenance, folder=path.parent.parent, caption=caption,
                       alt=f"A grid of {len(pictures)} pictures that are hard to tell")


def mistakes_item(experiment: "ClassifierExperiment", found: Answers, path: Path, provenance: dict[str, str]) -> Item:
    """The wrong answers of which the classifier is surest."""
    sure = found.logits.softmax(1).amax(1)
    order = [i for i in sure.argsort(descending=True).tolist() if not found.right[i]][:MOST_MISTAKES]
    title = "The surest mistakes"
    if not order:
        return Item(number="3", title=title, text=("No kept-back picture is classified wrongly.",))
    names, pictures = experiment.class_names, to_pictures(experiment.floats(len(found.labels))[order])
    said = found.logits.argmax(1)
    rows = tuple((str(k + 1), names[int(found.labels[i])], names[int(said[i])], fixed(sure[i].item(), 4))
                 for k, i in enumerate(order))
    shown = mistakes_figure(pictures, path, provenance,
                            f"The {len(order)} wrong answers with the highest probability, in reading order.")
    return Item(number="3", title=title, figures=(shown,),
                tables=(Table(header=("picture", "class", "answer", "its probability"), rows=rows),))


def noise_item(experiment: "ClassifierExperiment", found: list[Answers], path: Path,
               provenance: dict[str, str]) -> Item:
    """Accuracy and cross-entropy from clean pictures to pure noise, beside the posterior of training pictures."""
    least, cloud = chance(experiment, found[0].labels), by_cloud(experiment)
    times, seen = [each.t or 0.0 for each in found], [each.t or 0.0 for each in cloud]
    figure, (left, right) = canvas(8.4, 3.4, 1, 2)
    for axes, name in ((left, "accuracy"), (right, "cross-entropy")):
        lines(axes, times, {name: [_shown(each, name) for each in found]}, xlabel="time t",
              ylabel="accuracy" if name == "accuracy" else "nats")
        axes.plot(seen, [_shown(each, name) for each in cloud], color=KNOWN, linestyle=DASHED, linewidth=1.1,
                  label="posterior of training pictures")
    known_line(left, least.accuracy, "most frequent class")
    known_line(right, least.entropy, "entropy of the classes")
    left.legend()
    right.legend()
    shown = save_figure(
        figure, path, provenance, folder=path.parent.parent,
        caption="What the classifier can tell of noised pictures, what the exact posterior of a cloud of training "
                "pictures can, and what one can who does not look.",
        alt=f"Accuracy falls from {found[0].accuracy.value:.3f} to {found[-1].accuracy.value:.3f} as noise is added, "
            f"while the cross-entropy rises from {found[0].loss:.3f} to {found[-1].loss:.3f}")
    return Item(number="4", title=NOISE, figures=(shown,), tables=(noise_table(experiment, found, cloud),))


def _shown(each: Answers, name: str) -> float:
    return each.accuracy.value if name == "accuracy" else each.loss


def noise_table(experiment: "ClassifierExperiment", found: list[Answers], cloud: list[Answers]) -> Table:
    """Time, signal to noise, accuracy with its interval, and cross-entropy, each beside the cloud's."""
    assert experiment.process is not None
    exact, rows = {each.t: each for each in cloud}, []
    for each in found:
        level, share, known = experiment.process.schedule.level(each.t or 0.0), each.accuracy, exact.get(each.t)
        rows.append((fixed(each.t or 0.0, 3), fixed(float(level.alpha) / float(level.sigma), 3),
                     f"{fixed(share.value, 4)} [{fixed(share.low, 4)}, {fixed(share.high, 4)}]",
                     "—" if known is None else fixed(known.accuracy.value, 4), fixed(each.loss, 4),
                     "—" if known is None else fixed(known.loss, 4)))
    asked = f" Cloud: the exact posterior of training pictures, on {len(cloud[0].labels):,} of them." if cloud else ""
    return Table(header=("t", "α/σ", "accuracy", "of the cloud", "cross-entropy in nats", "of the cloud"),
                 rows=tuple(rows),
                 caption=f"On {len(found[0].labels):,} kept-back pictures, with the same noise at every time.{asked}")
