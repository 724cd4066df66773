"""What is made of a trained run says what it was made from, and whether it is whole."""

import json
from pathlib import Path

from genloom.cli import runs, written
from genloom.recipes import registry
from genloom.report.results import Result, read_results
from genloom.training.run import RunFolder


def made(folder: Path) -> runs.Trained:
    from genloom.recipes import build

    run = RunFolder.open(folder)
    return runs.with_weights(run, build(runs.recipe_of(run)))


def test_the_page_names_data_seed_checkpoint_and_versions(run_folder: Path) -> None:
    page = written.page_of(made(run_folder), ())
    facts = dict(page.facts)
    assert next(iter(facts)) == "data"
    assert facts["seed"] == "0"
    assert facts["checkpoint"].startswith("step 20")
    assert "torch" in facts["versions"]
    assert "engine.steps 20" in facts["changed"], "the summary is that of the recipe as it is named"
    assert page.complete


def test_a_run_that_was_stopped_is_unmistakable(run_copy: Path) -> None:
    RunFolder.open(run_copy).set_status("interrupted", 12, 20, "by hand")
    page = written.page_of(made(run_copy), ())
    assert not page.complete
    assert page.notice == "This run is interrupted at step 12 of 20: by hand."


def test_numbers_are_kept_beside_the_sections_that_are_there(run_copy: Path) -> None:
    own = made(run_copy)
    path = written.keep(own, (Result(name="a", value=1.0),))
    before = [item.number for item in read_results(path).items]
    written.keep(own, (Result(name="a", value=2.0),))
    page = read_results(path)
    assert [item.number for item in page.items] == before
    assert page.items[0].results[0].value == 2.0
    path.write_text("{")
    written.keep(own, (Result(name="a", value=3.0),))
    assert [item.number for item in read_results(path).items] == ["0"]


def test_results_as_json_are_plain() -> None:
    rows = written.as_json((Result(name="a", value=float("nan")),))
    assert json.loads(json.dumps(rows))[0]["name"] == "a"


def test_what_a_classifier_can_be_used_for_next() -> None:
    drawing, telling = (written.following(registry.recipe(name), "RUN") for name in ("ve-square", "digit-classifier"))
    assert drawing[0].startswith("genloom sample RUN")
    assert telling[0] == "genloom sample OTHER_RUN --classifier RUN --guidance 2"
    assert drawing[1] == telling[1] == "genloom evaluate RUN"
