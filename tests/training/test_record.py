import json
from dataclasses import replace

import pytest
from training_jobs import Regression, engine, regression, train

from genloom.errors import CheckpointError, Interrupted
from genloom.training import record
from genloom.training.checkpoint import Checkpoints
from genloom.training.files import read_rows
from genloom.training.state import Snapshot


def judged(scores, tmp_path, **changes):
    left = iter(scores)
    job = regression(engine(evaluate_every=5, **changes), judge=lambda networks: {"energy": next(left), "other": 1.0})
    run = train(job, tmp_path / "run")
    return run, Checkpoints(run.checkpoints)


def test_the_lowest_first_metric_is_best_and_is_kept(tmp_path):
    run, store = judged([2.0, 1.0, 3.0, 4.0], tmp_path, keep=1)
    assert (store.best(), store.last(), store.steps()) == (10, 20, [10, 20])
    assert read_rows(run.path / "evaluations.jsonl")[1] == {"step": 10, "energy": 1.0, "other": 1.0}


@pytest.mark.parametrize("scores", [[float("nan"), 2.0, float("nan"), 3.0], [float("-inf"), 2.0, float("inf"), 2.0]])
def test_nan_and_infinity_are_never_best(tmp_path, scores):
    run, store = judged(scores, tmp_path)
    assert store.best() == 10
    assert read_rows(run.path / "evaluations.jsonl")[0]["energy"] is None


def test_where_evaluations_do_not_choose_no_checkpoint_is_best(tmp_path):
    job = replace(regression(engine(evaluate_every=5), judge=lambda networks: {"energy": 1.0}), choose=False)
    run = train(job, tmp_path / "run")
    assert Checkpoints(run.checkpoints).best() is None
    assert [row["energy"] for row in read_rows(run.path / "evaluations.jsonl")] == [1.0] * 4


def test_an_improvement_is_saved_even_where_no_save_was_due(tmp_path):
    _, store = judged([2.0, 1.0, 3.0, 4.0], tmp_path, save_every=20)
    assert (store.best(), store.steps()) == (10, [10, 20])


def test_the_best_survives_a_resume(tmp_path):
    run, store = judged([2.0, 1.0, 3.0, 4.0], tmp_path)
    (store.folder / "best.json").unlink()
    train(regression(engine(steps=25, evaluate_every=5), judge=lambda networks: {"energy": 1.5}), run.path, resume=True)
    assert store.best() == 10


@pytest.mark.parametrize("part", ["draw", "judge"])
def test_a_picture_or_an_evaluation_that_fails_does_not_stop_training(tmp_path, part, capsys):
    def fail(*_):
        raise ZeroDivisionError("by zero")

    run = train(regression(engine(sample_every=10, evaluate_every=10), **{part: fail}), tmp_path / "run")
    assert run.status["state"] == "finished"
    assert capsys.readouterr().err.count("ZeroDivisionError: by zero") == 2


def test_a_watch_is_shown_every_row_and_what_it_says_is_a_warning(tmp_path, capsys):
    shown = []

    def watch(row):
        shown.append(dict(row))
        return [f"energy {row['energy']}"] if "energy" in row else []

    left = iter([float("nan"), 2.0])
    job = regression(engine(evaluate_every=10), judge=lambda networks: {"energy": next(left)}, watch=watch)
    run = train(job, tmp_path / "run")
    log = read_rows(run.path / "metrics.jsonl")
    assert [row for row in shown if "energy" not in row] == log
    assert [(row["step"], str(row["energy"])) for row in shown if "energy" in row] == [(10, "nan"), (20, "2.0")]
    assert [row["step"] for row in shown] == [3, 6, 9, 10, 12, 15, 18, 20, 20], "in the order in which they are made"
    assert capsys.readouterr().err == "warning: energy nan\nwarning: energy 2.0\n"
    plain = train(regression(engine(evaluate_every=10)), tmp_path / "plain")
    assert (plain.path / "metrics.jsonl").read_bytes() == (run.path / "metrics.jsonl").read_bytes()


def test_a_watch_that_fails_is_told_once_and_training_goes_on(tmp_path, capsys):
    shown = []

    def watch(row):
        shown.append(row)
        raise KeyError("told_apart")

    run = train(regression(engine(), watch=watch), tmp_path / "run")
    assert run.status["state"] == "finished"
    assert len(shown) == 1
    assert capsys.readouterr().err.count("goes on unwatched, since its watch failed: KeyError: 'told_apart'") == 1


@pytest.mark.parametrize("name", ["metrics.jsonl", "timing.jsonl"])
def test_a_log_that_cannot_be_written_is_warned_of_once(tmp_path, name, monkeypatch, capsys):
    append = record.files.append_line

    def fail(path, row):
        if path.name == name:
            raise OSError(28, "No space left on device")
        append(path, row)

    monkeypatch.setattr(record.files, "append_line", fail)
    run = train(regression(engine()), tmp_path / "run")
    assert run.status["state"] == "finished"
    assert capsys.readouterr().err.count(f"{name} cannot be written, training goes on without it") == 1


