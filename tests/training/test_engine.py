"""Exact resume: a run that was cut anywhere and went on leaves the same bytes as one that was not."""

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training_jobs import Regression, adversarial, data, engine, regression, train

from genloom.errors import (
    CheckpointError,
    DiskFullError,
    InputError,
    Interrupted,
    NonFiniteError,
    RunInUse,
    UnknownName,
)
from genloom.training import files, lock
from genloom.training.checkpoint import Checkpoints
from genloom.training.engine import Job, Outcome, fit
from genloom.training.options import Optimizer
from genloom.training.run import RunFolder
from genloom.training.screen import Screen

EXACT = ("metrics.jsonl", *(f"checkpoints/20/{part}.safetensors" for part in ("networks", "ema", "optimizers")),
         "checkpoints/20/state.json")


def contents(path):
    return {name: (path / name).read_bytes() for name in EXACT}


def cut_and_resumed(path, options, at, **how):
    with pytest.raises(Interrupted) as caught:
        train(regression(options, method=Regression(stop=at), **how), path)
    assert caught.value.exit_code == 143
    return train(regression(options, **how), path, resume=True)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("at", [0, 2, 4, 5, 7, 18], ids="after step {}".format)
def test_a_resumed_run_is_the_same_run(tmp_path, at, workers):
    """Three steps are an epoch: cut at the first step, at the ends of epochs and inside, and before the last."""
    whole = train(regression(engine()), tmp_path / "whole")
    cut = cut_and_resumed(tmp_path / "cut", engine(workers=workers), at)
    assert contents(cut.path) == contents(whole.path)
    assert cut.status == {"state": "finished", "step": 20, "steps": 20, "reason": ""}


def test_a_signal_in_the_last_step_stops_what_comes_after_a_finished_run(tmp_path):
    with pytest.raises(Interrupted, match=r"step 20 was the last one .* `genloom report .*cut`") as caught:
        train(regression(engine(), method=Regression(stop=19)), tmp_path / "cut")
    assert caught.value.exit_code == 143
    cut, whole = RunFolder(tmp_path / "cut"), train(regression(engine()), tmp_path / "whole")
    assert contents(cut.path) == contents(whole.path)
    assert cut.status == {"state": "finished", "step": 20, "steps": 20, "reason": ""}


@pytest.mark.parametrize("at", [0, 1, 8, 9, 37], ids="after micro-batch {}".format)
def test_a_signal_inside_an_accumulation_finishes_the_step(tmp_path, at):
    options = engine(accumulate=2, clip=0.3)
    whole = train(regression(options), tmp_path / "whole")
    cut = cut_and_resumed(tmp_path / "cut", options, at)
    assert contents(cut.path) == contents(whole.path)


@pytest.mark.parametrize("change", [{"batch_size": 0}, {"precision": "bf16-mixed"}, {"ema": 0.99, "log_every": 1},
                                    {"log_every": 7, "evaluate_every": 4, "sample_every": 3}])
def test_other_options_resume_exactly_too(tmp_path, change):
    whole = train(regression(engine(**change)), tmp_path / "whole")
    assert contents(cut_and_resumed(tmp_path / "cut", engine(**change), 8).path) == contents(whole.path)


def test_decay_of_matrices_alone_resumes_exactly(tmp_path):
    how = {"optimizer": Optimizer(name="adamw", weight_decay=0.1, decay="matrices")}
    whole = train(regression(engine(), **how), tmp_path / "whole")
    assert contents(cut_and_resumed(tmp_path / "cut", engine(), 8, **how).path) == contents(whole.path)


def test_two_networks_resume_exactly(tmp_path):
    whole = train(adversarial(engine(accumulate=2)), tmp_path / "whole")
    half = train(adversarial(engine(accumulate=2)), tmp_path / "half")
    for late in (20,):
        for part in sorted((half.checkpoints / str(late)).iterdir()):
            part.unlink()
        (half.checkpoints / str(late)).rmdir()
    train(adversarial(engine(accumulate=2)), half.path, resume=True)
    assert contents(half.path) == contents(whole.path)


def test_half_the_steps_and_then_the_rest_are_all_of_them(tmp_path):
    how = {"optimizer": Optimizer(lr=1e-2)}
    whole = train(regression(engine(), **how), tmp_path / "whole")
    half = train(regression(engine(steps=10), **how), tmp_path / "half")
    assert [row["step"] for row in files.read_rows(half.path / "metrics.jsonl")] == [3, 6, 9, 10]
    train(regression(engine(), **how), half.path, resume=True)
    assert contents(half.path) == contents(whole.path)


def test_after_the_last_step_there_is_nothing_to_do(tmp_path):
    run = train(regression(engine()), tmp_path / "run")
    before = contents(run.path)
    train(regression(engine()), run.path, resume=True)
    assert contents(run.path) == before


