"""Pictures of a GAN of pictures: its game, its samples, what lies between them, its codes, and its discriminator."""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.recipes.judge_gans import CODES, asked, read
from genloom.recipes.show_game import training_item, way_item
from genloom.recipes.show_labels import labels_item
from genloom.recipes.show_pictures import SHEET, neighbours_figure, samples_figure
from genloom.report.figures import canvas, save_figure
from genloom.report.grids import rows_figure
from genloom.report.numbers import fixed, number
from genloom.report.plots import histograms
from genloom.report.results import Figure, Item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_gans import GanExperiment

_ROWS, _COLUMNS = 10, 10  # of figures with a row for each class
_SORTED = 500  # samples among which some of each class are looked for
_BETWEEN, _PATHS = 9, 5  # pictures of a path, and paths


def run_items(experiment: "GanExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report."""
    count = max(_SORTED, SHEET)
    labels = experiment.labels_for(count, 0)
    shown = _Shown(experiment, networks, run / "figures", provenance,
                   experiment.draw(networks, count=count, seed=0, labels=labels), labels)
    items = (training_item(experiment, run, provenance), _samples_item(shown),
             labels_item(experiment, networks, run, provenance, number=""), way_item(experiment, run, provenance),
             _between_item(shown), codes_item(experiment, networks, run / "figures", provenance),
             _discriminator_item(shown) if "discriminator" in networks else None, _neighbours_item(shown))
    there = [item for item in items if item is not None]
    return tuple(replace(item, number=str(k)) for k, item in enumerate(there, 1))


class _Shown(NamedTuple):
    """What the sections of a report are made of."""

    experiment: "GanExperiment"
    networks: Networks
    folder: Path
    provenance: dict[str, str]
    drawn: Tensor
    labels: Tensor | None


def _samples_item(shown: _Shown) -> Item:
    experiment, networks, folder, provenance, drawn, _ = shown
    return Item(number="", title="Samples", figures=(
        samples_figure(drawn[:SHEET], folder / "samples.png", provenance),
        *classes_figure(experiment, networks, drawn, folder / "classes.png", provenance)))


def _between_item(shown: _Shown) -> Item:
    experiment, networks, folder, provenance, *_ = shown
    return Item(number="", title="Between samples", formula="n(φ) = cos φ n₀ + sin φ n₁,   0 ≤ φ ≤ π/2", text=(
        "Each picture on the way is as likely a sample as its ends are, since n(φ) has the law of n₀.",),
        figures=(between_figure(experiment, networks, folder / "between.png", provenance),))


def _discriminator_item(shown: _Shown) -> Item:
    experiment, networks, folder, provenance, drawn, labels = shown
    return Item(number="", title="What the discriminator says", text=(
        "It overfits where training pictures lie apart from those that were kept back.",),
        figures=(logits_figure(experiment, networks, drawn, labels, folder / "logits.png", provenance),))


def _neighbours_item(shown: _Shown) -> Item:
    experiment, _, folder, provenance, drawn, _ = shown
    return Item(number="", title="Nearest training pictures", text=(
        "A model that copies has samples that equal their neighbours. Nearest is in the mean square of pixels.",),
        figures=(neighbours_figure(experiment, drawn, folder / "neighbours.png", provenance),))


def classes_figure(experiment: "GanExperiment", networks: Networks, drawn: Tensor, path: Path,
                   provenance: dict[str, str]) -> list[Figure]:
    """A row of samples for each class that was asked for, or that the classifier finds; none where neither can be."""
    if experiment.classes and not experiment.data.sets:
        rows = _asked_for(experiment, networks)
        which = "each class" if experiment.classes <= _ROWS else f"the first {_ROWS} of {experiment.classes} classes"
        caption = f"Samples of {which}, as asked for, none left out; each column has one noise."
    elif experiment.readable:
        rows = _found(experiment, drawn)
        caption = f"The first of {len(drawn)} samples that the classifier of digits takes for each class."
    else:
        return []
    return [save_figure(rows_figure(rows, cell=0.7), path, provenance, folder=path.parent.parent, caption=caption,
                        alt="Rows of generated pictures, one for each class")]


def _asked_for(experiment: "GanExperiment", networks: Networks) -> dict[str, Tensor]:
    z, rows = experiment.z(_COLUMNS, 1), {}
    for k, name in enumerate(experiment.class_names[:_ROWS]):
        rows[name] = experiment.made(networks, z, torch.full((_COLUMNS,), k))
    return rows


def _found(experiment: "GanExperiment", drawn: Tensor) -> dict[str, Tensor]:
    said, rows = read(experiment, drawn).argmax(1), {}
    for k, name in enumerate(experiment.class_names):
        mine = drawn[said == k]
        rows[f"{name}: {len(mine)}"] = mine[:_COLUMNS] if len(mine) else torch.full_like(drawn[:1], 255)
    return rows


def between_figure(experiment: "GanExperiment", networks: Networks, path: Path, provenance: dict[str, str]) -> Figure:
    """What the generator makes of the noise between that of two samples, codes and class being those of the first."""
    start, end = (experiment.normal(_PATHS, seed) for seed in (2, 3))
    labels, size, rows = experiment.in_turn(_PATHS), experiment.latent.size, {}
    for k in range(_PATHS):
        angles = torch.linspace(0, math.pi / 2, _BETWEEN)[:, None]
        normal = start[k].repeat(_BETWEEN, 1)
        normal[:, :size] = angles.cos() * start[k, :size] + angles.sin() * end[k, :size]
        told = None if labels is None else labels[k : k + 1].expand(_BETWEEN, *labels.shape[1:])
        name = f"{k + 1}" if labels is None or experiment.data.sets else experiment.class_names[int(labels[k])]
        rows[name] = experiment.made(networks, experiment.latent.of(normal), told)
    return save_figure(rows_figure(rows, cell=0.7), path, provenance, folder=path.parent.parent,
                       caption="From one sample to another: each row leads from its first picture to its last.",
                       alt="Rows of generated pictures that change from the left to the right")


def codes_item(experiment: "GanExperiment", networks: Networks, folder: Path,
               provenance: dict[str, str]) -> Item | None:
    """What each code does: a row for each category, and for each value a figure with it from −1 to 1."""
    latent, figures = experiment.latent, []
    if latent.categories:
        figures.append(save_figure(
            rows_figure(_of_categories(experiment, networks), cell=0.7), folder / "categories.png", provenance,
            folder=folder.parent, caption="Each row has one category of the code, each column one noise.",
            alt="Rows of generated pictures, one for each category"))
    figures += [save_figure(
        rows_figure(_of_value(experiment, networks, k), [fixed(v, 2) for v in _values().tolist()], cell=0.7),
        folder / f"value-{k + 1}.png", provenance, folder=folder.parent,
        caption=f"The value {k + 1} of the code from −1 to 1, for the noise of {_PATHS} samples.",
        alt=f"Rows of generated pictures in which the value {k + 1} rises from the left to the right")
        for k in range(min(latent.values, CODES))]
    return Item(number="", title="Codes", figures=tuple(figures)) if figures else None


def _of_categories(experiment: "GanExperiment", networks: Networks) -> dict[str, Tensor]:
    latent, rows = experiment.latent, {}
    codes = slice(latent.size, latent.size + latent.categories)
    for k in range(min(latent.categories, 2 * _ROWS)):
        z = experiment.z(_COLUMNS, 1)
        z[:, codes] = 0
        z[:, latent.size + k] = 1
        rows[f"{k}"] = experiment.made(networks, z, experiment.in_turn(_COLUMNS))
    return rows


def _of_value(experiment: "GanExperiment", networks: Networks, value: int) -> dict[str, Tensor]:
    latent, labels, rows = experiment.latent, experiment.in_turn(_PATHS), {}
    for k, own in enumerate(experiment.z(_PATHS, 1)):
        z = own.repeat(_BETWEEN, 1)
        z[:, latent.size + latent.categories + value] = _values()
        rows[f"{k + 1}"] = experiment.made(
            networks, z, None if labels is None else labels[k : k + 1].expand(_BETWEEN, *labels.shape[1:]))
    return rows


def _values() -> Tensor:
    return torch.linspace(-1, 1, _BETWEEN)


def logits_figure(experiment: "GanExperiment", networks: Networks, drawn: Tensor, labels: Tensor | None, path: Path,
                  provenance: dict[str, str]) -> Figure:
    """The discriminator's logits of training pictures, kept-back ones and samples."""
    found = asked(experiment, networks, drawn, labels)
    figure, (axes,) = canvas(6.4, 3.2)
    kinds = {"training pictures": found.training, "kept-back ones": found.kept, "samples": found.samples}
    histograms(axes, {f"{name}, mean {number(float(logits.mean()), 3)}": logits for name, logits in kinds.items()},
               xlabel="logit")
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption=f"Logits of {len(found.samples)} pictures of each kind; positive means real.",
                       alt="Three histograms of logits: training pictures, kept-back pictures, samples")
