"""A report of a GAN has its sections, each with its figures, and shows what it says it shows."""

from pathlib import Path

import pytest
import torch
from gans_small import TOLD, built, trained

from genloom.recipes import show_gans
from genloom.recipes.gans import Evaluation, Latent
from genloom.recipes.images import Data
from genloom.recipes.show_gans import between_figure, classes_figure, codes_item, run_items
from genloom.report.provenance import read_provenance

TITLES = ["The game", "Samples", "Samples on the way", "Between samples", "What the discriminator says",
          "Nearest training pictures"]


@pytest.mark.parametrize(("changes", "titles"), [
    ({"evaluation": Evaluation(samples=40, quick=20, features="digits")}, TITLES),
    ({"network": TOLD}, TITLES),
    ({"latent": Latent(size=8, categories=3, values=2)}, [*TITLES[:4], "Codes", *TITLES[4:]])])
def test_a_report_has_its_sections_and_their_figures(tmp_path: Path, changes: dict[str, object],
                                                     titles: list[str]) -> None:
    run = tmp_path / "run"
    experiment, networks = trained(run, **changes)
    items = run_items(experiment, networks, run, {"recipe": "small"})
    assert [item.title for item in items] == titles
    assert [item.number for item in items] == [str(k) for k in range(1, len(titles) + 1)]
    for item in items:
        assert item.status == "done"
        assert item.figures
        for figure in item.figures:
            assert figure.caption
            assert figure.alt
            assert read_provenance(run / figure.path)["recipe"] == "small"


def test_a_run_that_has_no_row_yet_says_so(tmp_path: Path) -> None:
    experiment = built()
    items = run_items(experiment, experiment.networks, tmp_path, {})
    assert (items[0].title, items[0].status) == ("The game", "missing")
    assert "Samples on the way" not in [item.title for item in items]


def rows_of(monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """What a figure would show."""
    shown: dict[str, torch.Tensor] = {}
    whole = show_gans.rows_figure

    def kept(rows: dict[str, torch.Tensor], *args: object, **options: object) -> object:
        shown.update(rows)
        return whole(rows, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(show_gans, "rows_figure", kept)
    return shown


def test_a_path_begins_and_ends_at_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment, shown = built(latent=Latent(size=8, law="normal")), rows_of(monkeypatch)
    between_figure(experiment, experiment.networks, tmp_path / "f" / "between.png", {})
    starts, ends = (experiment.draw(experiment.networks, count=5, seed=seed) for seed in (2, 3))
    assert list(shown) == ["1", "2", "3", "4", "5"]
    for k, row in enumerate(shown.values()):
        assert (row[0].int() - starts[k].int()).abs().max() <= 1
        assert (row[-1].int() - ends[k].int()).abs().max() <= 1
        assert len(row.unique(dim=0)) == 9


def test_each_row_is_of_the_class_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment, shown = built(network=TOLD), rows_of(monkeypatch)
    networks = experiment.networks
    classes_figure(experiment, networks, torch.zeros(0), tmp_path / "f" / "classes.png", {})
    assert list(shown) == [str(k) for k in range(10)]
    own = experiment.made(networks, experiment.z(10, 1), torch.full((10,), 7))
    assert torch.equal(shown["7"], own)


def test_a_figure_of_some_classes_says_that_there_are_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show_gans, "_ROWS", 4)
    experiment, shown = built(network=TOLD), rows_of(monkeypatch)
    (figure,) = classes_figure(experiment, experiment.networks, torch.zeros(0), tmp_path / "f" / "classes.png", {})
    assert len(shown) == 4
    assert figure.caption.startswith("Samples of the first 4 of 10 classes,")


def test_samples_are_sorted_by_what_the_classifier_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment, shown = built(data=Data(source="digits", size=28, channels=1, zoom=1.0, flip=False),
                              evaluation=Evaluation()), rows_of(monkeypatch)
    labels, pictures = experiment.kept.labels, experiment.kept.pictures
    assert labels is not None
    zeros = pictures[labels == 0][:12]
    (figure,) = classes_figure(experiment, experiment.networks, zeros, tmp_path / "f" / "classes.png", {})
    assert "classifier of digits" in figure.caption
    assert sum(int(name.split(": ")[1]) for name in shown) == 12
    most = max(shown, key=lambda name: int(name.split(": ")[1]))
    assert most.startswith("0: ")
    assert all((row == 255).all() for name, row in shown.items() if name.endswith(": 0"))


def test_a_code_moves_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    experiment = built(latent=Latent(size=6, categories=3, values=2))
    made: list[torch.Tensor] = []
    monkeypatch.setattr(type(experiment), "made", lambda self, networks, z, labels=None: made.append(z) or torch.zeros(
        len(z), 1, 16, 16, dtype=torch.uint8))
    item = codes_item(experiment, experiment.networks, tmp_path / "f", {})
    assert item is not None
    assert len(item.figures) == 3
    categories, first, second = made[:3], made[3:8], made[8:]
    for k, z in enumerate(categories):
        assert torch.equal(z[:, 6:9], torch.eye(3)[k].expand(10, -1))
        assert torch.equal(z[:, :6], categories[0][:, :6])
        assert torch.equal(z[:, 9:], categories[0][:, 9:])
    for value, paths in ((9, first), (10, second)):
        for z in paths:
            assert torch.equal(z[:, value], torch.linspace(-1, 1, 9))
            rest = [column for column in range(11) if column != value]
            assert (z[:, rest] == z[:1, rest]).all()
