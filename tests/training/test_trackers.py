import sys

import pytest
from training_jobs import engine, regression, train

from genloom.errors import MissingExtra
from genloom.training import trackers


def test_tensorboard_shows_every_row_and_goes_on_after_a_resume(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(regression(engine(tensorboard=True, steps=9)), tmp_path / "run")
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("loss")] == [3, 6, 9]
    assert {"loss", "lr", "grad_norm"} <= set(events.Tags()["scalars"])


def test_wandb_that_is_not_installed_is_a_typed_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingExtra, match=r"pip install 'genloom\[wandb\]'"):
        train(regression(engine(wandb="offline")), tmp_path / "run")


@pytest.mark.slow
def test_wandb_works_offline_and_keeps_its_id(tmp_path):
    pytest.importorskip("wandb")
    run = train(regression(engine(wandb="offline", steps=10)), tmp_path / "run")
    name = (run.path / "wandb-id.txt").read_text()
    train(regression(engine(wandb="offline")), run.path, resume=True)
    assert (run.path / "wandb-id.txt").read_text() == name
    assert len(list((run.path / "wandb").glob(f"offline-run-*-{name}"))) >= 1


def test_a_tracker_that_fails_is_left_out_with_one_warning(tmp_path, monkeypatch, capsys):
    def broken(self, step, row):
        raise RuntimeError("no more room")

    monkeypatch.setattr(trackers.TensorBoard, "log", broken)
    run = train(regression(engine(tensorboard=True)), tmp_path / "run")
    assert run.status["state"] == "finished"
    expected = "warning: TensorBoard stopped working and is left out from here on: no more room\n"
    assert capsys.readouterr().err == expected


def test_a_tracker_that_cannot_start_is_left_out(tmp_path, monkeypatch, capsys):
    def broken(self, run, first):
        raise OSError("read-only")

    monkeypatch.setattr(trackers.TensorBoard, "__init__", broken)
    assert train(regression(engine(tensorboard=True)), tmp_path / "run").status["state"] == "finished"
    assert capsys.readouterr().err.count("warning") == 1


def test_long_runs_thin_the_curve():
    rows = []

    class Memory:
        def log(self, step, row):
            rows.append(step)

        def close(self):
            pass

    some = trackers.Trackers(engine(steps=30_000, log_every=10), None, 0, print)
    some._open["memory"] = Memory()
    for step in range(10, 30_001, 10):
        some.log(step, {})
    some.log_always(30_000, {})
    assert len(rows) < 100  # the others wait for the next delivery
    some.close()
    assert len(rows) == 1001
