import json
import os
import signal
import subprocess
import sys
import time

import pytest

from genloom.errors import RunInUse
from genloom.training import lock

HOLD = """
import sys, time
from pathlib import Path
from genloom.errors import RunInUse
from genloom.training.lock import hold
try:
    with hold(Path(sys.argv[1])):
        print("won", flush=True)
        time.sleep(float(sys.argv[2]))
except RunInUse as error:
    print(error, flush=True)
"""


def holder(path, seconds):
    return subprocess.Popen([sys.executable, "-c", HOLD, str(path), str(seconds)], stdout=subprocess.PIPE, text=True)


def test_of_eight_processes_one_wins_and_seven_say_who_holds_it(tmp_path):
    processes = [holder(tmp_path / ".lock", 3) for _ in range(8)]
    lines = [process.stdout.readline().strip() for process in processes]
    for process in processes:
        process.wait()
        process.stdout.close()
    winner = processes[lines.index("won")].pid
    assert lines.count("won") == 1
    losers = [line for line in lines if line != "won"]
    assert all(f"is in use by process {winner} on " in line and "--out" in line for line in losers), losers


def test_a_dead_holder_is_recovered(tmp_path):
    path = tmp_path / ".lock"
    process = holder(path, 60)
    assert process.stdout.readline().strip() == "won"
    assert lock.is_held(path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert json.loads(path.read_text())["pid"] == process.pid  # its words are still there
    assert not lock.is_held(path)
    with lock.hold(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_holder_without_words_is_another_process(tmp_path):
    path = tmp_path / ".lock"
    started = time.monotonic()
    with lock.hold(path):
        path.write_text("{torn")
        with pytest.raises(RunInUse, match="in use by another process"), lock.hold(path):
            pass
    assert time.monotonic() - started < 5
    assert not lock.is_held(tmp_path / "none")
