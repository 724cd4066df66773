import contextlib
import errno
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from training_jobs import engine, regression, train

from genloom.errors import CheckpointError, DiskFullError, InputError
from genloom.training import files, manifest
from genloom.training.checkpoint import Best, Checkpoints, load_networks
from genloom.training.state import Snapshot

KILLS = Path(__file__).with_name("training_kills.py")


def snapshot(step, **state):
    draws = torch.Generator().manual_seed(step)
    weights = torch.randn(7, 3, generator=draws)
    networks = {"net/w": weights, "net/again": weights, "net/n": torch.tensor(step)}
    ema, optimizers = {"net/w": weights.double().T}, {"net/w#step": torch.tensor(1.0)}
    return Snapshot(step, {"networks": networks, "ema": ema, "optimizers": optimizers}, state)


@pytest.fixture
def store(tmp_path):
    store = Checkpoints(tmp_path / "checkpoints")
    store.sweep()
    return store


def same(a, b):
    return all(torch.equal(a.tensors[group][key], tensor) for group, tensors in b.tensors.items()
               for key, tensor in tensors.items()) and a.step == b.step


def test_what_was_saved_comes_back_bit_for_bit_also_shared_and_transposed_weights(store):
    store.save(snapshot(3, value=0.1 + 0.2))
    loaded = store.load(3)
    assert same(loaded, snapshot(3))
    assert loaded.tensors["ema"]["net/w"].dtype == torch.float64
    assert loaded.state["value"] == 0.1 + 0.2


def test_pruning_keeps_the_most_recent_and_the_best(store):
    for step in range(1, 6):
        store.save(snapshot(step), Best(2, "energy", 0.5) if step >= 2 else None)
    assert store.steps() == [2, 4, 5]
    assert (store.last(), store.best()) == (5, 2)
    assert store.resolve("best") == 2
    with pytest.raises(CheckpointError, match="no checkpoint 3; there are: 2, 4, 5"):
        store.resolve(3)


def test_keeping_none_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"engine.keep = 0: must be at least 1"):
        Checkpoints(tmp_path, 0)


def test_saving_an_earlier_step_again_replaces_it_and_forgets_the_later_ones(store):
    for step in (1, 2, 3):
        store.save(snapshot(step))
    store.save(snapshot(2, again=True))
    assert store.last() == 2
    assert store.load(2).state["again"]
    assert store.steps() == [2]


@pytest.mark.parametrize("pointer", [b"", b"{", b"\x00\xff", manifest.seal({"step": 99}), manifest.seal({"step": []})])
def test_a_damaged_pointer_falls_back_on_the_last_whole_one(store, pointer):
    store.save(snapshot(1))
    store.save(snapshot(2))
    (store.folder / "last.json").write_bytes(pointer)
    assert store.last() == 2
    (store.path(2) / "state.json").write_bytes(b"{}")
    assert store.last() == 1


def flip(path, bit):
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def test_a_thousand_flipped_bits_and_fifty_truncations_are_all_noticed(store):
    store.save(snapshot(1))
    store.save(snapshot(2))
    draws = random.Random(0)
    parts = sorted(store.path(2).iterdir())
    assert len(parts) == 5
    for trial in range(1050):
        part = draws.choice(parts)
        whole = part.read_bytes()
        if trial < 1000:
            flip(part, draws.randrange(8 * len(whole)))
        else:
            part.write_bytes(whole[: draws.randrange(len(whole))])
        with pytest.raises(CheckpointError, match=r"the last good one is 1: --checkpoint 1"):
            store.load(2)
        part.write_bytes(whole)
    assert same(store.load(2), snapshot(2))


@pytest.mark.parametrize("name", ["networks.safetensors", "state.json", "manifest.json"])
def test_a_missing_file_is_named(store, name):
    store.save(snapshot(1))
    (store.path(1) / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name} cannot be read: No such file.*; no earlier one is whole"):
        store.load(1)


def test_a_pickle_with_a_right_manifest_is_not_executed(store, tmp_path):
    store.save(snapshot(1))
    folder, trace = store.path(1), tmp_path / "executed"
    bomb = f"cos\nsystem\n(S'touch {trace}'\ntR.".encode()
    contents = {"networks.safetensors": bomb, "state.json": b"{}"}
    (folder / "networks.safetensors").write_bytes(bomb)
    (folder / "state.json").write_bytes(b"{}")
    (folder / "manifest.json").write_bytes(manifest.describe(contents))
    with pytest.raises(CheckpointError, match="cannot be read"):
        store.load(1)
    assert not trace.exists()


@pytest.mark.parametrize(("name", "content"), [
    ("state.json", b"[]"), ("state.json", b"["), ("state.json", b"\xff"), ("state.json", b"[" * 10**5),
    ("networks.safetensors", b""), ("networks.safetensors", b"\xff" * 64),
    ("networks.safetensors", b"PK\x03\x04" + b"\0" * 99),
])
def test_hostile_contents_with_a_right_manifest_are_typed_errors(store, name, content):
    folder = store.save(snapshot(1))
    (folder / name).write_bytes(content)
    parts = {part.name: part.read_bytes() for part in folder.iterdir() if part.name != "manifest.json"}
    (folder / "manifest.json").write_bytes(manifest.describe(parts))
    with pytest.raises(CheckpointError, match="checkpoint 1 is whole but cannot be read"):
        store.load(1)


