"""Saves in a child process, kills it at a random moment, looks at what is left: `python training_kills.py FOLDER N`.

A script of its own, because it forks.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from genloom.training.checkpoint import Checkpoints
from genloom.training.state import Snapshot


def snapshot(step: int) -> Snapshot:
    weights = torch.full((20_000,), float(step))
    return Snapshot(step, {"networks": {"net/w": weights}, "optimizers": {"net/w#exp_avg": weights + 1}}, {"at": step})


def child(folder: Path, pipe: int, first: int) -> None:
    store = Checkpoints(folder)
    for step in range(first, first + 1000):
        os.write(pipe, step.to_bytes(4, "little"))
        store.save(snapshot(step))


def one_kill(folder: Path, draws: random.Random) -> None:
    store = Checkpoints(folder)
    store.sweep()
    first = (store.last() or 0) + 1
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(folder, writer, first)
    os.close(writer)
    begun = int.from_bytes(os.read(reader, 4), "little")
    time.sleep(draws.uniform(0, 0.03))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while piece := os.read(reader, 4):
        begun = int.from_bytes(piece, "little")
    os.close(reader)
    check(store, begun)


def check(store: Checkpoints, begun: int) -> None:
    """The last one is whole, and it is at most the one before the save that was cut off."""
    store.sweep()
    names = {entry.name for entry in store.folder.iterdir()}
    assert all(name.isdecimal() or name == "last.json" for name in names), names
    last = store.last() or 0
    assert begun - 1 <= last <= begun, (begun, last)
    if last:
        loaded = store.load(last)
        assert loaded.state["at"] == last
        assert torch.equal(loaded.tensors["networks"]["net/w"], snapshot(last).tensors["networks"]["net/w"])
    for step in store.steps():
        store.verify(step)


if __name__ == "__main__":
    torch.set_num_threads(1)
    randomness = random.Random(int(sys.argv[2]))
    for _ in range(int(sys.argv[2])):
        one_kill(Path(sys.argv[1]), randomness)
    print("resumable", sys.argv[2])
