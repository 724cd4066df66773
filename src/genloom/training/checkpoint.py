"""Checkpoints that survive a kill, a full disk and a flipped bit.

CHECKPOINTS/STEP/ holds safetensors and state.json, and a manifest with the SHA-256 of each, written last. A save goes:
write into a hidden folder, fsync, rename to STEP, fsync the parent, point last.json (and best.json) to it, prune.
Whatever interrupts this, the checkpoint that last.json names is whole.
"""

import contextlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import safetensors
import safetensors.torch

from genloom.errors import CheckpointError, InputError
from genloom.training import files, manifest
from genloom.training.method import Networks
from genloom.training.state import Snapshot, copy_all, matched, network_tensors

Which = int | Literal["best", "last"]

_MARGIN = 1 << 20  # headers, JSON and the file system's own needs


@dataclass(frozen=True)
class Best:
    """The evaluation that decided which checkpoint is best: the lowest value of the first metric."""

    step: int
    metric: str
    value: float

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Best | None":
        """The best evaluation up to a snapshot.

        Errors: `CheckpointError` if what it says is not one.
        """
        best = snapshot.state.get("best")
        try:
            return None if best is None else cls(int(best["step"]), str(best["metric"]), float(best["value"]))
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"checkpoint {snapshot.step} says nothing readable of the best evaluation") from error


class Loaded(NamedTuple):
    """Which weights were loaded: step, folder, SHA-256 of its manifest, and whether they are averaged."""

    step: int
    path: Path
    digest: str
    averaged: bool


def load_networks(run: Path, networks: Networks, *, step: Which | None = None, ema: bool = True) -> Loaded:
    """Put a run's weights into `networks` and set them to eval mode.

    step   a saved step, "last" (as None) or "best"
    ema    take the averaged weights where the run has them

    Errors: `CheckpointError` if there is no such checkpoint, it is damaged, or of another model; then nothing changes.
    """
    store = Checkpoints(run / "checkpoints")
    number = store.resolve("last" if step is None else step)
    snapshot = store.load(number)
    averaged = ema and "ema" in snapshot.tensors
    group = "ema" if averaged else "networks"
    copy_all(matched(group, network_tensors(networks), snapshot.tensors.get(group)))
    for network in networks.values():
        network.eval()
    folder = store.path(number)
    return Loaded(number, folder, manifest.digest((folder / manifest.MANIFEST).read_bytes()), averaged)