def test_rows_tell_step_epoch_rate_and_norm(tmp_path):
    run = train(regression(engine()), tmp_path / "run")
    rows = read_rows(run.path / "metrics.jsonl")
    assert [row["step"] for row in rows] == [3, 6, 9, 12, 15, 18, 20]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6, 6]
    assert all({"loss", "lr", "grad_norm", "target", "half"} <= row.keys() for row in rows)
    assert all(row["half"] == 0.5 for row in rows)


def test_ten_saves_where_nobody_says_how_many_but_none_too_soon(tmp_path, monkeypatch):
    saved = []
    original = record.Checkpoints.save
    monkeypatch.setattr(record.Checkpoints, "save", lambda self, snapshot, best: (saved.append(snapshot.step),
                                                                                  original(self, snapshot, best))[1])
    train(regression(engine(save_every=0)), tmp_path / "short")
    assert saved == [20]
    saved.clear()
    monkeypatch.setattr(record, "_GAP", 0.0)
    train(regression(engine(save_every=0)), tmp_path / "long")
    assert saved == list(range(2, 21, 2))


def test_the_books_are_plain_files(tmp_path):
    run = train(regression(engine(), judge=lambda networks: {"energy": 1.0}), tmp_path / "run")
    state = json.loads((run.checkpoints / "20" / "state.json").read_text())
    assert state["step"] == 20
    assert state["best"] == {"step": 20, "metric": "energy", "value": 1.0}


def scored(scores, path, resume=False, stop=-1, patience=2, **changes):
    """Evaluated at every fifth step; `scores` by step."""
    shown = {5 * (i + 1): score for i, score in enumerate(scores)}
    box = {}

    class Watching(Regression):
        def updates(self, networks, batch, rng):
            box["step"] = rng.step + 1
            return super().updates(networks, batch, rng)

    job = regression(engine(steps=60, evaluate_every=5, patience=patience, **changes), method=Watching(stop=stop),
                     judge=lambda networks: {"energy": shown[box["step"]]})
    return train(job, path, resume=resume)


NAN = float("nan")


@pytest.mark.parametrize(("scores", "patience", "end"), [
    ([3.0, 2.0, 2.0, 2.5, 1.0], 2, 20), ([3.0, 2.0, 2.5, 1.0, NAN, NAN, 0.0], 2, 30), ([NAN, NAN, NAN], 3, 15),
    ([1.0] * 12, 0, 60), ([1.0] + [2.0] * 11, 11, 60)])
def test_patience_ends_a_run_after_so_many_evaluations_without_a_better_one(tmp_path, scores, patience, end):
    run = scored(scores, tmp_path / "run", patience=patience)
    assert run.status["state"] == "finished"
    assert run.status["step"] == Checkpoints(run.checkpoints).last() == end
    assert len(read_rows(run.path / "evaluations.jsonl")) == end // 5
    assert read_rows(run.path / "metrics.jsonl")[-1]["step"] == end
    told = f"no better evaluation in {patience}, so it ended after step {end} of 60"
    assert run.status["reason"] == (told if end < 60 else "")


@pytest.mark.parametrize("at", [2, 12, 14, 16, 18])
def test_patience_is_remembered_by_a_run_that_was_cut(tmp_path, at):
    scores = [3.0, 2.0, 2.0, 2.5]
    whole = scored(scores, tmp_path / "whole")
    with pytest.raises(Interrupted):
        scored(scores, tmp_path / "cut", stop=at)
    cut = scored(scores, tmp_path / "cut", resume=True)
    for name in ("metrics.jsonl", "evaluations.jsonl", "status.json", "checkpoints/20/networks.safetensors",
                 "checkpoints/20/state.json"):
        assert (cut.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_a_run_that_ended_early_stays_so_and_goes_on_without_patience(tmp_path):
    run = scored([1.0, 2.0, 2.0], tmp_path / "run", log_every=7)
    rows = (run.path / "metrics.jsonl").read_bytes()
    assert [row["step"] for row in read_rows(run.path / "metrics.jsonl")] == [7, 14, 15]
    scored([1.0, 2.0, 2.0], run.path, resume=True, log_every=7)
    assert (run.path / "metrics.jsonl").read_bytes() == rows
    scored([1.0, *[2.0] * 11], run.path, resume=True, log_every=7, patience=0)
    whole = scored([1.0, *[2.0] * 11], tmp_path / "whole", log_every=7, patience=0)
    assert (run.path / "metrics.jsonl").read_bytes() == (whole.path / "metrics.jsonl").read_bytes()


def test_evaluations_that_fail_do_not_end_a_run(tmp_path):
    assert scored([], tmp_path / "run").status["step"] == 60


@pytest.mark.parametrize("stale", [-1, "many", 1.5])
def test_a_count_that_cannot_be_is_refused(stale):
    with pytest.raises(CheckpointError, match="checkpoint 7 says nothing readable"):
        record._stale(Snapshot(7, {}, {"stale": stale}))