def test_a_run_that_was_killed_before_its_first_checkpoint_starts_anew(tmp_path):
    whole = train(regression(engine()), tmp_path / "whole")
    run = RunFolder.create(tmp_path / "cut", "name: test\n", ["test"], {})
    (run.path / "metrics.jsonl").write_text('{"step": 3, "loss": 1.0}\n{"step": 6, "lo')
    train(regression(engine()), run.path, resume=True)
    assert contents(run.path) == contents(whole.path)


def test_two_processes_and_two_hash_seeds_write_the_same_metrics(tmp_path):
    script = str(Path(__file__).with_name("training_jobs.py"))
    processes = [subprocess.Popen([sys.executable, script, "gan", str(tmp_path / seed)], stdout=subprocess.DEVNULL,
                                  env=os.environ | {"PYTHONHASHSEED": seed}) for seed in ("1", "2")]
    assert [process.wait(60) for process in processes] == [0, 0]
    hashes = {hashlib.sha256((tmp_path / seed / "metrics.jsonl").read_bytes()).hexdigest() for seed in ("1", "2")}
    assert len(hashes) == 1


def test_drawing_judging_and_saving_take_no_training_randomness(tmp_path):
    def draw(networks, step, folder):
        assert not networks["net"].training
        networks["net"].double()
        torch.manual_seed(1)
        torch.rand(3)
        (folder / "points.txt").write_text("x")

    def judge(networks):
        with torch.no_grad():
            for parameter in networks["net"].parameters():
                parameter.zero_()
        return {"error": torch.rand(()).item()}

    plain = train(regression(engine()), tmp_path / "plain")
    busy = train(regression(engine(sample_every=2, evaluate_every=3), draw=draw, judge=judge), tmp_path / "busy")
    for name in EXACT[:-1]:
        assert (plain.path / name).read_bytes() == (busy.path / name).read_bytes(), name
    assert sorted(int(p.name) for p in (busy.path / "samples").iterdir()) == list(range(2, 21, 2))
    again = train(regression(engine(sample_every=2, evaluate_every=3), draw=draw, judge=judge), tmp_path / "again")
    assert (again.path / "evaluations.jsonl").read_bytes() == (busy.path / "evaluations.jsonl").read_bytes()


@pytest.mark.parametrize("job", [regression, adversarial])
def test_training_lowers_a_loss_and_reports_what_it_did(tmp_path, job):
    run = RunFolder.create(tmp_path / "run", "name: test\n", ["test"], {})
    outcome = fit(job(engine(steps=60)), run, screen=Screen("quiet"))
    assert isinstance(outcome, Outcome)
    assert (outcome.step, outcome.checkpoint, outcome.best) == (60, run.checkpoints / "60", None)
    rows = files.read_rows(run.path / "metrics.jsonl")
    key = "loss" if "loss" in rows[0] else "loss/critic"
    assert rows[-1][key] < rows[0][key]
    assert {row["step"] for row in files.read_rows(run.path / "timing.jsonl")} == {row["step"] for row in rows}


def test_a_non_finite_loss_stops_before_the_optimizer_and_is_never_saved(tmp_path):
    job = regression(engine(), method=Regression(poison=12))
    complaint = r"step 13: .*'net' is nan .* for the 16 samples \d+, .*…; the weights were not changed .*; lower the "
    with pytest.raises(NonFiniteError, match=complaint) as caught:
        train(job, tmp_path / "run")
    assert caught.value.exit_code == 1
    assert all(torch.isfinite(p).all() for p in job.networks["net"].parameters())
    run = RunFolder.open(tmp_path / "run")
    assert Checkpoints(run.checkpoints).steps() == [5, 10]
    assert run.status["state"] == "failed"
    assert "step 13" in run.status["reason"]
    train(regression(engine()), run.path, resume=True)
    assert contents(run.path) == contents(train(regression(engine()), tmp_path / "whole").path)


class InfiniteGradient:
    """sqrt has an infinite slope at 0, where its value is finite."""

    def updates(self, networks, batch, rng):
        from genloom.training.method import Update

        yield Update("net", (0 * networks["net"](batch["x"])).abs().sqrt().mean())


def test_a_non_finite_gradient_of_a_finite_loss_stops_too(tmp_path):
    with pytest.raises(NonFiniteError, match="step 1: the loss of 'net' is 0 and its gradient's norm nan"):
        train(regression(engine(), method=InfiniteGradient()), tmp_path / "run")


def test_a_full_disk_is_noticed_before_the_first_step(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "free_bytes", lambda _: 100)
    with pytest.raises(DiskFullError, match=r"needed, 0\.0 MB free"):
        train(regression(engine()), tmp_path / "run")
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