@pytest.mark.parametrize("best", [3, [], {}, {"step": "x", "metric": 1, "value": None}])
def test_an_unreadable_best_is_a_typed_error(best):
    with pytest.raises(CheckpointError):
        Best.of(snapshot(1, best=best))


class Faults:
    """Fails the nth write, sync or rename of a save."""

    def __init__(self, monkeypatch, at, error):
        self.count, self.at, self.error = 0, at, error
        for name in ("write_bytes", "sync_folder", "rename"):
            for before in (True, False):
                monkeypatch.setattr(files, name, self.wrap(getattr(files, name), before))
        monkeypatch.setattr(os, "fsync", self.wrap(os.fsync, True))

    def wrap(self, function, before):
        def call(*arguments):
            if before:
                self.tick()
            result = function(*arguments)
            if not before:
                self.tick()
            return result

        return call

    def tick(self):
        self.count += 1
        if self.count == self.at:
            raise self.error


@pytest.mark.parametrize("again", [False, True], ids=["a new step", "a step that is there"])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), KeyboardInterrupt()], ids=["EIO", "interrupt"])
def test_a_fault_at_any_boundary_leaves_the_old_or_the_new_whole(tmp_path, again, error):
    outcomes = set()
    for at in range(1, 200):
        store = Checkpoints(tmp_path / str(at), keep=1)
        store.sweep()
        store.save(snapshot(1))
        step = 1 if again else 2
        with pytest.MonkeyPatch.context() as patch:
            faults = Faults(patch, at, error)
            with contextlib.suppress(OSError, KeyboardInterrupt):
                store.save(snapshot(step, new=True))
        store.sweep()
        last = store.last()
        loaded = store.load(last)
        assert same(loaded, snapshot(last))
        outcomes.add(bool(loaded.state.get("new")))
        store.save(snapshot(3))
        assert store.last() == 3
        assert sorted(entry.name for entry in store.folder.iterdir()) == ["3", "last.json"]
        if faults.count < at:
            break
    assert at > 30
    assert outcomes == {False, True}


def test_a_full_disk_leaves_the_previous_checkpoint_and_no_debris(store, monkeypatch):
    store.save(snapshot(1))
    written = files.write_bytes

    def full(path, data):
        if path.name == "optimizers.safetensors":
            raise OSError(errno.ENOSPC, "No space left on device")
        written(path, data)

    monkeypatch.setattr(files, "write_bytes", full)
    with pytest.raises(DiskFullError, match=r"needed.*free.*previous checkpoint is intact"):
        store.save(snapshot(2))
    assert sorted(entry.name for entry in store.folder.iterdir()) == ["1", "last.json"]
    assert same(store.load(store.last()), snapshot(1))


def kills(folder, count):
    script = subprocess.run([sys.executable, str(KILLS), str(folder), str(count)], capture_output=True, text=True,
                            check=False, timeout=300)
    assert script.stdout.strip() == f"resumable {count}", script.stderr


def test_killed_while_saving_it_is_always_resumable(tmp_path):
    kills(tmp_path / "checkpoints", 50)


@pytest.mark.slow
def test_killed_a_thousand_times_while_saving_it_is_always_resumable(tmp_path):
    kills(tmp_path / "checkpoints", 1000)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    scores = iter([3.0, 1.0, float("nan"), 2.0])
    job = regression(engine(evaluate_every=5, keep=1), judge=lambda networks: {"error": next(scores)})
    run = train(job, tmp_path_factory.mktemp("runs") / "run")
    return run.path, job


def fresh(width=16):
    return {"net": nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Tanh(), nn.Dropout(0.2),
                                 nn.Linear(width, 1))}


def test_networks_load_for_inference(trained):
    path, job = trained
    last, best = fresh(), fresh()
    loaded = load_networks(path, last, ema=False)
    assert (loaded.step, loaded.averaged, loaded.path) == (20, False, path / "checkpoints" / "20")
    assert loaded.digest == manifest.digest((loaded.path / "manifest.json").read_bytes())
    assert torch.equal(last["net"][0].weight, job.networks["net"][0].weight)
    assert not last["net"].training
    assert load_networks(path, best, step="best").step == 10
    assert load_networks(path, best, step=20).averaged
    assert not torch.equal(best["net"][0].weight, last["net"][0].weight)


@pytest.mark.parametrize(("networks", "complaint"), [
    (fresh(8), r"net/0.weight is \(16, 2\) float32 in the checkpoint and \(8, 2\) float32 in the model"),
    ({"other": fresh()["net"]}, "of another model"),
    ({"net": fresh()["net"].double()}, "float64 in the model"),
    ({"net": nn.Sequential(*fresh()["net"], nn.Linear(1, 1))}, r"it lacks net/5.weight, net/5.bias"),
])
def test_a_wrong_model_is_one_error_and_stays_untouched(trained, networks, complaint):
    before = [t.clone() for n in networks.values() for t in n.state_dict().values()]
    with pytest.raises(CheckpointError, match=complaint) as caught:
        load_networks(trained[0], networks)
    assert "\n" not in str(caught.value)
    after = [t for n in networks.values() for t in n.state_dict().values()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_no_checkpoint_and_no_best_are_typed_errors(tmp_path, trained):
    with pytest.raises(CheckpointError, match="no checkpoint 'last'; there are: none"):
        load_networks(tmp_path, fresh())
    with pytest.raises(CheckpointError, match="no checkpoint 7; there are: 10, 20"):
        load_networks(trained[0], fresh(), step=7)
