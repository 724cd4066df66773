import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genloom.errors import InputError
from genloom.training import distributed
from genloom.training.files import read_rows
from genloom.training.options import Engine
from genloom.training.run import RunFolder

JOBS = str(Path(__file__).with_name("training_jobs.py"))


def start(*words, module=False):
    command = [sys.executable, "-m", "training_jobs"] if module else [sys.executable, JOBS]
    return subprocess.Popen([*command, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            cwd=Path(JOBS).parent)


def values(path):
    return [(row["step"], row["loss" if "loss" in row else "loss/critic"], row.get("loss/generator", 0)) for row in
            read_rows(path / "metrics.jsonl")]


@pytest.mark.parametrize(("kind", "module"), [("plain", True), ("gan", False)])
def test_two_processes_have_the_losses_of_one(tmp_path, kind, module):
    one = start(kind, tmp_path / "one", "accumulate=2", "clip=0.5", module=module)
    two = start(kind, tmp_path / "two", "accumulate=2", "clip=0.5", "devices=2", module=module)
    for process in (one, two):
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, ""), err
        assert out.count("done 20") == 1
    expected, found = values(tmp_path / "one"), values(tmp_path / "two")
    assert len(expected) == 7
    assert found == pytest.approx([pytest.approx(row, abs=1e-6) for row in expected])
    assert RunFolder(tmp_path / "two").status["state"] == "finished"


def test_two_processes_lose_their_patience_together(tmp_path):
    process = start("plain", tmp_path / "run", "judged", "steps=60", "evaluate_every=5", "patience=2", "devices=2")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, ""), err
    assert "ends after step 15 of 60; the best was at step 5" in out
    assert RunFolder(tmp_path / "run").status["step"] == 15


def child_of(pid):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if found:
            return int(found[0])
        time.sleep(0.05)
    raise AssertionError("no child")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the child in /proc")
@pytest.mark.parametrize("victim", ["helper", "main"])
def test_a_killed_peer_ends_the_other_with_one_clear_line(tmp_path, victim):
    process = start("plain", tmp_path / "run", "devices=2", "slow=0.1", "steps=1000")
    assert process.stdout.readline().startswith("step 1/")
    child = child_of(process.pid)
    began = time.monotonic()
    os.kill(child if victim == "helper" else process.pid, signal.SIGKILL)
    _, err = process.communicate(timeout=30)  # ends when both have closed their end of the pipe
    assert time.monotonic() - began < 20
    assert process.returncode == (1 if victim == "helper" else -signal.SIGKILL)
    complaint = r"error: PeerLost: another process of this run has gone \(.*\); what was saved is whole: .*\n"
    assert re.fullmatch(complaint, err), err
    expected = "failed" if victim == "helper" else "interrupted"
    assert RunFolder(tmp_path / "run").status["state"] == expected


def test_a_signal_stops_all_processes_after_the_same_step(tmp_path):
    process = start("plain", tmp_path / "run", "devices=2", "slow=0.1", "steps=1000")
    assert process.stdout.readline().startswith("step 1/")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143, err
    assert err.count("error:") == 1
    assert RunFolder(tmp_path / "run").status["state"] == "interrupted"


@pytest.mark.slow
def test_two_processes_with_batch_norm_and_dropout_resume_exactly(tmp_path):
    whole = start("reg", tmp_path / "whole", "devices=2")
    cut = start("reg", tmp_path / "cut", "devices=2", "slow=0.1")
    assert cut.stdout.readline().startswith("step 1/")
    cut.send_signal(signal.SIGTERM)
    cut.communicate(timeout=60)
    rest = start("reg", tmp_path / "cut", "devices=2", "resume")
    for process in (whole, rest):
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
    for name in ("metrics.jsonl", "checkpoints/20/networks.safetensors", "checkpoints/20/ema.safetensors"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.mark.parametrize(("variables", "main"), [
    ({}, True), ({"RANK": "0", "LOCAL_RANK": "0"}, True), ({"RANK": "2"}, False), ({"LOCAL_RANK": "1"}, False),
    ({"NODE_RANK": "1"}, False),
])
def test_the_first_process_is_known_from_the_environment(monkeypatch, variables, main):
    for name in distributed._PLACES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert distributed.is_main() is main


def test_several_machines_need_an_address(tmp_path):
    with pytest.raises(InputError, match=r"engine.nodes = 2.*MASTER_ADDR"), \
            distributed.join(Engine(nodes=2), tmp_path):
        pass


def test_an_accelerator_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"engine.accelerator = 'mps'.*pass --engine.accelerator cpu"), \
            distributed.join(Engine(accelerator="mps"), tmp_path):
        pass