def test_a_disk_that_fills_up_costs_one_interval(tmp_path, monkeypatch):
    saves = []

    def room(folder, needed):
        saves.append(needed)
        if len(saves) == 4:  # one look at the start, then one for each save
            raise files.disk_full(folder, needed, 0)

    whole = train(regression(engine()), tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(files, "require_room", room)
        with pytest.raises(DiskFullError):
            train(regression(engine()), tmp_path / "run")
    assert Checkpoints(tmp_path / "run" / "checkpoints").last() == 10
    assert contents(train(regression(engine()), tmp_path / "run", resume=True).path) == contents(whole.path)


def test_a_damaged_last_checkpoint_is_refused_and_the_good_one_offered(tmp_path):
    whole = train(regression(engine()), tmp_path / "whole")
    run = train(regression(engine()), tmp_path / "run")
    weights = run.checkpoints / "20" / "networks.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    job = regression(engine())
    before = [p.clone() for p in job.networks["net"].parameters()]
    with pytest.raises(CheckpointError, match=r"networks.safetensors is damaged: .* one is 15: --checkpoint 15"):
        train(job, run.path, resume=True)
    assert all(torch.equal(a, b) for a, b in zip(before, job.networks["net"].parameters(), strict=True))
    train(regression(engine()), run.path, resume=True, checkpoint=15)
    assert contents(run.path) == contents(whole.path)
    with pytest.raises(CheckpointError, match="no checkpoint 3; there are: 15, 20"):
        train(regression(engine()), run.path, resume=True, checkpoint=3)


def test_only_whole_ones_count(tmp_path):
    run = train(regression(engine(keep=1)), tmp_path / "run")
    (run.checkpoints / "last.json").unlink()
    (run.checkpoints / "20" / "state.json").write_bytes(b"")
    with pytest.raises(CheckpointError, match="no earlier one is whole"):
        train(regression(engine()), run.path, resume=True)


def test_another_model_or_optimizer_does_not_resume(tmp_path):
    run = train(regression(engine()), tmp_path / "run")
    with pytest.raises(CheckpointError, match="of another model"):
        train(adversarial(engine()), run.path, resume=True)
    with pytest.raises(CheckpointError, match="optimizer"):
        train(regression(engine(), optimizer=Optimizer(name="sgd")), run.path, resume=True)


def test_a_trained_run_is_not_trained_over(tmp_path):
    run = train(regression(engine()), tmp_path / "run")
    with pytest.raises(InputError, match=r"go on with `genloom resume"):
        fit(regression(engine()), run, screen=Screen("quiet"))


def test_a_run_in_use_is_left_alone(tmp_path):
    run = RunFolder.create(tmp_path / "run", "name: test\n", ["test"], {})
    with lock.hold(run.path / ".lock"), pytest.raises(RunInUse, match=f"process {os.getpid()} on "):
        fit(regression(engine()), run, screen=Screen("quiet"))
    assert not run.checkpoints.exists()


def test_the_handlers_of_the_caller_come_back(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    train(regression(engine(steps=2)), tmp_path / "run")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("change", "complaint"), [
    ({"steps": 0}, "engine.steps = 0"), ({"accumulate": 0}, "engine.accumulate = 0"), ({"keep": 0}, "engine.keep = 0"),
    ({"clip": -1.0}, "engine.clip = -1.0"), ({"clip": float("nan")}, "engine.clip = nan"),
    ({"log_every": 0}, "engine.log_every = 0"), ({"workers": -1}, "engine.workers = -1"),
    ({"ema": 1.0}, "engine.ema = 1.0"), ({"patience": -1}, "engine.patience = -1"),
    ({"accumulate": 5}, r"engine.batch_size = 16: must be a multiple of 5"),
])
def test_options_that_cannot_be_are_refused_before_anything_is_written(tmp_path, change, complaint):
    run = RunFolder.create(tmp_path / "run", "name: test\n", ["test"], {})
    before = sorted(run.path.iterdir())
    with pytest.raises(InputError, match=complaint):
        fit(regression(engine(**change)), run, screen=Screen("quiet"))
    assert sorted(run.path.iterdir()) == before


def test_patience_needs_evaluations_that_choose(tmp_path):
    with pytest.raises(InputError, match=r"engine.patience = 3"):
        train(replace(regression(engine(patience=3)), choose=False), tmp_path / "run")


def test_optimizers_belong_to_networks(tmp_path):
    job = regression(engine())
    with pytest.raises(UnknownName, match="did you mean 'net'"):
        train(replace(job, optimizers={"nett": Optimizer()}), tmp_path / "a")
    with pytest.raises(InputError, match="at least one network"):
        train(replace(job, optimizers={}), tmp_path / "b")
    frozen = Job(job.method, {"net": job.networks["net"].requires_grad_(False)}, job.optimizers, data(), engine())
    with pytest.raises(InputError, match="trainable parameters"):
        train(frozen, tmp_path / "c")
