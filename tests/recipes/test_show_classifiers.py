"""The sections of a classifier's report say what its answers say."""

from pathlib import Path

import pytest
import torch
from classifiers_small import small

from genloom.recipes.build_classifiers import ClassifierExperiment
from genloom.recipes.judge_classifiers import Answers
from genloom.recipes.show_classifiers import NOISE, confusion, confusion_figure, mistakes_item, run_items
from genloom.report.provenance import read_provenance


def _answers(experiment: ClassifierExperiment) -> Answers:
    """All right but pictures 1 and 4, of which the second is surer."""
    labels = experiment.kept_labels[:20]
    logits = 10.0 * torch.nn.functional.one_hot(labels, len(experiment.class_names)).double()
    for place, sure in ((1, 2.0), (4, 5.0)):
        logits[place] = 0
        logits[place, (labels[place] + 1) % len(experiment.class_names)] = sure
    return Answers(None, logits, labels)


def test_the_matrix_has_classes_in_rows_and_answers_in_columns(tmp_path: Path) -> None:
    experiment = small()
    found = _answers(experiment)
    counts, true = confusion(experiment, found), int(found.labels[1])
    assert counts.sum() == 20
    assert counts.trace() == 18
    assert counts[true, (true + 1) % len(counts)] >= 1
    figure = confusion_figure(experiment, found, tmp_path / "figures" / "confusion.png", {"recipe": "r"})
    assert "2 are wrong" in figure.caption
    assert figure.path == "figures/confusion.png"
    assert read_provenance(tmp_path / figure.path)["recipe"] == "r"


def test_the_surest_mistake_comes_first(tmp_path: Path) -> None:
    experiment = small()
    found = _answers(experiment)
    item = mistakes_item(experiment, found, tmp_path / "figures" / "mistakes.png", {})
    (table,) = item.tables
    names = experiment.class_names
    assert [row[1] for row in table.rows] == [names[int(found.labels[4])], names[int(found.labels[1])]]
    assert float(table.rows[0][3]) > float(table.rows[1][3])
    right = Answers(None, 10.0 * torch.nn.functional.one_hot(found.labels, len(names)).double(), found.labels)
    assert mistakes_item(experiment, right, tmp_path / "none.png", {}).figures == ()


@pytest.mark.parametrize("noisy", [False, True])
def test_a_run_has_its_sections(noisy: bool, tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 1.1}\n{"step": 2, "loss": 1.0}\n')
    experiment = small(noisy)
    items = run_items(experiment, experiment.job().networks, tmp_path, {"recipe": experiment.recipe.name})
    assert [item.number for item in items] == (["1", "2", "3", "4"] if noisy else ["1", "2", "3"])
    assert all(item.status == "done" for item in items)
    for item in items:
        for figure in item.figures:
            assert (tmp_path / figure.path).is_file()
    if noisy:
        (table,) = items[3].tables
        assert items[3].title == NOISE
        assert [row[0] for row in table.rows] == ["0.001", "0.334", "0.667", "1.000"]
        assert table.rows[0][3] == "—" != table.rows[3][3]
