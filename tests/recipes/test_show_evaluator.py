"""The sections of an evaluator's report say what its answers say."""

from pathlib import Path

import pytest
import torch
from evaluator_small import NAMES, small, use_world

from genloom.recipes.judge_evaluator import Seen
from genloom.recipes.show_evaluator import confusion_item, mistakes_item, objects_item, run_items
from genloom.report.provenance import read_provenance


@pytest.fixture(autouse=True)
def _small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch)


def _answers(names: tuple[str, ...] = NAMES) -> Seen:
    """All right but picture 1, of whose things one is taken for one of another colour, and 4, surer, of all others."""
    sets = small().kept_sets[:20]
    logits = 10.0 * sets.double()
    for place, sure in ((1, 12.0), (4, 15.0)):
        logits[place, (int(sets[place].argmax()) + 1) % 6] = sure
    return Seen(logits, sets, names)


def test_the_matrices_and_shares_agree(tmp_path: Path) -> None:
    found = _answers()
    item = confusion_item(found, tmp_path / "figures" / "confusion.png", {"recipe": "r"})
    (figure,), (table,) = item.figures, item.tables
    assert figure.path == "figures/confusion.png"
    assert read_provenance(tmp_path / figure.path)["recipe"] == "r"
    assert float(table.rows[0][1]) == pytest.approx(found.accuracy.micro.value, abs=1e-4)
    assert sum(float(row[1]) for row in table.rows) == pytest.approx(1, abs=1e-3)
    assert confusion_item(_answers(tuple("abcdef")), tmp_path / "none.png", {}).figures == ()


def test_every_object_and_every_count_has_its_row(tmp_path: Path) -> None:
    found = _answers()
    item = objects_item(found, tmp_path / "figures" / "objects.png", {})
    by_count, by_object = item.tables
    assert [row[0] for row in by_count.rows] == ["1", "2"]
    there = found.sets.sum(0)
    assert [row[0] for row in by_object.rows] == [name for name, n in zip(NAMES, there, strict=True) if n]
    assert sum(int(row[2]) for row in by_object.rows) == int(there.sum())
    assert len(item.figures) == 1


def test_the_surest_mistake_comes_first(tmp_path: Path) -> None:
    found = _answers()
    item = mistakes_item(small(), found, tmp_path / "figures" / "mistakes.png", {})
    (table,) = item.tables
    missed = [set(row[1].split(", ")) for row in table.rows]
    assert missed == [{name for name, there in zip(NAMES, found.sets[i], strict=True) if there} for i in (4, 1)]
    assert float(table.rows[0][3]) > float(table.rows[1][3]) - 1e-9
    right = Seen(10.0 * found.sets.double(), found.sets, NAMES)
    assert mistakes_item(small(), right, tmp_path / "none.png", {}).figures == ()


def test_a_run_has_its_sections(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 1.1}\n{"step": 2, "loss": 1.0}\n')
    experiment = small()
    with torch.no_grad():
        experiment.network.fc.weight.normal_(generator=torch.Generator().manual_seed(0))
    items = run_items(experiment, experiment.job().networks, tmp_path, {"recipe": experiment.recipe.name})
    assert [item.number for item in items] == ["1", "2", "3", "4"]
    assert all(item.status == "done" for item in items)
    for item in items:
        for figure in item.figures:
            assert (tmp_path / figure.path).is_file()
