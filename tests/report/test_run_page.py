import json

import pytest

from genloom.report.page import write_page
from genloom.report.provenance import read_provenance
from genloom.report.results import Result
from genloom.report.run_page import (
    notice,
    numbers_item,
    read_columns,
    read_losses,
    read_rows,
    run_page,
    training_item,
    training_seconds,
)


@pytest.fixture
def run(tmp_path):
    rows = [{"step": k, "loss": 1 / k} for k in range(1, 40)] + [{"step": 40, "evaluation": 1}]
    torn = "\n".join(json.dumps(row) for row in rows) + '\n[1]\nnull\n{"step": 41, "lo'
    (tmp_path / "metrics.jsonl").write_text(torn)
    return tmp_path


def test_losses_are_read_from_whole_rows_only(run):
    steps, losses = read_losses(run / "metrics.jsonl")
    assert steps == list(range(1, 40))
    assert losses[-1] == 1 / 39
    assert read_losses(run / "none.jsonl") == ([], [])


def test_columns_are_of_rows_that_have_all_of_them(run):
    assert read_columns(run / "metrics.jsonl", ("step", "evaluation")) == {"step": [40.0], "evaluation": [1.0]}
    assert read_columns(run / "none.jsonl", ("step",)) == {"step": []}


def test_all_rows_that_are_whole_are_read(run):
    rows = read_rows(run / "metrics.jsonl")
    assert len(rows) == 40
    assert rows[-1] == {"step": 40, "evaluation": 1}
    assert read_rows(run / "none.jsonl") == []


def test_the_loss_curve_is_saved_with_what_it_came_from(run):
    item = training_item(run, {"recipe": "toy"}, known=0.01, known_name="floor")
    assert item.figures[0].path == "figures/training.png"
    assert read_provenance(run / item.figures[0].path) == {"recipe": "toy"}
    assert "floor" in item.figures[0].caption


def test_a_run_without_a_row_has_no_curve(tmp_path):
    assert training_item(tmp_path, {}).status == "missing"


@pytest.mark.parametrize("state", ["running", "interrupted", "failed", "finished"])
def test_only_a_finished_run_is_complete(run, state):
    status = {"state": state, "step": 3, "steps": 9, "reason": "stopped"}
    items = (numbers_item([Result(name="x", value=1.0)]), training_item(run, {}))
    page = run_page(run, title="toy", summary="s", facts=[("data", "d")], status=status, items=items)
    text = write_page(page, run).read_text("utf-8")
    assert ("This run is not complete" in text) == (state != "finished")
    assert ("at step 3 of 9: stopped." in text) == (state != "finished")


def test_an_unknown_state_is_said_as_well():
    assert notice({}) == "This run is in an unknown state at step ? of ?."
    assert notice({"state": "failed", "step": 1, "steps": 2}) == "This run has failed at step 1 of 2."


def test_the_seconds_of_all_processes_are_added(tmp_path):
    path = tmp_path / "timing.jsonl"
    assert training_seconds(path) == 0
    path.write_text("".join(f'{{"step": {k}, "seconds": {s}}}\n' for k, s in enumerate((1.0, 5.0, 0.5, 2.0, 1.0))))
    assert training_seconds(path) == 5 + 2 + 1
