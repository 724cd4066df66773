import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from training_jobs import engine, regression, train

from genloom.training.checkpoint import Checkpoints
from genloom.training.run import RunFolder
from genloom.training.signals import Stop

JOBS = str(Path(__file__).with_name("training_jobs.py"))


def started(path, *words):
    """A run in a process of its own, once its first step is done."""
    process = subprocess.Popen([sys.executable, JOBS, "reg", str(path), *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("step 1/")
    return process


def test_a_terminated_run_exits_143_and_goes_on_in_another_process_bit_for_bit(tmp_path):
    whole = train(regression(engine()), tmp_path / "whole")
    process = started(tmp_path / "cut", "slow=0.05")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143, err
    assert "saving; again to quit now" in err
    assert re.search(r"error: Interrupted: stopped after step \d+ and saved; go on with `genloom resume .*cut`", err)
    resumed = subprocess.run([sys.executable, JOBS, "reg", str(tmp_path / "cut"), "resume"], capture_output=True,
                             text=True, check=True)
    assert resumed.stdout.endswith("done 20\n")
    parts = ("networks.safetensors", "ema.safetensors", "optimizers.safetensors", "state.json")
    for name in ("metrics.jsonl", *(f"checkpoints/20/{part}" for part in parts)):
        assert (tmp_path / "cut" / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_a_killed_run_goes_on_bit_for_bit(tmp_path):
    whole = train(regression(engine(save_every=2)), tmp_path / "whole")
    process = started(tmp_path / "cut", "slow=0.05", "save_every=2")
    time.sleep(0.4)
    process.kill()
    process.communicate(timeout=30)
    cut = RunFolder.open(tmp_path / "cut")
    assert cut.status["state"] == "interrupted"
    train(regression(engine(save_every=2)), cut.path, resume=True)
    for name in ("metrics.jsonl", "checkpoints/20/networks.safetensors", "checkpoints/20/optimizers.safetensors"):
        assert (cut.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_a_second_interrupt_quits_at_once_and_the_old_checkpoint_is_whole(tmp_path):
    process = started(tmp_path / "run", "slow=0.4", "save_every=1")
    time.sleep(0.6)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "\n"
    assert process.stderr.readline() == "saving; again to quit now\n"
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began < 2
    store = Checkpoints(tmp_path / "run" / "checkpoints")
    store.load(store.last())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_handlers_come_back(number, capfd):
    before = signal.getsignal(number)
    with Stop() as stop:
        os.kill(os.getpid(), number)
        assert stop.number == number
    assert signal.getsignal(number) is before
    assert "again to quit now" in capfd.readouterr().err


def test_outside_the_main_thread_nothing_is_installed():
    before = signal.getsignal(signal.SIGINT)

    def enter():
        with Stop() as stop:
            assert stop.number == 0
            assert signal.getsignal(signal.SIGINT) is before

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
