"""What is known of each loss's runs."""

import json

import pytest

from genloom.studies.mnist_gans.rows import findings, rows, seconds
from genloom.studies.mnist_gans.work import play


def test_every_loss_has_a_row_with_its_runs(tiny) -> None:
    found = rows(tiny)
    assert [row.name for row in found] == ["non-saturating", "wgan", "r3gan"]
    for row in found:
        assert len(row.finished) == len(row.distances) == 2
        assert row.stable == 0, "nothing is learned in six steps"
        assert row.minutes == sum(row.trainings) > 0


def test_a_run_that_did_not_end_has_no_distance_and_is_not_stable(tiny) -> None:
    row = rows(tiny)[0]
    first, second = row.runs
    cut = row._replace(runs={**row.runs, second: None}, judged={**row.judged, second: None})
    assert len(cut.distances) == 1
    assert cut.finished[0][0] is row.runs[first]


def test_seconds_are_those_of_all_processes_of_a_run(tmp_path) -> None:
    path = tmp_path / "timing.jsonl"
    path.write_text("".join(json.dumps({"step": k, "seconds": s}) + "\n" for k, s in enumerate((1.0, 5.0, 2.0, 3.5))))
    assert seconds(path) == pytest.approx(5 + 3.5)
    assert seconds(tmp_path / "none.jsonl") == 0


def test_a_short_training_gives_no_findings(tiny) -> None:
    assert findings(play(tiny, "vanilla-gan")) == []