class Checkpoints:
    """The checkpoints of one run.

    folder   where they lie
    keep     how many of the most recent ones to keep, beside the best
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        if keep < 1:
            raise InputError("engine.keep", keep, "at least 1")
        self.folder, self._keep = folder, keep

    def path(self, step: int) -> Path:
        """Folder of a step's checkpoint."""
        return self.folder / str(step)

    def steps(self) -> list[int]:
        """Steps that have a checkpoint folder, rising."""
        if not self.folder.is_dir():
            return []
        return sorted(int(entry.name) for entry in self.folder.iterdir() if entry.name.isdecimal() and entry.is_dir())

    def last(self) -> int | None:
        """The step that last.json names; without a readable one, the highest that verifies."""
        step = self._pointer("last")
        return step if step is not None and self.path(step).is_dir() else self.last_good()

    def best(self) -> int | None:
        """The step that best.json names."""
        return self._pointer("best")

    def resolve(self, which: Which) -> int:
        """The step of "last", "best" or a number.

        Errors: `CheckpointError` that says which there are.
        """
        step = {"last": self.last, "best": self.best}[which]() if isinstance(which, str) else which
        if step is None or not self.path(step).is_dir():
            there = ", ".join(map(str, self.steps())) or "none"
            raise CheckpointError(f"{self.folder} has no checkpoint {which!r}; there are: {there}")
        return step

    def verify(self, step: int) -> None:
        """Compare every bit of a checkpoint with its manifest.

        Errors: `CheckpointError` that names the damaged file.
        """
        manifest.read_verified(self.path(step))

    def last_good(self, below: float = float("inf")) -> int | None:
        """The highest step under `below` whose checkpoint verifies."""
        for step in reversed(self.steps()):
            if step < below and self._is_good(step):
                return step
        return None

    def load(self, step: int) -> Snapshot:
        """A checkpoint, verified, as tensors on the CPU.

        Errors: `CheckpointError` that names the damage and the last good checkpoint.
        """
        try:
            return _decode(step, manifest.read_verified(self.path(step)))
        except CheckpointError as error:
            good = self.last_good(below=step)
            offer = "no earlier one is whole" if good is None else f"the last good one is {good}: --checkpoint {good}"
            raise CheckpointError(f"{error}; {offer}") from error

    def save(self, snapshot: Snapshot, best: Best | None = None) -> Path:
        """Write a checkpoint, point to it, and prune; the old ones are whole until the new one is.

        Errors: `DiskFullError` before or while writing; what was there stays.
        """
        needed = snapshot.bytes() + _MARGIN
        files.require_room(self.folder, needed)
        temporary = self.folder / f".saving-{snapshot.step}"
        try:
            with files.explain_full_disk(self.folder, needed):
                _write(temporary, _encode(snapshot))
                self._publish(temporary, self.path(snapshot.step))
                self.point("last", {"step": snapshot.step})
                if best is not None:
                    self.point("best", asdict(best))
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self._prune(snapshot.step)
        return self.path(snapshot.step)

    def point(self, name: Literal["last", "best"], body: dict[str, object]) -> None:
        """Name a checkpoint the last or the best."""
        files.write_atomically(self.folder / f"{name}.json", manifest.seal(body))

    def sweep(self) -> None:
        """Make the folder, and clear what an interrupted save left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob(".replaced-*"):
            target = self.path(int(old.name.rpartition("-")[2]))
            if not target.exists():
                files.rename(old, target)
        for kind in (".saving-*", ".replaced-*", ".pruned-*"):
            for debris in self.folder.glob(kind):
                shutil.rmtree(debris, ignore_errors=True)
        for debris in self.folder.glob(".*.tmp"):
            debris.unlink(missing_ok=True)

    def _publish(self, temporary: Path, target: Path) -> None:
        replaced = self.folder / f".replaced-{target.name}"
        if target.exists():  # the run was taken back to an earlier step
            files.rename(target, replaced)
        files.rename(temporary, target)
        shutil.rmtree(replaced, ignore_errors=True)

    def _prune(self, newest: int) -> None:
        steps = self.steps()
        recent = [step for step in steps if step <= newest][-self._keep :]
        for step in steps:
            if step not in recent and step != self.best():
                with contextlib.suppress(OSError):  # the new checkpoint is safe; what stays goes at the next start
                    gone = self.path(step).rename(self.folder / f".pruned-{step}")  # no half folder bears a number
                    shutil.rmtree(gone, ignore_errors=True)

    def _is_good(self, step: int) -> bool:
        try:
            self.verify(step)
        except CheckpointError:
            return False
        return True

    def _pointer(self, name: str) -> int | None:
        path = self.folder / f"{name}.json"
        try:
            return int(manifest.unseal(path.read_bytes(), path)["step"])
        except (OSError, CheckpointError, KeyError, TypeError, ValueError):
            return None


def _encode(snapshot: Snapshot) -> dict[str, bytes]:
    encoded = {}
    for name, tensors in snapshot.tensors.items():
        # Cloned, because weights that two layers share would be refused; contiguous, because the format is.
        whole = {key: tensor.detach().to("cpu", copy=True).contiguous() for key, tensor in tensors.items()}
        encoded[f"{name}.safetensors"] = safetensors.torch.save(whole)
    encoded["state.json"] = json.dumps({"step": snapshot.step, **snapshot.state}, indent=1).encode()
    return encoded


def _decode(step: int, encoded: dict[str, bytes]) -> Snapshot:
    try:
        state = json.loads(encoded["state.json"])
        tensors = {name.removesuffix(".safetensors"): safetensors.torch.load(data) for name, data in encoded.items()
                   if name.endswith(".safetensors")}
        if not isinstance(state, dict):
            raise TypeError("state.json is not an object")
    except (KeyError, TypeError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"checkpoint {step} is whole but cannot be read: {error}") from error
    return Snapshot(step, tensors, state)


def _write(folder: Path, encoded: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in encoded.items():
        files.write_bytes(folder / name, data)
    files.write_bytes(folder / manifest.MANIFEST, manifest.describe(encoded))
    files.sync_folder(folder)
